"""Facts of every kind written through the services, in any order: each keeps the projection equal to its computation.

Along such a history progress falls only through what corrects a record.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from app.accompaniment.field_hours.models import Countersignature
from app.accompaniment.field_hours.schemas import HoursShown
from app.accompaniment.field_hours.service import hours_of
from app.accompaniment.mandates.models import MandateMilestone
from app.attendance.calendar import service as calendar
from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.schemas import CancelCommand
from app.attendance.catch_ups import service as catch_ups
from app.attendance.catch_ups.schemas import CatchUpCommand, CatchUpDone
from app.attendance.roll_calls import service as roll_calls
from app.attendance.roll_calls.enums import PresenceStatus
from app.attendance.roll_calls.models import RollCall
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand
from app.codev.groups import service as groups
from app.codev.groups.models import CodevGroup
from app.codev.records.models import CodevRecord
from app.codev.records.schemas import RecordCommand
from app.cohorts.enrolments.service import see_enrolment
from app.grading import service as grading
from app.learning.activities import service as activities
from app.learning.activities.schemas import CompletionCommand
from app.learning.hand_ins import service as hand_ins
from app.learning.hand_ins.schemas import TextCommand
from app.platform.database.rows import not_superseded
from app.platform.database.transaction import Database
from app.platform.errors import DomainError
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from app.progress.models import ProgressRow
from app.progress.schemas import Progress
from app.progress.service import mismatches
from tests.database_copy import DatabaseCopy
from tests.factories import accompaniment, codev, field_hours
from tests.factories.activities import complete_prerequisites
from tests.factories.grading import ALL_CN01, hold_session, judge, judge_command
from tests.factories.network import PARTICIPANTS, World, acting
from tests.factories.progress import achieved, fallen

WORKSHOPS = ("GEN-1.B", "GEN-2.B", "GEN-3.B")
ALONE = ("GEN-2.A", "GEN-5.A", "GEN-6.A")
ASSESSED = ("GEN-1.C", "GEN-2.C", "GEN-3.C")
Item = TypeVar("Item")


def one_of(items: Sequence[Item], which: int) -> Item:
    """Return one of what there is; refuse, as a service would, where there is nothing to act on."""
    if not items:
        raise DomainError("nothing_yet")
    return items[which % len(items)]


def holds_workshop(database: Database, world: World, a: int, b: int) -> None:
    hold_session(database, world, PARTICIPANTS[a % 4 :], WORKSHOPS[b % 3], days=1 + b)


def calls_again(database: Database, world: World, a: int, b: int) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        call = one_of(list(db.exec(select(RollCall).where(not_superseded(RollCall))).all()), a)
        entries = tuple(
            EntryCommand(enrolment_id=world.enrolments[who], status=PresenceStatus.PRESENT, minutes=(30 * b) or 15)
            for who in PARTICIPANTS
        )
        command = RollCallCommand(entries=entries, supersedes=call.id, reason="Erreur de saisie.")
        roll_calls.close_roll_call(db, actor, calendar.see_session(db, actor, call.session_id), command)


def cancels(database: Database, world: World, a: int, b: int) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        held = one_of(list(db.exec(select(ScheduledSession.id).order_by(col(ScheduledSession.id))).all()), a + b)
        calendar.cancel(db, actor, calendar.see_session(db, actor, held), CancelCommand(reason="Saisie par erreur."))


def makes_up(database: Database, world: World, a: int, b: int) -> None:
    """Assign a missed workshop, or record that the one assigned was made up."""
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        enrolment = see_enrolment(db, actor, world.enrolments[PARTICIPANTS[a % 4]])
        assigned = [c for c in catch_ups.catch_ups(db, enrolment) if c.done_on is None]
        if assigned:
            command = CatchUpDone(done_on=today())
            catch_ups.finish_catch_up(db, actor, enrolment, one_of(assigned, b), command)
        else:
            missed = one_of(catch_ups.missed_by(db, enrolment), b)
            due = CatchUpCommand(activity_code=missed.activity_code, due_on=today() + timedelta(days=7))
            catch_ups.assign_catch_up(db, actor, enrolment, due)


def mark(database: Database, world: World, a: int, b: int, *, done: bool) -> None:
    who = PARTICIPANTS[a % 4]
    with database.transaction() as db:
        actor = acting(db, world, who, P.ACTIVITY_DO)
        command = CompletionCommand(activity_code=ALONE[b % 3], done=done)
        activities.complete(db, actor, see_enrolment(db, actor, world.enrolments[who]), command)


def marks_done(database: Database, world: World, a: int, b: int) -> None:
    mark(database, world, a, b, done=True)


def marks_not_done(database: Database, world: World, a: int, b: int) -> None:
    mark(database, world, a, b, done=False)


def hands_in(database: Database, world: World, a: int, b: int) -> None:
    who = PARTICIPANTS[a % 4]
    with database.transaction() as db:
        actor = acting(db, world, who, P.ACTIVITY_DO)
        enrolment = see_enrolment(db, actor, world.enrolments[who])
        hand_ins.hand_in_text(db, actor, enrolment, TextCommand(activity_code=ASSESSED[b % 3], body=f"Version {a}."))


def declares(database: Database, world: World, a: int, b: int) -> None:
    field_hours.declare(database, world, 60 + 30 * a, code=("GEN-8.A", "GEN-8.B")[b % 2])


def hours_where(database: Database, world: World, which: int, *, decided: bool) -> tuple[HoursShown, int | None]:
    """Return hours that are decided or not, and the decision in force."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.HOURS_COUNTERSIGN)
        declared = hours_of(db, see_enrolment(db, actor, world.enrolments["maude"]))
        decisions = select(Countersignature).where(not_superseded(Countersignature))
        in_force = {d.field_hours_id: d.id for d in db.exec(decisions).all()}
    hours = one_of([h for h in declared if (h.id in in_force) is decided], which)
    return hours, in_force.get(hours.id)


