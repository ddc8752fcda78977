"""Behind `record` and `drift`: taking cassettes of a real Bakong, and playing their situations in a world."""
