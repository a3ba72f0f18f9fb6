"""Certificates issued in batches, and the archive of a batch."""
