"""LINE Pay's online API v3: a sketch, behind `experimental`. README.md says what is known and what is not."""
