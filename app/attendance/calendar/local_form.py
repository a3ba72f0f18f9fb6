"""What a form of a session asks, at the moment that it types on the clock of its venue, else of its cohort (BR-30)."""

from collections.abc import Callable
from typing import TypeVar

from app.attendance.calendar.rules import at_local
from app.attendance.calendar.schemas import LocalMoment
from app.attendance.calendar.service import WithClock, zone_at
from app.network.venues.schemas import VenueAddress
from app.platform.database.session import Session
from app.platform.errors import refuse_unless
from app.platform.schema import Command
from app.platform.web.forms import form_errors

Asked = TypeVar("Asked", bound=Command)


def command_at(
    db: Session, of: WithClock, form: LocalMoment, command: Callable[..., Asked], *, kept: VenueAddress | None = None
) -> Asked:
    """Return the command that a form of a session of a cohort, or of a group, makes.

    ``kept``: the venue that the session has. Raises ``Invalid`` for an hour that does not exist, or that comes twice
    while none of the two is chosen; for a venue that is not offered.
    """
    zone = zone_at(db, of, form.venue_id, kept=kept.id if kept is not None else None)
    starts_at, reasons = at_local(form.day, form.clock, zone, second=form.is_second)
    refuse_unless(*reasons, code="invalid")
    with form_errors():
        return command(starts_at=starts_at, **form.model_dump(exclude=LocalMoment.TYPED))
