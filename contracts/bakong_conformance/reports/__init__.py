"""What reports look like: the terminal, JUnit XML, JSON, and HTML pages that need nothing else."""
