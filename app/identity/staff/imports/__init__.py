"""Bringing a list of new staff into a college: read, checked row by row, then invited to their roles, all or none."""
