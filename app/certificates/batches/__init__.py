"""Certificates issued in bulk, and the archive of a batch."""
