"""Certificates as Open Badges 3.0 credentials: the college's keys, its DID document, its status list."""
