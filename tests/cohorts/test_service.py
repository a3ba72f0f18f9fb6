"""Verbs of cohorts against a real database: seats, one path a person, roll calls, catch-ups, joining late."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from app.access import Actor, P, Role
from app.cohorts import service as cohorts
from app.cohorts import service_offer
from app.cohorts import service_sessions as calendar
from app.cohorts.models import Cohort, Enrolment, EnrolmentMove, EnrolmentState, RollCall
from app.cohorts.schemas import (
    ApplyCommand,
    CancelCommand,
    CapacityCommand,
    CatchUpCommand,
    CatchUpDone,
    EntryCommand,
    MoveCommand,
    NewSession,
    RollCallCommand,
    StaffCommand,
)
from app.db import Database, Session, now
from app.errors import Conflict, DomainError, Invalid, NotFound
from app.people.schemas import NewAccount
from app.people.service import add_account, hold
from app.progress.models import ProgressRow
from app.progress.schemas_board import BoardQuery
from app.progress.service import mismatches
from app.progress.service_board import board
from app.text import today
from tests.cohorts.samples import applied, called, meeting, state_of
from tests.world import PARTICIPANTS, PASSWORD, STARTED, World, acting

S = EnrolmentState


def move(
    database: Database, world: World, enrolment_id: int, to: S, who: str = "coordinator", **fields: object
) -> None:
    """One move, in its own transaction."""
    with database.transaction() as session:
        actor = acting(session, world, who, P.ENROLMENT_MANAGE)
        ref = cohorts.see_enrolment(session, actor, enrolment_id)
        cohorts.move(session, actor, ref, MoveCommand.model_validate({"to": to, **fields}))


def attendance(session: Session) -> dict[int, tuple[int, int]]:
    """Minutes attended and their base, by enrolment."""
    rows = session.exec(select(ProgressRow)).all()
    return {r.enrolment_id: (r.attended_minutes, r.attendance_base_minutes) for r in rows}


def newcomer(database: Database, world: World, name: str) -> None:
    """Someone more in the world."""
    with database.transaction() as session:
        email = f"{name}@escouade.example.com"
        command = NewAccount(legal_first_name=name, legal_last_name="Nouvelle", email=email, password=PASSWORD)  # type: ignore[arg-type]
        world.people[name] = add_account(session, command, password_hash="unused")


@pytest.fixture
def mine(world: World) -> World:
    """The world to add people to, without touching the other tests' one."""
    return World(**{**vars(world), "people": dict(world.people), "enrolments": dict(world.enrolments)})


# One active enrolment per person and path (BR-05) -----------------------------------------------


def test_nobody_follows_a_path_twice_in_one_college(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as session:
        row = session.get_one(Cohort, world.cohort)
        second = Cohort(**{**row.model_dump(exclude={"id"}), "code": "GEN-ALM-2"})
        session.add(second)
        session.flush()
        cohort_id = second.id or 0
    with database.transaction() as session:
        actor = acting(session, world, "maude", P.COHORT_APPLY)
        cohort = cohorts.see_open_cohort(session, cohort_id)
        enrolment_id = cohorts.apply(session, actor, cohort, ApplyCommand(motive="Recommencer.")).id
    with pytest.raises(Conflict, match="already_enrolled"):
        move(database, world, enrolment_id, S.ADMITTED)
    assert state_of(database, world, enrolment_id) is S.APPLIED


def test_nor_in_another_college_which_the_actor_cannot_see(database: Database, world: World) -> None:
    enrolment_id = applied(database, world, "other_participant")
    with pytest.raises(Conflict, match="already_enrolled"):
        move(database, world, enrolment_id, S.ADMITTED)
    assert state_of(database, world, enrolment_id) is S.APPLIED
    move(database, world, world.enrolments["other_participant"], S.WITHDRAWN, "other_coordinator", reason="Départ.")
    move(database, world, enrolment_id, S.ADMITTED)
    assert state_of(database, world, enrolment_id) is S.ADMITTED


# Seats ------------------------------------------------------------------------------------------


def test_two_admissions_at_once_on_the_last_seat(database: Database, mine: World) -> None:
    newcomer(database, mine, "ines")
    ids = [applied(database, mine, who) for who in ("nobody", "ines")]
    with database.transaction() as session:
        actor = acting(session, mine, "coordinator", P.COHORT_MANAGE)
        cohort = cohorts.see_cohort(session, actor, mine.cohort)
        cohorts.set_capacity(session, cohort, CapacityCommand(capacity=5))
    together = Barrier(2)

    def admit(enrolment_id: int) -> str:
        together.wait()
        try:
            move(database, mine, enrolment_id, S.ADMITTED)
        except DomainError as error:
            return error.code
        return "admitted"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(admit, ids)) == ["admitted", "cohort_full"]
    assert sorted(state_of(database, mine, i) for i in ids) == [S.ADMITTED, S.APPLIED]


