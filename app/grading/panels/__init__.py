"""Panels: one to three named assessors who each record a level (S5): a review, a committee, a double assessment."""
