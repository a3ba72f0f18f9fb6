"""Calendars of a person and of a cohort: on a page, and as a file that Outlook, Google or Apple calendars follow."""
