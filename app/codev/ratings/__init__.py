"""Ratings of a session's usefulness, climate and method: anonymous within the group (docs/decisions/0044)."""
