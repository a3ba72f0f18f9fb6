"""Prerequisites and states for tests of learning, and the results that they check."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from app.attendance.catch_ups.models import CatchUp
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.curricula.enums import ActivityType
from app.curricula.library import default_library
from app.learning.activities.models import ActivityCompletion
from app.learning.hand_ins.models import HandIn
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.errors import DomainError
from app.platform.security.permissions import P
from app.progress.path.service import progress_of
from app.progress.schemas import ActivityProgress
from app.progress.service import mismatches
from tests.factories.network import STARTED, World, acting, count

GENERALIST = default_library().curriculum("generaliste", "1.0")
TABLES = ("activity_completion", "hand_in", "field_hours", "countersignature")


def row_counts(database: Database, world: World) -> dict[str, int]:
    """Return the number of rows of learning's tables in both colleges."""
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        return {table: count(db, table) for table in TABLES}


def complete_prerequisites(database: Database, world: World, *people: str) -> None:
    """Complete the modules that GEN-8 requires, for Maude or for these people."""
    for who in people or ("maude",):
        with database.transaction(colleges=[world.alma]) as db:
            for code in ("GEN-1", "GEN-3", "GEN-4", "GEN-6"):
                for activity in GENERALIST.module(code).activities:
                    _record_done(db, world, who, activity.code, activity.type)


def _record_done(db: Session, world: World, who: str, code: str, kind: ActivityType) -> None:
    enrolment: dict[str, Any] = {"college_id": world.alma, "enrolment_id": world.enrolments[who], "activity_code": code}
    person = world.people[who]
    if kind is ActivityType.self_study:
        db.add(ActivityCompletion(**enrolment, done=True, done_on=STARTED, recorded_at=now(), recorded_by=person))
    elif kind is ActivityType.assessment:
        db.add(HandIn(**enrolment, attempt=1, body="Fait.", received_at=now(), received_from=person))
    else:
        first = CatchUp(**enrolment, minutes=120, due_on=STARTED, recorded_at=now(), recorded_by=person)
        db.add(first)
        db.flush()
        db.add(
            CatchUp(
                **enrolment,
                minutes=120,
                due_on=STARTED,
                done_on=STARTED,
                recorded_at=now(),
                recorded_by=person,
                supersedes_id=first.id,
            )
        )


def set_state(database: Database, world: World, state: EnrolmentState, who: str = "maude") -> None:
    """Set the state of an enrolment directly, without the moves that lead to it."""
    with database.transaction(colleges=[world.alma]) as db:
        row = db.exec(select(Enrolment).where(Enrolment.id == world.enrolments[who])).one()
        row.state = state
        db.add(row)


def activity_progress(database: Database, world: World, code: str, who: str = "maude") -> ActivityProgress:
    """Return the stored progress of an activity, checked against its facts."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.PROGRESS_READ)
        progress = progress_of(db, see_enrolment(db, actor, world.enrolments[who])).activity(code)
    with database.transaction(colleges=[world.alma]) as db:
        assert mismatches(db) == []
    return progress


def refusal(action: Callable[[], object]) -> tuple[str, list[str]]:
    """Return the code of the error that an action raises, and the codes of its reasons."""
    with pytest.raises(DomainError) as raised:
        action()
    return raised.value.code, [r.code for r in raised.value.reasons]