def test_fewer_seats_than_taken_is_refused(database: Database, world: World) -> None:
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.COHORT_MANAGE)
        cohort = cohorts.see_cohort(session, actor, world.cohort)
        assert cohorts.set_capacity(session, cohort, CapacityCommand(capacity=4)).capacity == 4
        with pytest.raises(Conflict, match="seats_taken"):
            cohorts.set_capacity(session, cohort, CapacityCommand(capacity=3))


def test_leaving_gives_the_seat_back(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as session:
        row = session.get_one(Cohort, world.cohort)
        row.capacity = len(PARTICIPANTS)
        session.add(row)
    enrolment_id = applied(database, world)
    with pytest.raises(Conflict, match="cohort_full"):
        move(database, world, enrolment_id, S.ADMITTED)
    move(database, world, world.enrolments["yves"], S.WITHDRAWN, reason="Nouvel emploi.")
    move(database, world, enrolment_id, S.ADMITTED)


# Moves ------------------------------------------------------------------------------------------


def test_a_move_leaves_who_when_and_why(database: Database, world: World) -> None:
    move(database, world, world.enrolments["yves"], S.ON_LEAVE, reason="Congé parental.")
    with database.transaction() as session:
        actor = acting(session, world, "yves", P.ENROLMENT_READ)
        history = cohorts.moves(session, cohorts.see_enrolment(session, actor, world.enrolments["yves"]))
    assert [m.to_state for m in history] == [S.APPLIED, S.ADMITTED, S.ACTIVE, S.ON_LEAVE]
    last = history[-1]
    assert (last.from_state, last.by, last.reason) == (S.ACTIVE, "Corinne Coordination", "Congé parental.")
    assert now() - last.moved_at < timedelta(minutes=1)


def test_a_refused_move_writes_nothing(database: Database, world: World) -> None:
    for to, reason in ((S.APPLIED, "x"), (S.REFUSED, "x"), (S.ON_LEAVE, None)):
        with pytest.raises(Conflict):
            move(database, world, world.enrolments["yves"], to, reason=reason)
    with database.transaction(colleges=[world.alma]) as session:
        found = select(EnrolmentMove.id).where(EnrolmentMove.enrolment_id == world.enrolments["yves"])
        assert len(session.exec(found).all()) == 3


def test_the_start_makes_everyone_admitted_active(database: Database, world: World) -> None:
    enrolment_id = applied(database, world)
    move(database, world, enrolment_id, S.ADMITTED)
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.ENROLMENT_MANAGE)
        cohort = cohorts.see_cohort(session, actor, world.cohort)
        assert cohorts.start(session, actor, cohort) == 1
        assert cohorts.start(session, actor, cohort) == 0
    with database.transaction(colleges=[world.alma]) as session:
        row = session.get_one(Enrolment, enrolment_id)
        assert (row.state, row.joined_on) == (S.ACTIVE, today())


def test_before_the_first_day_everyone_joins_on_the_first_day(database: Database, world: World) -> None:
    first_day = today() + timedelta(days=30)
    with database.transaction(colleges=[world.alma]) as session:
        row = session.get_one(Cohort, world.cohort)
        row.starts_on, row.ends_on = first_day, first_day + timedelta(weeks=16)
        session.add(row)
    enrolment_id = applied(database, world)
    move(database, world, enrolment_id, S.ADMITTED)
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.ENROLMENT_MANAGE)
        cohorts.start(session, actor, cohorts.see_cohort(session, actor, world.cohort))
    with database.transaction(colleges=[world.alma]) as session:
        assert session.get_one(Enrolment, enrolment_id).joined_on == first_day


