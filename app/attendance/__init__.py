"""The calendar of a cohort, its roll calls and catch-ups, and the facts that progress is computed from."""
