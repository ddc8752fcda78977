"""Omise as the service asks it."""
