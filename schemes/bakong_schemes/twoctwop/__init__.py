"""2C2P's payment gateway API 4.3: a sketch, behind `experimental`. README.md says what is known and what is not."""
