"""What the service asks it with."""
