"""The ports fulfilled: storage, Bakong and webhooks over HTTP, the system clock. One knows nothing of another."""
