"""Bakong's own: the Open API's calls, tokens, limits, codes and transactions."""
