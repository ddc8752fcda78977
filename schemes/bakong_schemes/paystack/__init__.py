"""Paystack: hosted checkout, saved cards, refunds that take their time, webhooks."""