def test_joining_after_the_limit_takes_an_exception(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as session:
        row = session.get_one(Cohort, world.cohort)
        row.late_join_pct = 0
        session.add(row)
    enrolment_id = applied(database, world)
    with pytest.raises(Conflict, match="too_late_to_join"):
        move(database, world, enrolment_id, S.ADMITTED)
    move(database, world, enrolment_id, S.ADMITTED, reason="Poste comblé tard.")
    assert state_of(database, world, enrolment_id) is S.ADMITTED


def test_only_people_who_work_in_the_college_train_a_cohort(database: Database, world: World) -> None:
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.COHORT_MANAGE)
        cohort = cohorts.see_cohort(session, actor, world.cohort)
        for who in ("maude", "nobody", "other_trainer"):
            with pytest.raises(Invalid):
                cohorts.add_staff(session, actor, cohort, StaffCommand(person_id=world.people[who]))
        cohorts.add_staff(session, actor, cohort, StaffCommand(person_id=world.people["facilitator"]))
        trainer = acting(session, world, "facilitator", P.PROGRESS_READ)
        assert cohorts.see_cohort(session, trainer, world.cohort).id == world.cohort


# What one may see -------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["admin", "coordinator", "registrar", "trainer", "facilitator", "maude", "nobody"])
def test_doors_of_a_cohort_are_those_that_scoping_opens(database: Database, world: World, who: str) -> None:
    def opens(session: Session, actor: Actor, permission: P) -> bool:
        try:
            cohorts.see_cohort(session, actor.using(permission), world.cohort)
        except NotFound:
            return False
        return True

    wanted = [p for p in P if p is not P.COHORT_APPLY]
    with database.transaction() as session:
        cohort = cohorts.see_open_cohort(session, world.cohort)
        actor = acting(session, world, who)
        found = cohorts.doors(session, actor, cohort, *wanted)
        assert found == {p for p in wanted if opens(session, actor, p)}


def test_open_cohorts_of_every_college_tell_only_what_became_of_mine(database: Database, world: World) -> None:
    applied(database, world)
    with database.transaction() as session:
        actor = acting(session, world, "nobody", P.COHORT_APPLY)
        found = {c.id: c.my_state for c in service_offer.open_cohorts(session, actor)}
        assert found == {world.cohort: S.APPLIED, world.other_cohort: None}
        assert [c.id for c in service_offer.open_cohorts(session, actor, search="ROUYN")] == [world.other_cohort]


