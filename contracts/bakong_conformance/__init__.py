"""The suites: rules that hold any codec, any Bakong and any payment service to the contract, by commands and URLs."""
