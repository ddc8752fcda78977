"""What the service does, each in a file: over the ports, under the API. Must not depend on HTTP or SQL."""
