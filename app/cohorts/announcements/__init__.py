"""Announcements of a coordinator to a cohort: previewed as its people will read them, sent once, kept for a year."""
