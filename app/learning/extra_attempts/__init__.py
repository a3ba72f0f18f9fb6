"""Attempts at an assessment that a coordinator opens beyond the first two."""
