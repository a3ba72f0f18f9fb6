"""PostgreSQL: column types, rows, the session, transactions, the embedded server."""
