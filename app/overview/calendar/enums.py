"""What a calendar shows, and how."""

from enum import StrEnum


class AgendaKind(StrEnum):
    """What an entry of a calendar is: a cohort's session, a codevelopment session, or the last day of a module."""

    SESSION = "session"
    CODEV = "codev"
    DUE = "due"


class Span(StrEnum):
    """How much of a calendar a page shows at a time."""

    WEEK = "semaine"
    MONTH = "mois"
