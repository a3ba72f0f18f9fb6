"""Bringing a list of people into a cohort: read, checked row by row, then invited, all rows or none."""
