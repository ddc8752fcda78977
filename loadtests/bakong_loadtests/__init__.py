"""The go-live check: load, limits, and a verdict on any service with our API. Talks HTTP; knows no server's inside."""
