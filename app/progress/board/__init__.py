"""The board of a cohort: the progress of everyone in it."""
