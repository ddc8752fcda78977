"""Stripe: payment intents by card, refunds, hosted checkout, disputes, and signed webhooks."""
