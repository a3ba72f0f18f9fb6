"""The page of a cohort, with its board."""
