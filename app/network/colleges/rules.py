"""Pure rules of colleges: the time zones of Quebec."""

from zoneinfo import available_timezones

from app.platform.errors import Reason

QUEBEC_ZONES = ("America/Toronto", "America/Halifax", "America/Blanc-Sablon")
"""The time zones in use in Quebec: most of it, the Îles-de-la-Madeleine, the east of the Basse-Côte-Nord (BR-30)."""

LATE_JOIN_PCT, GRACE_HOURS = 25, 48
"""What a college asks of its cohorts unless it chooses: to join by a quarter of the calendar, two days (S1, S2)."""

ENTRY_NOTICE_DAYS, MOST_NOTICE_DAYS = 3, 30
REVIEW_DAYS, MOST_REVIEW_DAYS = 10, 60
"""How many days before someone enters a codevelopment group that has begun its members are told (S2)."""

MOST_GRACE_HOURS = 720
"""The longest grace period: thirty days."""


def zone_reasons(timezone: str) -> list[Reason]:
    """Return why a text is no time zone: the IANA database does not have it."""
    if timezone in available_timezones():
        return []
    return [Reason("unknown_timezone", {"timezone": timezone}, "timezone")]


def zones_offered(current: str | None = None) -> tuple[str, ...]:
    """Return the time zones that a form offers: Quebec's, and the one in use when it is another."""
    return QUEBEC_ZONES if current is None or current in QUEBEC_ZONES else (*QUEBEC_ZONES, current)
