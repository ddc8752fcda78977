"""The fake Paystack."""
