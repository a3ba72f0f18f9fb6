"""Cohorts pinned to a published version of a path."""
