"""Simulator and service in processes of ours: ports, TLS, data folder, launching. Must not depend on cli or devkit."""
