"""The database: one port, two adapters (SQLite, PostgreSQL), and plain functions over a SQLAlchemy connection."""
