"""PostgreSQL: column types, rows, the session, the transaction and its commit boundary, the embedded server."""
