"""Codevelopment: groups, sessions with roles and rotation, and records of who was there; never what was said."""
