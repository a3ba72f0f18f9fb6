"""The texts of messages, and of the sessions that their e-mails carry, in the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from app.notifications.enums import Kind
from app.notifications.schemas import SessionEntry
from app.platform.documents.calendar_file import CalendarEntry
from app.platform.messages.i18n import QUEBEC, clock, day, display_params, local, t, zone_name


def title(kind: Kind, params: Mapping[str, object]) -> str:
    """Return the title of a message, which is the subject of its e-mail."""
    return t(f"message.title.{kind.value}", **_shown(params))


def body(kind: Kind, params: Mapping[str, object]) -> str:
    """Return the text of a message, also that of its e-mail."""
    return t(f"message.body.{kind.value}", **_shown(params))


def _shown(params: Mapping[str, object]) -> dict[str, object]:
    """Return parameters in display form: moments in their zone, states, modes and kinds by their names.

    The sessions of a series have a line each. A session that moves to another zone names both; one without a place is
    held in its mode: online.
    """
    zone = str(params.get("timezone", QUEBEC.key))
    was_zone = str(params.get("was_timezone", zone))
    shown = display_params(params)
    for name, value in params.items():
        if name == "sessions" and isinstance(value, list):
            shown[name] = "\n".join(t("message.session_of_series", **_shown(one)) for one in value)
        elif name.endswith("_at") and isinstance(value, str):
            at = datetime.fromisoformat(value)
            shown[name] = moment(at, was_zone if name == "was_at" else zone, named=was_zone != zone)
        elif name == "mode":
            shown[name] = t(f"mode.{value}")
            shown["place"] = params.get("place") or shown[name]
        elif name == "state":
            shown[name] = t(f"state.{value}")
        elif name == "certificate_kind":
            shown[name] = t(f"kind.{value}")
    return shown


def moment(at: datetime, zone: str, *, named: bool = False) -> str:
    """Return a moment in words, ``27 novembre 2026, 13 h``; with the zone's name where it is not Quebec's usual one,
    or where it must be ``named``.
    """
    words = f"{day(local(at, zone).date())}, {clock(at, zone)}"
    return words if zone == QUEBEC.key and not named else f"{words} ({zone_name(zone)})"


def calendar_entry(session: SessionEntry, site: str) -> CalendarEntry:
    """Return the entry of a session in a calendar: nobody's name, no reason and no group stands in it."""
    lines = [session.cohort, t(f"mode.{session.mode}")]
    if session.link is not None:
        lines.append(t("calendar.join", link=session.link))
    return CalendarEntry(
        uid=calendar_uid(f"{session.kind.value}-{session.id}", site),
        sequence=session.sequence,
        changed_at=session.changed_at,
        summary=t(f"calendar.summary.{session.kind.value}", title=session.title),
        starts=session.starts_at,
        zone=session.timezone,
        minutes=session.planned_minutes,
        location=session.location,
        description="\n".join(lines),
        url=site + session.page,
        is_cancelled=session.is_cancelled,
    )


def calendar_uid(unit: str, site: str) -> str:
    """Return the unique id of an entry, the same in every calendar of the site: ``session-12@alma.example.com``."""
    return f"{unit}@{urlsplit(site).hostname or 'escouade'}"