def test_a_cohort_that_has_ended_takes_no_application(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as session:
        row = session.get_one(Cohort, world.cohort)
        row.starts_on, row.ends_on = today() - timedelta(weeks=20), today() - timedelta(days=1)
        session.add(row)
    with database.transaction() as session:
        actor = acting(session, world, "nobody", P.COHORT_APPLY)
        assert [c.id for c in service_offer.open_cohorts(session, actor)] == [world.other_cohort]
        with pytest.raises(NotFound):
            cohorts.see_open_cohort(session, world.cohort)


@pytest.mark.parametrize("n", [1, 3])
def test_the_board_takes_one_query_however_many_people(database: Database, world: World, n: int) -> None:
    for who in PARTICIPANTS[n:]:
        move(database, world, world.enrolments[who], S.WITHDRAWN, reason="Départ.")
    statements: list[str] = []
    with database.transaction() as session:
        actor = acting(session, world, "trainer", P.PROGRESS_READ)
        cohort = cohorts.see_cohort(session, actor, world.cohort)
        event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        assert len(board(session, cohort, BoardQuery())) == n
        assert len(statements) == 1
        assert "body" not in statements[0]


# Roll calls -------------------------------------------------------------------------------------


def close(database: Database, world: World, session_id: int, **change: object) -> int:
    """A roll call with everyone present, changed; its id."""
    with database.transaction() as session:
        actor = acting(session, world, "trainer", P.ROLLCALL_RECORD)
        ref = calendar.see_session(session, actor, session_id)
        entries = tuple(
            EntryCommand(enrolment_id=e.enrolment_id, status="present", minutes=60)
            for e in calendar.sheet(session, ref).entries
        )
        command = RollCallCommand.model_validate({"entries": entries, **change})
        return calendar.close_roll_call(session, actor, ref, command).roll_call_id or 0


def test_a_corrected_roll_call_supersedes_and_counts_anew(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    first = called(database, world, session_id, absent=("karim",))
    karim, maude = world.enrolments["karim"], world.enrolments["maude"]
    with database.transaction(colleges=[world.alma]) as session:
        assert (attendance(session)[karim], attendance(session)[maude]) == ((0, 180), (180, 180))
    second = close(database, world, session_id, supersedes=first, reason="Karim était en ligne.")
    with database.transaction(colleges=[world.alma]) as session:
        assert session.get_one(RollCall, second).supersedes_id == first
        assert (attendance(session)[karim], attendance(session)[maude]) == ((60, 180), (60, 180))
        assert mismatches(session) == []


def test_a_correction_of_what_is_no_longer_current_is_refused(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    first = called(database, world, session_id)
    second = close(database, world, session_id, supersedes=first, reason="Une erreur.")
    for stale in (None, first, second + 1):
        with pytest.raises(Conflict, match="stale"):
            close(database, world, session_id, supersedes=stale, reason="Une autre.")
    with pytest.raises(Invalid, match="invalid"):
        close(database, world, session_id, supersedes=second)


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
    with database.transaction(colleges=[world.alma]) as session:
        assert len(session.exec(select(RollCall)).all()) == 1
        assert mismatches(session) == []


def test_a_cancelled_session_leaves_the_base_of_everyone(database: Database, world: World) -> None:
    kept, cancelled = meeting(database, world), meeting(database, world, days=3, code="GEN-2.B")
    called(database, world, kept)
    called(database, world, cancelled, absent=("karim",))
    with database.transaction(colleges=[world.alma]) as session:
        before = dict(session.exec(select(ProgressRow.enrolment_id, ProgressRow.version)).all())
        assert attendance(session)[world.enrolments["karim"]] == (180, 360)
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.SESSION_MANAGE)
        ref = calendar.see_session(session, actor, cancelled)
        shown = calendar.cancel(session, actor, ref, CancelCommand(reason="Tempête."))
        assert (shown.cancelled, shown.closed, shown.cancel_reason) == (True, True, "Tempête.")
    with database.transaction(colleges=[world.alma]) as session:
        after = dict(session.exec(select(ProgressRow.enrolment_id, ProgressRow.version)).all())
        for who in PARTICIPANTS:
            id_ = world.enrolments[who]
            assert attendance(session)[id_] == (180, 180)
            assert after[id_] == before[id_] + 1
        assert mismatches(session) == []
    with pytest.raises(Conflict, match="session_cancelled"):
        close(database, world, cancelled)


def test_a_session_far_from_its_cohort_or_not_of_its_path_is_refused(database: Database, world: World) -> None:
    far = datetime.combine(STARTED + timedelta(days=3650), time(13), UTC)
    near = datetime.combine(STARTED, time(13), UTC)
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.SESSION_MANAGE)
        cohort = cohorts.see_cohort(session, actor, world.cohort)
        for code, at in (("GEN-1.B", far), ("GEN-1.A", near), ("GEN-7.A", near), ("NOPE", near)):
            with pytest.raises(Invalid):
                calendar.schedule(session, actor, cohort, NewSession(activity_code=code, starts_at=at))
        assert calendar.calendar(session, cohort) == []


# Joining late and catching up (S2) --------------------------------------------------------------


def test_who_joins_late_owes_what_was_before_and_no_session_of_it(database: Database, world: World) -> None:
    called(database, world, meeting(database, world, days=1))
    enrolment_id = applied(database, world)
    joined = STARTED + timedelta(days=7)
    move(database, world, enrolment_id, S.ADMITTED, joined_on=joined)
    move(database, world, enrolment_id, S.ACTIVE, joined_on=joined)
    later = meeting(database, world, days=9, code="GEN-2.B")
    called(database, world, later)
    with database.transaction() as session:
        actor = acting(session, world, "trainer", P.ROLLCALL_RECORD)
        ref = cohorts.see_enrolment(session, actor, enrolment_id)
        assert attendance(session)[enrolment_id] == (180, 180)
        assert [m.activity_code for m in calendar.missed_by(session, ref)] == ["GEN-1.B"]
        command = CatchUpCommand(activity_code="GEN-1.B", due_on=today() + timedelta(days=7))
        catch_up = calendar.assign_catch_up(session, actor, ref, command)
        with pytest.raises(Conflict, match="catch_up_assigned"):
            calendar.assign_catch_up(session, actor, ref, command)
        assert calendar.missed_by(session, ref) == []
    with database.transaction(colleges=[world.alma]) as session:
        assert attendance(session)[enrolment_id] == (180, 360), "assigned: it enters the base"
    with database.transaction() as session:
        actor = acting(session, world, "trainer", P.ROLLCALL_RECORD)
        ref = cohorts.see_enrolment(session, actor, enrolment_id)
        with pytest.raises(Invalid):
            done = CatchUpDone(done_on=today() + timedelta(days=1))
            calendar.finish_catch_up(session, actor, ref, catch_up.id, done)
        calendar.finish_catch_up(session, actor, ref, catch_up.id, CatchUpDone(done_on=today()))
        with pytest.raises(Conflict, match="catch_up_done"):
            calendar.finish_catch_up(session, actor, ref, catch_up.id, CatchUpDone(done_on=today()))
        assert [c.done_on for c in calendar.catch_ups(session, ref)] == [today()]
    with database.transaction(colleges=[world.alma]) as session:
        assert attendance(session)[enrolment_id] == (360, 360)
        assert mismatches(session) == []


def test_codevelopment_is_never_made_up(database: Database, world: World) -> None:
    with database.transaction() as session:
        actor = acting(session, world, "trainer", P.ROLLCALL_RECORD)
        ref = cohorts.see_enrolment(session, actor, world.enrolments["karim"])
        for code in ("GEN-7.A", "GEN-1.A", "NOPE"):
            with pytest.raises(Invalid):
                calendar.assign_catch_up(session, actor, ref, CatchUpCommand(activity_code=code, due_on=today()))


def test_who_has_not_joined_missed_nothing(database: Database, world: World) -> None:
    meeting(database, world)
    enrolment_id = applied(database, world)
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.ENROLMENT_READ)
        assert calendar.missed_by(session, cohorts.see_enrolment(session, actor, enrolment_id)) == []


