"""The payment schemes, one folder each. None knows another; the simulator and the service know none of them."""
