"""Certificates: a frozen record, its number, and everything that is made of it."""