def test_a_roll_is_of_those_who_had_joined_that_day(database: Database, world: World) -> None:
    before = meeting(database, world, days=1)
    enrolment_id = applied(database, world)
    for state in (S.ADMITTED, S.ACTIVE):
        move(database, world, enrolment_id, state, joined_on=STARTED + timedelta(days=7))
    after = meeting(database, world, days=7)
    with database.transaction() as session:
        actor = acting(session, world, "trainer", P.ROLLCALL_RECORD)
        on = [{e.enrolment_id for e in calendar.sheet(session, calendar.see_session(session, actor, i)).entries}
              for i in (before, after)]  # fmt: skip
    assert enrolment_id not in on[0]
    assert on[1] == on[0] | {enrolment_id}


def test_a_role_in_two_colleges_does_not_mix_them(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma, world.rouyn]) as session:
        place = {"college_id": world.rouyn, "cohort_id": world.other_cohort}
        hold(session, world.people["maude"], Role.TRAINER, **place)
    with database.transaction() as session:
        actor = acting(session, world, "maude", P.ENROLMENT_READ)
        seen = session.exec(select(Enrolment.id).where(col(Enrolment.id).in_(world.enrolments.values()))).all()
        assert len(seen) == len(world.enrolments), "the wall lets both colleges through"
        reached = []
        for who, id_ in world.enrolments.items():
            try:
                cohorts.see_enrolment(session, actor, id_)
            except NotFound:
                continue
            reached.append(who)
        assert reached == ["maude", "other_participant"]
