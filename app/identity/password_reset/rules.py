"""Limits of a password reset: how long a link is valid, and how many are sent."""

from datetime import timedelta

RESET_LIFETIME = timedelta(hours=1)
MAX_RESETS_PER_HOUR = 3
"""Most messages about one account within an hour; more would only fill a mailbox."""
