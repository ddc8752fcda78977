"""What the pytest plugin offers, loaded when a test asks for it."""
