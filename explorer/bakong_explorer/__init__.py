"""The explorer: the whole service on a deterministic event loop, with everything breaking, one life for each seed."""
