"""The parts that every simulated scheme shares: time, randomness, money, payments, scripts, journals, worlds."""
