"""How the service runs, for its administrator: checks, background jobs, letters, the hash chain, files, settings."""
