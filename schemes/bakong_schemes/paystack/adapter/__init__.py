"""Paystack as the service asks it."""
