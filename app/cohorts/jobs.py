"""Background work on cohorts: overdue offers end, and free seats are offered to those who wait."""

from app.cohorts.waitlist.filling import FILL

JOBS = (FILL,)
