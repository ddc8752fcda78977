"""A described API as a provider of the service. It must not import the fake."""
