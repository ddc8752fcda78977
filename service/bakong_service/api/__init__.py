"""The HTTP API over the use cases. May not know how the ports are fulfilled."""
