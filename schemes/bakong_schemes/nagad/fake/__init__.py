"""Nagad as the simulator plays it."""
