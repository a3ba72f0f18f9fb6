"""Services of attendance on a real database: roll calls, cancellations, joining late, catch-ups."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier

import pytest
from sqlmodel import select

from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import CancelCommand, NewSession
from app.attendance.catch_ups import service as catch_ups
from app.attendance.catch_ups.schemas import CatchUpCommand, CatchUpDone
from app.attendance.roll_calls import service as roll_calls
from app.attendance.roll_calls.history import history
from app.attendance.roll_calls.models import RollCall
from app.attendance.roll_calls.schemas import EntryCommand, PastRollCallsApiQuery, RollCallCommand
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enums import CohortState, EnrolmentState
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, DomainError, Invalid
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from app.progress.models import ProgressRow
from app.progress.service import mismatches
from tests.factories.cohorts import applied, attendance, called, meeting, move, set_state
from tests.factories.network import PARTICIPANTS, STARTED, World, acting
from tests.factories.statements import recorded_statements

S = EnrolmentState


# Roll calls -------------------------------------------------------------------------------------


def close(database: Database, world: World, session_id: int, **change: object) -> int:
    """Close a roll call with everyone present for 60 minutes and other changes; return its id."""
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        ref = calendar.see_session(db, actor, session_id)
        entries = tuple(
            EntryCommand(enrolment_id=e.enrolment_id, status="present", minutes=60)
            for e in roll_calls.sheet(db, ref).entries
        )
        command = RollCallCommand.model_validate({"entries": entries, **change})
        closed = roll_calls.close_roll_call(db, actor, ref, command)
        assert closed.roll_call_id is not None
        return closed.roll_call_id


def test_corrected_roll_call_supersedes_the_first_and_is_the_one_counted(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    first = called(database, world, session_id, absent=("karim",))
    karim, maude = world.enrolments["karim"], world.enrolments["maude"]
    with database.transaction(colleges=[world.alma]) as db:
        assert (attendance(db)[karim], attendance(db)[maude]) == ((0, 180), (180, 180))
    second = close(database, world, session_id, supersedes=first, reason="Karim était en ligne.")
    with database.transaction(colleges=[world.alma]) as db:
        assert db.get_one(RollCall, second).supersedes_id == first
        assert (attendance(db)[karim], attendance(db)[maude]) == ((60, 180), (60, 180))
        assert mismatches(db) == []


def test_roll_call_of_an_archived_cohort_is_refused_before_anything_is_written(
    database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    set_state(database, world, CohortState.ARCHIVED)
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        ref = calendar.see_session(db, actor, session_id)
        nobody = roll_calls.sheet(db, ref).model_copy(update={"entries": ()})
        with pytest.raises(Conflict, match="cohort_archived"):
            roll_calls.record_roll_call(db, actor, ref, nobody, RollCallCommand(entries=()))


def test_correction_of_a_superseded_roll_call_is_refused(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    first = called(database, world, session_id)
    second = close(database, world, session_id, supersedes=first, reason="Une erreur.")
    for stale in (None, first, second + 1):
        with pytest.raises(Conflict, match="stale"):
            close(database, world, session_id, supersedes=stale, reason="Une autre.")
    with pytest.raises(Invalid, match="invalid"):
        close(database, world, session_id, supersedes=second)


def test_close_roll_call_corrected_returns_its_sheet_and_reads_it_once(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    first = called(database, world, session_id, absent=("karim",))
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ROLLCALL_RECORD)
        session = calendar.see_session(db, actor, session_id)
        entries = tuple(
            EntryCommand(enrolment_id=line.enrolment_id, status="late", minutes=30 + n, mode="phone")
            for n, line in enumerate(reversed(roll_calls.sheet(db, session).entries))
        )
        command = RollCallCommand(entries=entries, supersedes=first, reason="Une erreur.")
        with recorded_statements(database) as statements:
            sheet = roll_calls.close_roll_call(db, actor, session, command)
        assert sum("FROM enrolment JOIN person" in statement for statement in statements) == 1
        assert sum("FROM roll_call_entry" in statement for statement in statements) == 1
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ROLLCALL_RECORD)
        session = calendar.see_session(db, actor, session_id)
        assert sheet == roll_calls.sheet(db, session)


def test_history_keeps_each_roll_call_with_the_lines_that_it_corrected(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    karim = world.enrolments["karim"]
    first = called(database, world, session_id, absent=("karim",))
    second = close(database, world, session_id, supersedes=first, reason="Tout le monde est parti tôt.")
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        session = calendar.see_session(db, actor, session_id)
        correction, original = history(db, session, PastRollCallsApiQuery()).items
        with recorded_statements(database) as statements:
            newest = history(db, session, PastRollCallsApiQuery(limit=1))
            oldest = history(db, session, PastRollCallsApiQuery(limit=1, after=newest.next))
    assert (newest.items, newest.next, oldest.items, oldest.next) == ((correction,), second, (original,), None)
    assert sum("FROM roll_call_entry" in statement for statement in statements) == 1, "none for the first"
    assert (original.id, original.closed_by, original.reason) == (first, "Théo Formation", None)
    assert (correction.id, correction.reason) == (second, "Tout le monde est parti tôt.")
    assert original.corrected == ()
    lines = {line.enrolment_id: line for line in correction.corrected}
    assert len(lines) == len(PARTICIPANTS)
    before, after = lines[karim].before, lines[karim].after
    assert before is not None
    assert after is not None
    assert (before.status, after.minutes) == ("absent", 60)


def test_two_roll_calls_at_once_leave_one(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    together = Barrier(2)

    def run(_: int) -> str:
        together.wait()
        try:
            close(database, world, session_id)
        except DomainError as error:
            return error.code
        return "closed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, range(2))) == ["closed", "stale"]
    with database.transaction(colleges=[world.alma]) as db:
        assert len(db.exec(select(RollCall)).all()) == 1
        assert mismatches(db) == []


def test_a_cancelled_session_leaves_the_base_of_everyone(database: Database, world: World) -> None:
    held, cancelled = meeting(database, world), meeting(database, world, days=3, code="GEN-2.B")
    called(database, world, held)
    called(database, world, cancelled, absent=("karim",))
    with database.transaction(colleges=[world.alma]) as db:
        before = dict(db.exec(select(ProgressRow.enrolment_id, ProgressRow.version)).all())
        assert attendance(db)[world.enrolments["karim"]] == (180, 360)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        ref = calendar.see_session(db, actor, cancelled)
        shown = calendar.cancel(db, actor, ref, CancelCommand(reason="Tempête."))
        assert (shown.cancelled, shown.closed, shown.cancel_reason) == (True, True, "Tempête.")
    with database.transaction(colleges=[world.alma]) as db:
        after = dict(db.exec(select(ProgressRow.enrolment_id, ProgressRow.version)).all())
        for who in PARTICIPANTS:
            id_ = world.enrolments[who]
            assert attendance(db)[id_] == (180, 180)
            assert after[id_] == before[id_] + 1
        assert mismatches(db) == []
    with pytest.raises(Conflict, match="session_cancelled"):
        close(database, world, cancelled)


def test_a_session_far_from_its_cohort_or_not_of_its_path_is_refused(database: Database, world: World) -> None:
    far = datetime.combine(STARTED + timedelta(days=3650), time(13), UTC)
    near = datetime.combine(STARTED, time(13), UTC)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        for code, at in (("GEN-1.B", far), ("GEN-1.A", near), ("GEN-7.A", near), ("NOPE", near)):
            with pytest.raises(Invalid):
                calendar.schedule(db, actor, cohort, NewSession(activity_code=code, starts_at=at))
        assert calendar.calendar(db, cohort) == []


# Joining late and catching up (S2) --------------------------------------------------------------


def test_late_joiner_catches_up_earlier_workshops_which_count_in_their_base_once_assigned(
    database: Database, world: World
) -> None:
    called(database, world, meeting(database, world, days=1))
    enrolment_id = applied(database, world)
    joined = STARTED + timedelta(days=7)
    move(database, world, enrolment_id, S.ADMITTED, joined_on=joined)
    move(database, world, enrolment_id, S.ACTIVE, joined_on=joined)
    later = meeting(database, world, days=9, code="GEN-2.B")
    called(database, world, later)
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        ref = enrolments.see_enrolment(db, actor, enrolment_id)
        assert attendance(db)[enrolment_id] == (180, 180)
        assert [m.activity_code for m in catch_ups.missed_by(db, ref)] == ["GEN-1.B"]
        command = CatchUpCommand(activity_code="GEN-1.B", due_on=today() + timedelta(days=7))
        catch_up = catch_ups.assign_catch_up(db, actor, ref, command)
        with pytest.raises(Conflict, match="catch_up_assigned"):
            catch_ups.assign_catch_up(db, actor, ref, command)
        assert catch_ups.missed_by(db, ref) == []
    with database.transaction(colleges=[world.alma]) as db:
        assert attendance(db)[enrolment_id] == (180, 360), "assigned: it enters the base"
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        ref = enrolments.see_enrolment(db, actor, enrolment_id)
        tomorrow = CatchUpDone(done_on=today() + timedelta(days=1))
        with pytest.raises(Invalid):
            catch_ups.finish_catch_up(db, actor, ref, catch_up, tomorrow)
        catch_ups.finish_catch_up(db, actor, ref, catch_up, CatchUpDone(done_on=today()))
        with pytest.raises(Conflict, match="catch_up_done"):
            catch_ups.finish_catch_up(db, actor, ref, catch_up, CatchUpDone(done_on=today()))
        assert [c.done_on for c in catch_ups.catch_ups(db, ref)] == [today()]
    with database.transaction(colleges=[world.alma]) as db:
        assert attendance(db)[enrolment_id] == (360, 360)
        assert mismatches(db) == []


def test_assign_catch_up_to_an_enrolment_that_is_not_active_is_refused(database: Database, world: World) -> None:
    called(database, world, meeting(database, world), absent=("maude",))
    move(database, world, world.enrolments["maude"], S.WITHDRAWN, reason="Un autre emploi.")
    with database.transaction() as db:
        before = attendance(db)
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        ref = enrolments.see_enrolment(db, actor, world.enrolments["maude"])
        command = CatchUpCommand(activity_code="GEN-2.B", due_on=today() + timedelta(days=7))
        with pytest.raises(Conflict, match="not_active"):
            catch_ups.assign_catch_up(db, actor, ref, command)
    with database.transaction() as db:
        assert attendance(db) == before


def test_assign_catch_up_of_codevelopment_is_refused(database: Database, world: World) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        ref = enrolments.see_enrolment(db, actor, world.enrolments["karim"])
        for code in ("GEN-7.A", "GEN-1.A", "NOPE"):
            with pytest.raises(Invalid):
                catch_ups.assign_catch_up(db, actor, ref, CatchUpCommand(activity_code=code, due_on=today()))


def test_missed_by_a_person_who_has_not_joined_is_empty(database: Database, world: World) -> None:
    meeting(database, world)
    enrolment_id = applied(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_READ)
        assert catch_ups.missed_by(db, enrolments.see_enrolment(db, actor, enrolment_id)) == []


def test_sheet_lists_those_who_had_joined_by_that_day(database: Database, world: World) -> None:
    before = meeting(database, world, days=1)
    enrolment_id = applied(database, world)
    for state in (S.ADMITTED, S.ACTIVE):
        move(database, world, enrolment_id, state, joined_on=STARTED + timedelta(days=7))
    after = meeting(database, world, days=7)
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        on = [{e.enrolment_id for e in roll_calls.sheet(db, calendar.see_session(db, actor, i)).entries}
              for i in (before, after)]  # fmt: skip
    assert enrolment_id not in on[0]
    assert on[1] == on[0] | {enrolment_id}
