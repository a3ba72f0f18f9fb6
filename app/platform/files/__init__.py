"""Stored files, each named by the SHA-256 of its content: in a folder, or in a bucket of an S3-compatible store."""
