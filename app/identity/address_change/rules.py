"""Limits of a change of address: how long its link is valid, and how many letters it may send."""

from datetime import timedelta

CHANGE_LIFETIME = timedelta(hours=24)
MAX_CHANGES_PER_DAY = 5
"""Most letters of one account within a day: each goes to an address that nobody has proved yet."""
