"""Codevelopment: groups, sessions with roles and rotation, records of presence and turns; no content (BR-11)."""
