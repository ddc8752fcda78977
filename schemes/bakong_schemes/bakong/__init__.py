"""Bakong, Cambodia's payment system: the tables of its Open API, its fake, its adapter, its scripts."""
