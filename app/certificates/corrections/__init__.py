"""Certificates replaced or revoked, with the holder heard."""
