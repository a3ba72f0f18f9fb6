"""The calendar of a cohort, roll calls and catch-ups, and the facts they give to progress."""
