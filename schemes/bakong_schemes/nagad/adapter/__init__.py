"""Nagad as the service asks it."""
