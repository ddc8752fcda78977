"""What developers hold their own code against: pytest plugin, strategies, redirect, cassettes, the go-live check.

Must not depend on cli. Imports nothing: the pytest plugin is loaded in every run of its users' tests.
"""
