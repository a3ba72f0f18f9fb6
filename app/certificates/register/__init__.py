"""Certificates found, read and verified."""
