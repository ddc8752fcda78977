"""Storage in SQL: SQLite with one writer thread, or PostgreSQL. May not know what the rows are good for."""
