"""Sessions that change, and the calendar files that e-mails about them carry."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import icalendar
import vobject

from app.attendance.calendar import changes
from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import CancelCommand, ChangeSession
from app.cohorts import service as cohorts
from app.notifications.enums import SessionKind
from app.notifications.letters import write_letters
from app.notifications.schemas import SessionEntry
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories.network import World, acting
from tests.factories.outbox import deliver


def change(database: Database, world: World, session_id: int, **values: object) -> None:
    """Move a session as the coordinator."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        session = calendar.see_session(db, actor, session_id)
        same = session.model_dump(include={"sequence", "starts_at", "planned_minutes", "mode", "place"})
        command = ChangeSession.model_validate({**same, "reason": "Tempête chez Maude.", **values})
        changes.change(db, actor, cohorts.see_cohort(db, actor, world.cohort), session, command)


def cancel(database: Database, world: World, session_id: int) -> None:
    """Cancel a session as the coordinator."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        calendar.cancel(
            db, actor, calendar.see_session(db, actor, session_id), CancelCommand(reason="Grippe de Karim.")
        )


def session_entry(**more: object) -> SessionEntry:
    """Return a session of three hours as a message about it carries it."""
    values = {
        "kind": SessionKind.SESSION, "id": 1, "title": "Atelier", "code": "GEN-1.B", "cohort": "G",
        "starts_at": datetime(2027, 3, 15, 13, tzinfo=UTC), "planned_minutes": 180, "timezone": "America/Toronto",
        "mode": "onsite", "location": "Salle 12", "sequence": 0, "changed_at": datetime(2026, 11, 1, tzinfo=UTC),
        "is_cancelled": False, "page": "/seances/1",
    }  # fmt: skip
    return SessionEntry.model_validate({**values, **more})


def letters_to(database: Database, settings: Settings, address: str) -> list[EmailMessage]:
    """Have the worker write and send what is due; return the e-mails that someone got so far, in order."""
    write_letters(database, settings)
    deliver(database, settings)
    sent = [message_from_bytes(p.read_bytes(), policy=default) for p in sorted((settings.data_dir / "mail").glob("*"))]
    return [message for message in sent if message["to"] == address]


def carried(message: EmailMessage) -> Any:
    """Return the only entry of the calendar file of an e-mail, which both libraries read without complaint."""
    [part] = message.iter_attachments()
    return entry_of_file(part)


def entry_of_file(part: EmailMessage) -> Any:
    """Return the only entry of an attached calendar file, which both libraries read without complaint."""
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    calendar = vobject.readOne(content.decode())
    assert calendar.validate(raiseException=True)
    file = icalendar.Calendar.from_ical(content)
    assert not file.errors
    assert file["method"] == part["content-type"].params["method"]
    [event] = file.events
    assert not event.errors
    described = {str(zone["tzid"]) for zone in file.timezones}
    for key in ("dtstart", "dtend"):
        assert event[key].params.get("TZID", "UTC") in described | {"UTC"}, "a zone comes with its clock changes"
        by_vobject = calendar.vevent.contents[key][0].value
        assert event.decoded(key).astimezone(UTC) == by_vobject.astimezone(UTC)
    return event
