"""The projection in a real database: which enrolments are recomputed, concurrent writers, the cost of reads."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import text, update
from sqlmodel import select

from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import CancelCommand, NewSession
from app.attendance.calendar.service import next_session
from app.attendance.roll_calls import service as roll_calls
from app.attendance.roll_calls.enums import PresenceStatus
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand
from app.cohorts import service as cohorts
from app.cohorts.models import Cohort
from app.learning.activities.models import ActivityCompletion
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.errors import NotFound
from app.platform.json import dumps
from app.platform.security.permissions import P
from app.progress.models import ProgressRow
from app.progress.path.service import paths_of, progress_of, see_stored_progress
from app.progress.schemas import Progress
from app.progress.service import compute_progress, mismatches, recompute
from tests.factories.network import PARTICIPANTS, STARTED, World, acting, see
from tests.factories.statements import recorded_statements


def row(db: Session, enrolment_id: int) -> ProgressRow:
    return db.exec(select(ProgressRow).where(ProgressRow.enrolment_id == enrolment_id)).one()


def rows(database: Database, world: World) -> dict[str, tuple[int, int, int]]:
    """By person: version, minutes attended, base."""
    with database.transaction(colleges=[world.alma]) as db:
        stored = {who: row(db, world.enrolments[who]) for who in PARTICIPANTS}
        return {who: (r.version, r.attended_minutes, r.attendance_base_minutes) for who, r in stored.items()}


def held_session(database: Database, world: World) -> int:
    """A session of GEN-1.B begun yesterday."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        cohort = cohorts.see_cohort(db, actor.using(P.COHORT_READ), world.cohort)
        command = NewSession(activity_code="GEN-1.B", starts_at=now() - timedelta(days=1))
        return calendar.schedule(db, actor, cohort, command).id


def call_roll(
    database: Database, world: World, session_id: int, minutes: int, *, supersedes: int | None = None
) -> int | None:
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        entries = tuple(
            EntryCommand(enrolment_id=world.enrolments[who], status=PresenceStatus.PRESENT, minutes=minutes)
            for who in PARTICIPANTS
        )
        command = RollCallCommand(
            entries=entries, supersedes=supersedes, reason="Erreur de saisie" if supersedes else None
        )
        return roll_calls.close_roll_call(db, actor, calendar.see_session(db, actor, session_id), command).roll_call_id


# The touched set --------------------------------------------------------------------------------


def test_roll_call_correction_and_cancellation_each_recompute_everyone(database: Database, world: World) -> None:
    before = rows(database, world)
    session_id = held_session(database, world)
    assert rows(database, world) == before
    first = call_roll(database, world, session_id, 180)
    called = rows(database, world)
    assert called == {who: (version + 1, 180, 180) for who, (version, _, _) in before.items()}
    call_roll(database, world, session_id, 60, supersedes=first)
    corrected = rows(database, world)
    assert corrected == {who: (version + 2, 60, 180) for who, (version, _, _) in before.items()}
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        meeting = calendar.see_session(db, actor, session_id)
        calendar.cancel(db, actor, meeting, CancelCommand(reason="Salle inondée"))
    assert rows(database, world) == {who: (version + 3, 0, 0) for who, (version, _, _) in before.items()}


def test_roll_call_does_not_recompute_another_cohort(database: Database, world: World) -> None:
    def elsewhere() -> int:
        with database.transaction(colleges=[world.rouyn]) as db:
            return row(db, world.enrolments["other_participant"]).version

    before = elsewhere()
    call_roll(database, world, held_session(database, world), 180)
    assert elsewhere() == before


def test_a_change_of_the_cohorts_start_moves_every_due_date(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        cohort = db.get_one(Cohort, world.cohort)
        cohort.starts_on -= timedelta(days=7)
        db.add(cohort)
    with database.transaction(colleges=[world.alma]) as db:
        dues = {row(db, world.enrolments[who]).next_due_on for who in PARTICIPANTS}
    assert dues == {STARTED + timedelta(weeks=1, days=-1)}


def test_a_bulk_statement_on_facts_is_refused(database: Database, world: World) -> None:
    """It would escape the touched set."""
    with (
        database.transaction(colleges=[world.alma]) as db,
        pytest.raises(RuntimeError, match="activity_completion"),
    ):
        db.execute(update(ActivityCompletion).values(done=False))


def test_a_refused_transaction_leaves_the_projection_as_it_was(database: Database, world: World) -> None:
    before = rows(database, world)

    def interrupted() -> None:
        with database.transaction(colleges=[world.alma]) as db:
            db.add(completion(world, "GEN-1.A"))
            db.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert rows(database, world) == before


def test_recompute_of_an_enrolment_out_of_the_transactions_sight_is_refused(database: Database, world: World) -> None:
    with (
        database.transaction(colleges=[world.rouyn]) as db,
        pytest.raises(RuntimeError, match="not visible to this transaction"),
    ):
        recompute(db, [world.enrolments["maude"]])


# Concurrent writers -----------------------------------------------------------------------------


def completion(world: World, code: str, who: str = "maude") -> ActivityCompletion:
    """A fact as its table keeps it."""
    return ActivityCompletion(
        college_id=world.alma,
        enrolment_id=world.enrolments[who],
        activity_code=code,
        done=True,
        done_on=STARTED,
        recorded_at=now(),
        recorded_by=world.people[who],
    )


CODES = ("GEN-1.A", "GEN-2.A", "GEN-3.A", "GEN-4.A", "GEN-5.A", "GEN-6.A", "GEN-8.D", "GEN-1.C")


def test_eight_writers_at_once_lose_nothing(database: Database, world: World) -> None:
    """Each holds its fact until all have written theirs, then they commit together."""
    maude = world.enrolments["maude"]
    with database.transaction(colleges=[world.alma]) as db:
        before = row(db, maude).version
    together = Barrier(len(CODES))

    def write(code: str) -> None:
        with database.transaction(colleges=[world.alma]) as db:
            db.add(completion(world, code))
            db.flush()
            together.wait(timeout=30)

    with ThreadPoolExecutor(len(CODES)) as pool:
        list(pool.map(write, CODES))
    with database.transaction(colleges=[world.alma]) as db:
        stored = row(db, maude)
        assert stored.version == before + len(CODES)
        fresh = compute_progress(db, [maude])[0][2]
        assert dumps(stored.body) == dumps(fresh.model_dump(mode="json"))
        assert {c for c in CODES if fresh.activity(c).done_on} == set(CODES) - {"GEN-1.C"}
        assert mismatches(db) == []


def test_several_enrolments_written_in_opposite_orders_do_not_deadlock(database: Database, world: World) -> None:
    together = Barrier(2)

    def write(people: tuple[str, ...], code: str) -> None:
        with database.transaction(colleges=[world.alma]) as db:
            for who in people:
                db.add(completion(world, code, who))
                db.flush()
            together.wait(timeout=30)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (PARTICIPANTS, PARTICIPANTS[::-1]), ("GEN-1.A", "GEN-2.A")))
    with database.transaction(colleges=[world.alma]) as db:
        assert [row(db, world.enrolments[who]).recognised_minutes for who in PARTICIPANTS] == [360] * 4


