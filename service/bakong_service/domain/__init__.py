"""The rules, as values and pure functions. Must not depend on storage or the network."""
