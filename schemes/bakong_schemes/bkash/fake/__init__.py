"""The fake of its API, for the simulator."""
