"""Who looked at a person's file, for that person."""
