"""The harness behind `verify`: it starts what a suite needs and writes the reports. The suites judge."""
