"""Stripe as the service asks it."""
