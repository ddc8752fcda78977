"""What the service does, each in a file: over the ports, under the API. May not know of HTTP or SQL."""
