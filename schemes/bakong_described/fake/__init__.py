"""The fake of a described API, for the simulator. It must not import the adapter."""
