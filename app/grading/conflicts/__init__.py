"""Interests that people declare for a term, and the work that they keep them from judging (BR-13, S6)."""