# Comparing --------------------------------------------------------------------------------------


def test_mismatches_are_the_altered_rows_alone(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        assert mismatches(db) == []
    with database.engine.begin() as owner:
        owner.execute(
            text("update progress set body = jsonb_set(body, '{recognised_minutes}', '3600') where enrolment_id = :id"),
            {"id": world.enrolments["karim"]},
        )
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        assert mismatches(db, batch=2) == [world.enrolments["karim"]]


def test_mismatches_include_a_missing_row(database: Database, world: World) -> None:
    with database.engine.begin() as owner:
        owner.execute(text("delete from progress where enrolment_id = :id"), {"id": world.enrolments["yves"]})
    with database.transaction(colleges=[world.alma]) as db:
        assert mismatches(db) == [world.enrolments["yves"]]


# Cost -------------------------------------------------------------------------------------------


def test_recompute_of_three_enrolments_takes_as_many_statements_as_of_one(database: Database, world: World) -> None:
    ids = sorted(world.enrolments[who] for who in PARTICIPANTS[:3])
    with database.transaction(colleges=[world.alma]) as db:
        with recorded_statements(database) as one:
            recompute(db, ids[:1])
        with recorded_statements(database) as three:
            recompute(db, ids)
    assert [s.split()[0] for s in three] == [s.split()[0] for s in one]
    assert sum("for no key update" in s.lower() for s in three) == 1


# Reading ----------------------------------------------------------------------------------------


def test_the_stored_body_is_the_progress_as_it_is(database: Database, world: World) -> None:
    with database.transaction() as db, recorded_statements(database) as statements:
        actor, enrolment, _ = see(db, world, "maude", P.PROGRESS_READ)
        statements.clear()
        stored = see_stored_progress(db, actor, enrolment.id)
        assert len(statements) == 1
        assert Progress.model_validate_json(stored.body) == progress_of(db, enrolment)
        assert (stored.timezone, stored.version) == ("America/Toronto", row(db, enrolment.id).version)


@pytest.mark.parametrize("who", ["karim", "other_trainer", "other_coordinator", "other_registrar", "nobody", "admin"])
def test_a_path_out_of_reach_is_not_found(database: Database, world: World, who: str) -> None:
    with database.transaction() as db:
        actor = acting(db, world, who, P.PROGRESS_READ)
        with pytest.raises(NotFound):
            see_stored_progress(db, actor, world.enrolments["maude"])


def test_ones_own_paths_come_with_their_figures(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        db.add(completion(world, "GEN-1.A"))
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.ME_READ)
        paths = paths_of(db, actor.person_id)
        assert [(p.enrolment_id, p.recognised_minutes, p.planned_minutes) for p in paths] == [
            (world.enrolments["maude"], 120, 3600)
        ]
        assert (paths[0].attendance_pct, paths[0].modules_done, paths[0].eligible) == (None, 0, ())
        assert paths[0].late is True, "the cohort began 14 days ago: GEN-1 was due yesterday"
        assert paths_of(db, world.people["nobody"]) == []


def test_the_next_session_is_the_first_that_is_neither_past_nor_cancelled(database: Database, world: World) -> None:
    held_session(database, world)
    with database.transaction() as db:
        actor, enrolment, cohort = see(db, world, "coordinator", P.ENROLMENT_READ)
        manager = actor.using(P.SESSION_MANAGE)
        ids = [
            calendar.schedule(
                db, manager, cohort, NewSession(activity_code=code, starts_at=now() + timedelta(days=days))
            ).id
            for code, days in (("GEN-2.B", 9), ("GEN-1.B", 3), ("GEN-4.B", 12))
        ]
        first = next_session(db, enrolment)
        assert first is not None
        assert (first.id, first.activity_code) == (ids[1], "GEN-1.B")
        calendar.cancel(db, manager, calendar.see_session(db, manager, ids[1]), CancelCommand(reason="Tempête"))
        second = next_session(db, enrolment)
        assert second is not None
        assert second.id == ids[0]
