"""Journals put to use: exported as HAR, held to expectations, replayed."""
