"""Reminders: tomorrow's session and late work, once each, however often the worker looks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.attendance.calendar import changes
from app.attendance.calendar import service as calendar
from app.attendance.calendar.notices import remind
from app.attendance.calendar.rules import is_to_remind
from app.attendance.calendar.schemas import ChangeSession
from app.codev.groups.service import see_group
from app.codev.sessions import service as codev_sessions
from app.codev.sessions.changes import change_session
from app.codev.sessions.notices import remind as remind_of_codev_sessions
from app.codev.sessions.schemas import ChangeCodevSession
from app.cohorts import service as cohorts
from app.curricula.enums import Mode
from app.platform.clock import at
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from app.progress.risk.reminders import remind_of_late_work
from tests.factories.calendars import carried, letters_to
from tests.factories.codev import create_group, plan_session
from tests.factories.grading import hand_in
from tests.factories.network import PARTICIPANTS, STARTED, World, acting
from tests.factories.notifications import forget_messages, inbox
from tests.notifications.test_events import cancel, session_to_come

MONTREAL = ZoneInfo("America/Toronto")


def run(database: Database, job: Callable[[Session], None], moment: datetime, *, times: int = 3) -> None:
    """Run a job several times at a moment, as the owner."""
    for _ in range(times):
        with at(moment), database.as_owner() as db:
            job(db)


def of_day(day: date, hour: int) -> datetime:
    """Return an hour of a day in Quebec."""
    return datetime.combine(day, time(hour), MONTREAL)


def reminders(database: Database, world: World, who: str) -> int:
    """Return how many reminders of a session someone has."""
    return sum(title.startswith("Demain : ") for title in inbox(database, world, who))


@pytest.mark.parametrize(
    ("at_hour", "due"), [("2026-11-26 08:59", False), ("2026-11-26 09:00", True), ("2026-11-27 09:00", False)]
)
def test_a_session_is_reminded_of_during_the_day_before(at_hour: str, due: bool) -> None:
    moment = datetime.fromisoformat(at_hour).replace(tzinfo=MONTREAL)
    assert is_to_remind(datetime(2026, 11, 27, 18, tzinfo=UTC), "America/Toronto", moment) is due


def test_a_session_near_midnight_is_of_the_day_of_its_own_zone() -> None:
    starts_at = datetime(2026, 11, 28, 4, 30, tzinfo=UTC)
    moment = datetime(2026, 11, 26, 15, tzinfo=UTC)
    assert is_to_remind(starts_at, "America/Toronto", moment)
    assert not is_to_remind(starts_at, "America/Halifax", moment)


def test_everyone_is_reminded_once_of_a_session_and_anew_when_it_moves(database: Database, world: World) -> None:
    session = session_to_come(database, world)
    forget_messages(database)
    run(database, remind, of_day(today(), 10))
    assert [reminders(database, world, who) for who in (*PARTICIPANTS, "trainer", "nobody")] == [1, 1, 1, 1, 1, 0]
    with at(of_day(today(), 11)), database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        cohort, ref = cohorts.see_cohort(db, actor, world.cohort), calendar.see_session(db, actor, session)
        given = {"planned_minutes": ref.planned_minutes, "mode": ref.mode, "sequence": ref.sequence}
        later = ref.starts_at + timedelta(hours=1)
        changes.change(db, actor, cohort, ref, ChangeSession(starts_at=later, reason="Salle prise.", **given))
    run(database, remind, of_day(today(), 12))
    assert reminders(database, world, "maude") == 2


def test_worker_that_dies_before_its_commit_tells_nobody_and_the_next_one_tells_each_once(
    database: Database, world: World
) -> None:
    """The connection ends as that of a killed process does, after its messages were written; two others then begin."""
    session_to_come(database, world)
    forget_messages(database)
    moment = of_day(today(), 10)

    def die() -> None:
        with at(moment), database.as_owner() as db:
            remind(db)
            own = db.execute(text("select count(*), pg_backend_pid() from notification")).one()
            assert own[0] == len(PARTICIPANTS) + 1
            with database.engine.connect() as other:
                other.execute(text("select pg_terminate_backend(:process, 5000)"), {"process": own[1]})

    with pytest.raises(OperationalError):
        die()
    assert reminders(database, world, "maude") == 0
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda _: run(database, remind, moment, times=1), range(2)))
    assert [reminders(database, world, who) for who in (*PARTICIPANTS, "trainer")] == [1, 1, 1, 1, 1]


def test_a_cancelled_session_is_not_reminded_of(database: Database, world: World) -> None:
    cancel(database, world, session_to_come(database, world))
    run(database, remind, of_day(today(), 10))
    assert reminders(database, world, "maude") == 0


def test_everyone_of_a_group_is_reminded_once_of_its_session_and_anew_when_it_moves(
    database: Database, world: World, settings: Settings
) -> None:
    group = create_group(database, world)
    starts_at = of_day(today() + timedelta(days=1), 13)
    session = plan_session(database, world, group.id, at=starts_at.astimezone(UTC))
    forget_messages(database)
    run(database, remind_of_codev_sessions, of_day(today(), 8))
    assert reminders(database, world, "maude") == 0, "not before nine"
    run(database, remind_of_codev_sessions, of_day(today(), 10))
    told = [reminders(database, world, who) for who in (*PARTICIPANTS, "facilitator", "trainer", "coordinator")]
    assert told == [1, 1, 1, 1, 1, 0, 0]
    with at(of_day(today(), 10)):
        [letter] = letters_to(database, settings, world.emails["maude"])
    entry = carried(letter)
    assert str(entry["uid"]) == f"codev-{session}@testserver"
    assert entry.decoded("dtstart") == starts_at
    assert group.name not in letter.as_string()
    with at(of_day(today(), 11)), database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = codev_sessions.see_codev_session(db, actor, session)
        later = ChangeCodevSession(
            starts_at=starts_at + timedelta(hours=2),
            planned_minutes=120,
            mode=Mode.online,
            reason="weather",
            sequence=0,
        )
        change_session(db, actor, see_group(db, actor, group.id), ref, later)
    run(database, remind_of_codev_sessions, of_day(today(), 12))
    assert reminders(database, world, "maude") == 2


def test_late_work_is_told_once_to_who_has_not_handed_it_in(database: Database, world: World) -> None:
    hand_in(database, world, "karim")
    forget_messages(database)
    due_on = STARTED + timedelta(weeks=2, days=-1)
    run(database, remind_of_late_work, of_day(due_on, 10), times=1)
    assert inbox(database, world, "maude") == []
    run(database, remind_of_late_work, of_day(due_on + timedelta(days=1), 10))
    run(database, remind_of_late_work, of_day(due_on + timedelta(days=3), 10))
    [title] = inbox(database, world, "maude")
    assert title.startswith("En retard : ")
    assert inbox(database, world, "karim") == []


def test_a_worker_that_was_away_for_long_reminds_of_nothing_old(database: Database, world: World) -> None:
    forget_messages(database)
    run(database, remind_of_late_work, of_day(STARTED + timedelta(weeks=60), 10))
    assert inbox(database, world, "maude") == []
