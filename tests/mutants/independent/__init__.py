"""A payment service that knows nothing of the harness's rules: Flask, SQLite, a worker thread, its own words."""
