"""Omise as the simulator plays it."""
