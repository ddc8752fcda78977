"""The HTTP API over the use cases. Must not depend on the adapters."""
