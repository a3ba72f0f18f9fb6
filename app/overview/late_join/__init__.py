"""The catch-up list of someone who joined late: every module and session passed, and what catches up each (S2)."""
