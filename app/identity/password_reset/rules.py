"""Pure rules about letters that open something: how long their link serves, and what became of it."""

from datetime import timedelta

RESET_LASTS = timedelta(hours=1)
RESETS_IN_AN_HOUR = 3
"""Letters about one password within an hour; more would only fill someone's mailbox."""
