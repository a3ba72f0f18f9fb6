"""Roles granted to people in a college, a cohort, a group or a project."""
