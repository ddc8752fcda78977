"""The rules, as values and pure functions. May not know of time's source, storage or the network."""