def decides(database: Database, world: World, a: int, b: int) -> None:
    hours, _ = hours_where(database, world, a, decided=False)
    accepted = b % 3 > 0
    field_hours.decide(database, world, hours, accepted=accepted, reason=None if accepted else "Sans trace.")


def decides_again(database: Database, world: World, a: int, b: int) -> None:
    hours, last = hours_where(database, world, a, decided=True)
    field_hours.decide(database, world, hours, accepted=b % 2 > 0, reason="Après vérification.", supersedes=last)


def meets(database: Database, world: World, a: int, b: int) -> None:
    """Hold a session of codevelopment, in which one of those present is the client."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        existing = db.exec(select(CodevGroup.id)).first()
        group = groups.group(db, groups.see_group(db, actor, existing)) if existing else None
    group = group or codev.create_group(database, world)
    at = codev.FIRST + timedelta(hours=4 * a)
    session_id = codev.plan_session(database, world, group.id, f"GEN-7.{'ABCD'[b % 4]}", at)
    ids = sorted(codev.membership_ids(group).values())
    entries = codev.presences(group, minutes=90 + 10 * b)
    command = RecordCommand(entries=entries, turns=(codev.turn(ids[a % 4]),))
    codev.close_record(database, world, session_id, command)


def records_again(database: Database, world: World, a: int, b: int) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        record = one_of(list(db.exec(select(CodevRecord).where(not_superseded(CodevRecord))).all()), a)
        existing = one_of(list(db.exec(select(CodevGroup.id)).all()), 0)
        group = groups.group(db, groups.see_group(db, actor, existing))
        supersedes, session_id = record.id, record.session_id
    ids = sorted(codev.membership_ids(group).values())
    entries = codev.presences(group, minutes=30 + 10 * b)
    command = RecordCommand(entries=entries, turns=(codev.turn(ids[(a + b) % 4]),), supersedes=supersedes)
    codev.close_record(database, world, session_id, command)


def accompanies(database: Database, world: World, a: int, b: int) -> None:
    who = PARTICIPANTS[a % 4]
    enterprise = accompaniment.new_enterprise(f"Atelier {a}{b}", None)
    mandate_id = accompaniment.open_mandate(database, world, who, enterprise=enterprise).id
    if b % 2:
        accompaniment.accompany(database, world, mandate_id, who)


def corrects_milestone(database: Database, world: World, a: int, b: int) -> None:
    """Correct a milestone, which then awaits its confirmation again."""
    with database.transaction(colleges=[world.alma]) as db:
        recorded = list(db.exec(select(MandateMilestone).where(not_superseded(MandateMilestone))).all())
        last = one_of(recorded, a + b)
        mandate_id, kind, supersedes = last.mandate_id, last.kind, last.id
    day = today() - timedelta(days=1)
    accompaniment.record_milestone(database, world, mandate_id, kind, day, who="coordinator", supersedes=supersedes)


class Level(NamedTuple):
    """What a judgement says in a history."""

    level: int
    criteria: tuple[str, ...]


LEVELS = (Level(1, ALL_CN01[:1]), Level(2, ALL_CN01[:2]), Level(3, ALL_CN01))


def judges(database: Database, world: World, a: int, b: int, *, again: bool = False) -> None:
    who = PARTICIPANTS[a % 4]
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.JUDGEMENT_MAKE)
        enrolment = see_enrolment(db, actor, world.enrolments[who])
        done = [h for h in hand_ins.hand_ins(db, enrolment) if h.activity_code == "GEN-1.C"]
        past = [j for j in grading.judgements(db, enrolment) if j.is_current]
    level = LEVELS[b % 3]
    given: dict[str, object] = {"criteria_met": level.criteria, "comment": "Vu avec elle."}
    if again:
        given |= {"supersedes": one_of(past, b).id, "reason": "Relu avec la grille."}
    evidence = {"kind": "hand_in", "id": one_of(done, 0).id}
    judge(database, world, judge_command(level=level.level, evidence=[evidence], **given), of=who)


def judges_again(database: Database, world: World, a: int, b: int) -> None:
    judges(database, world, a, b, again=True)


Act = Callable[[Database, World, int, int], None]
RECORDS: tuple[Act, ...] = (
    holds_workshop, makes_up, marks_done, hands_in, declares, decides, meets, accompanies, judges,
)  # fmt: skip
CORRECTIONS: tuple[Act, ...] = (
    calls_again, cancels, marks_not_done, decides_again, records_again, corrects_milestone, judges_again,
)  # fmt: skip
HISTORIES = st.lists(
    st.tuples(st.sampled_from((*RECORDS, *RECORDS, *CORRECTIONS)), st.integers(0, 7), st.integers(0, 7)),
    min_size=5,
    max_size=12,
)


def achieved_by_all(database: Database) -> dict[str, int]:
    """Return what everyone has acquired, by the projection, which is what the facts give."""
    with database.as_owner() as db:
        assert mismatches(db) == []
        rows = db.exec(select(ProgressRow.enrolment_id, ProgressRow.body)).all()
    return {f"{id_}: {k}": v for id_, body in rows for k, v in achieved(Progress.model_validate(body)).items()}


def tried(database: Database, world: World, act: Act, a: int, b: int) -> bool:
    """Do one thing unless a service refuses it; whether it was done."""
    try:
        act(database, world, a, b)
    except DomainError:
        return False
    return True


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES)
def test_any_history_leaves_the_projection_as_it_is_computed_and_falls_only_through_a_correction(
    database: Database, world: World, database_copy: DatabaseCopy, history: list[tuple[Act, int, int]]
) -> None:
    """Each history begins in the small network, so that one that fails can be run again."""
    database_copy.put_back()
    complete_prerequisites(database, world)
    before = achieved_by_all(database)
    for act, a, b in history:
        tried(database, world, act, a, b)
        now = achieved_by_all(database)
        assert act in CORRECTIONS or fallen(before, now) == {}, act.__name__
        before = now


def test_each_act_of_a_history_is_done_once_what_it_needs_is_there(database: Database, world: World) -> None:
    """No act of the histories is always refused; together the records raise progress, each correction can lower it."""
    complete_prerequisites(database, world)
    before = achieved_by_all(database)
    for act, a, b in (
        (holds_workshop, 2, 0), (makes_up, 1, 0), (makes_up, 1, 0), (marks_done, 0, 0), (hands_in, 0, 0),
        (declares, 1, 0), (decides, 0, 1), (meets, 1, 0), (accompanies, 0, 1), (judges, 0, 1),
    ):  # fmt: skip
        assert tried(database, world, act, a, b), act.__name__
        done = achieved_by_all(database)
    assert set(fallen(done, before)) > {f"{world.enrolments['maude']}: {what}" for what in ("mandates", "recognised")}
    for act, a, b in (
        (calls_again, 0, 0), (marks_not_done, 0, 0), (decides_again, 0, 0), (records_again, 0, 2),
        (corrects_milestone, 0, 0), (judges_again, 0, 0), (cancels, 0, 0),
    ):  # fmt: skip
        assert tried(database, world, act, a, b), act.__name__
        now = achieved_by_all(database)
        assert fallen(done, now), act.__name__
        done = now
