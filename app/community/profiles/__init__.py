"""Profiles of expertise: written by oneself, a draft until consented to, one consent for each audience (BR-25)."""
