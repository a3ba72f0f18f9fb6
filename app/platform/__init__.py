"""What knows no college: the database, the web, security, audit, documents, messages and jobs that every room uses."""
