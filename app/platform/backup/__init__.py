"""Backups: the database's archive, the stored files and a sealed manifest, in a folder; written, verified, restored."""
