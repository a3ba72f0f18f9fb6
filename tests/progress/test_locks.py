"""Writers that lock the same enrolments, each in its own way: all end, and no fact is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from app.accompaniment.field_hours.models import FieldHours
from app.accompaniment.field_hours.schemas import CountersignCommand
from app.accompaniment.field_hours.service import countersign_all, see_hours
from app.attendance.calendar import service as calendar
from app.attendance.roll_calls import service as roll_calls
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enums import EnrolmentState
from app.cohorts.schemas import ApplicationsOpen
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from app.progress.service import mismatches
from tests.factories.cohorts import applied, attendance, meeting, move
from tests.factories.network import PARTICIPANTS, World, acting

ROUNDS = 3


def declared(database: Database, world: World) -> list[int]:
    """Field hours of everyone, last enrolment first."""
    ids = []
    for who in reversed(PARTICIPANTS):
        row = FieldHours(
            college_id=world.alma, enrolment_id=world.enrolments[who], activity_code="GEN-8.A", minutes=15,
            worked_on=today(), declared_at=now(), declared_by=world.people[who],
        )  # fmt: skip
        with database.transaction(colleges=[world.alma]) as db:
            db.add(row)
            db.flush()
            ids.append(row.id)
    return ids


def accept(database: Database, world: World, ids: list[int]) -> None:
    """Everyone's hours, countersigned together."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.HOURS_COUNTERSIGN)
        hours = [see_hours(db, actor, i) for i in ids]
        countersign_all(db, actor, hours, CountersignCommand(accepted=True))


def call(database: Database, world: World, session_id: int) -> None:
    """The roll of the whole cohort, last enrolment first."""
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        ref = calendar.see_session(db, actor, session_id)
        on_the_roll = sorted((e.enrolment_id for e in roll_calls.sheet(db, ref).entries), reverse=True)
        entries = tuple(EntryCommand(enrolment_id=i, status="present", minutes=60, mode="onsite") for i in on_the_roll)
        roll_calls.close_roll_call(db, actor, ref, RollCallCommand(entries=entries))


def start(database: Database, world: World) -> None:
    """Whoever is admitted becomes active."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        enrolments.start(db, actor, cohorts.see_cohort(db, actor.using(P.COHORT_READ), world.cohort))


def set_applications(database: Database, world: World, command: ApplicationsOpen) -> None:
    """A change of the cohort, which folds everyone again."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.COHORT_MANAGE)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        cohorts.set_applications(db, cohort, is_open=command.is_open)


def test_writers_that_lock_the_same_enrolments_all_end(database: Database, world: World) -> None:
    newcomer = applied(database, world)
    move(database, world, newcomer, EnrolmentState.ADMITTED)
    for turn in range(ROUNDS):
        ids, session_id = declared(database, world), meeting(database, world, days=1 + turn)
        together = Barrier(4)
        writers: tuple[Callable[[], None], ...] = (
            lambda ids=ids: accept(database, world, ids),  # type: ignore[misc]
            lambda session_id=session_id: call(database, world, session_id),  # type: ignore[misc]
            lambda: start(database, world),
            lambda turn=turn: set_applications(database, world, ApplicationsOpen(is_open=bool(turn % 2))),  # type: ignore[misc]
        )

        def run(write: Callable[[], None], together: Barrier = together) -> None:
            together.wait(timeout=30)
            write()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(run, writers))
    with database.transaction(colleges=[world.alma]) as db:
        assert mismatches(db) == []
        assert {attendance(db)[world.enrolments[who]][0] for who in PARTICIPANTS} == {60 * ROUNDS}
