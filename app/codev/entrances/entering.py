"""The day of an entrance: whoever was announced enters, unless the rules of the group no longer let them in (BR-10)."""

from datetime import timedelta

from sqlmodel import col, select

from app.codev.entrances.enums import Outcome
from app.codev.entrances.models import CodevEntrance
from app.codev.entrances.notices import tell_called_off
from app.codev.groups.models import CodevGroup
from app.codev.groups.service import check_joining, enter, reference
from app.cohorts.models import Cohort
from app.cohorts.service import require_not_ended
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Invalid
from app.platform.messages.i18n import local


def enter_groups(database: Database) -> None:
    """Let everyone enter whose day has come, where their cohort is; each in a transaction of its own."""
    tomorrow = now().date() + timedelta(days=1)
    with database.as_owner() as db:
        statement = select(CodevEntrance.id).where(
            col(CodevEntrance.ended_at).is_(None), CodevEntrance.enters_on <= tomorrow
        )
        ids = db.exec(statement.order_by(col(CodevEntrance.id))).all()
    for entrance_id in ids:
        _enter(database, entrance_id)


def _enter(database: Database, entrance_id: int) -> None:
    with database.as_owner() as db:
        row = db.get_one(CodevEntrance, entrance_id, with_for_update={"key_share": True})
        group = db.get_one(CodevGroup, row.group_id)
        cohort = db.get_one(Cohort, group.cohort_id)
        if row.ended_at is not None or row.enters_on > local(now(), cohort.timezone).date():
            return
        row.ended_at, row.outcome = now(), Outcome.ENTERED
        db.add(row)
        db.flush()  # from here on, they are no longer about to enter a group
        ref = reference(group, cohort, inside=False)
        try:
            require_not_ended(cohort)
            candidate = check_joining(db, ref, row.enrolment_id)
        except (Conflict, Invalid):
            candidate = None
        if candidate is not None:
            enter(db, ref, candidate, row.enters_on)
        else:
            row.outcome = Outcome.REFUSED
            db.add(row)
            db.flush()
            tell_called_off(db, row)
