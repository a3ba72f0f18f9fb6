"""Invitations: a college's message opens an account or adds a role, once and within days."""
