"""Cohorts, each pinned to a published version of a path, and the enrolments of the people who follow them."""
