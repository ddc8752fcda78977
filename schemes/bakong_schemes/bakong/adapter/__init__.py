"""Bakong as a provider of the payment service: client, pace, settings. Must not depend on the fake."""
