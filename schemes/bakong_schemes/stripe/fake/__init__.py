"""The fake Stripe, as the simulator plays it."""
