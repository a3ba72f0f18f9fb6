"""Pure rules of preparation sheets: until when one may be written, and whether it came in time."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.platform.errors import Reason


def due_on(starts_at: datetime, zone: str) -> date:
    """Return the last day on which a sheet is in time: the eve of the session, where it takes place."""
    return starts_at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)


def is_late(submitted_at: datetime, starts_at: datetime, zone: str) -> bool:
    """Whether a sheet came after the eve of its session; the group may read it all the same."""
    return submitted_at.astimezone(ZoneInfo(zone)).date() > due_on(starts_at, zone)


def sheet_reasons(starts_at: datetime, at: datetime, *, cancelled: bool) -> list[Reason]:
    """Return why a sheet can no longer be written: the session is cancelled, or has begun."""
    if cancelled:
        return [Reason("sheet_session_cancelled")]
    return [Reason("sheet_session_begun")] if at >= starts_at else []
