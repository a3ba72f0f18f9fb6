"""Certificates replaced or revoked, once the holder could answer."""
