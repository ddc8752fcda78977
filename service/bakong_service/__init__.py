"""A payment core: makes KHQR payments, watches them, keeps subscriptions, tells the main backend. Knows no simulator.

domain <- ports <- usecases <- (api | adapters | settings) <- app
"""
