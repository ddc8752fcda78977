"""Storage in SQL: SQLite with one writer thread, or PostgreSQL."""
