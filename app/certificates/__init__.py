"""Certificates: a frozen record, its number, and the documents and credentials made from it."""
