"""What is independent of any college: the database, the web layer, security, audit, documents, messages and jobs."""
