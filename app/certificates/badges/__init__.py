"""Certificates as Open Badges 3.0 credentials: the college's signing keys, its DID document, its status lists."""
