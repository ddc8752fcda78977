"""The command line and the pytest plugin: the one place that knows both the simulator and the service."""
