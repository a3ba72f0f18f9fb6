"""What a transfer carries, purely: mappings, returns, and every sequence of transfers (S3, BR-06)."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohorts.enums import CohortState, EnrolmentState
from app.curricula.enums import ActivityType, MandateKind
from app.curricula.mappings.rules import identity
from app.curricula.mappings.schemas import Credit, VersionMapping
from app.curricula.schemas import Curriculum
from app.progress.facts import (
    ActivityDone,
    Basis,
    CarriedActivity,
    CarriedAttendance,
    CodevAttended,
    CodevClient,
    Fact,
    FieldTime,
    Judged,
    MandateDone,
    Recognised,
)
from app.progress.rules import fold
from app.progress.schemas import Progress, State
from app.transfers.enums import CarriedFate
from app.transfers.rules import (
    Crossing,
    carried_facts,
    credited,
    crossing_reasons,
    first_state,
    pack,
    received,
    shown,
)
from app.transfers.schemas import CarriedMandate, CarriedResult, Origin, Package
from tests.factories.progress import FROM_THE_START, GENERALIST, PROPERTY, day, everything, histories

SAME = identity(GENERALIST)


def origin(enrolment: int, version: str = "1.0") -> Origin:
    return Origin(enrolment_id=enrolment, college=f"C{enrolment}", cohort="Cohorte", curriculum_version=version)


class Enrolments:
    """Enrolments of one person, each with its own facts and the file that it received last."""

    def __init__(self, curriculum: Curriculum = GENERALIST) -> None:
        self.curriculum, self.same = curriculum, identity(curriculum)
        self.own: dict[int, list[Fact]] = {}
        self.held: dict[int, Package] = {}

    def progress(self, enrolment: int) -> Progress:
        held = self.held.get(enrolment, Package())
        return self.alone([*self.own.get(enrolment, []), *carried_facts(held, lambda _: self.same)])

    def alone(self, facts: list[Fact]) -> Progress:
        return fold(self.curriculum, FROM_THE_START, facts)

    def move(self, before: int, after: int) -> None:
        own = self.own.get(before, [])
        package = pack(origin(before), self.alone(own), own, {}, self.held.get(before, Package()))
        self.held[after] = received(package, after, self.held.get(after, Package()))


def test_everything_is_carried_but_turns_as_client() -> None:
    people = Enrolments()
    people.own[1] = everything(GENERALIST)
    before = people.progress(1)
    people.move(1, 2)
    after = people.progress(2)
    assert after.carried_minutes == after.recognised_minutes == before.recognised_minutes
    assert (after.carried_attended_minutes, after.carried_base_minutes) == (
        before.attended_minutes, before.attendance_base_minutes,
    )  # fmt: skip
    assert after.competencies == before.competencies
    assert after.mandates == before.mandates
    assert after.codev.sessions_attended == before.codev.sessions_attended
    assert (before.codev.times_client, after.codev.times_client) == (2, 0)
    assert [m.code for m in after.modules if m.state is not State.DONE] == ["GEN-7"]
    again = fold(
        GENERALIST,
        FROM_THE_START,
        [CodevClient(9, 1, day(12)), CodevClient(10, 1, day(13)), *carried_facts(people.held[2], lambda _: SAME)],
    )
    assert all(m.state is State.DONE for m in again.modules), "a turn in the new group completes the module"


def test_a_return_finds_each_hour_once() -> None:
    people = Enrolments()
    people.own[1] = [ActivityDone("GEN-1.A", day(1)), Judged(1, "CN-01", 2, day(2))]
    people.move(1, 2)
    people.own[2] = [ActivityDone("GEN-2.A", day(3))]
    people.move(2, 1)
    back = people.progress(1)
    assert {r.enrolment_id for r in people.held[1].results} == {2}
    assert back.recognised_minutes == sum(GENERALIST.activity(code).minutes for code in ("GEN-1.A", "GEN-2.A"))
    assert back.carried_minutes == GENERALIST.activity("GEN-2.A").minutes


def test_a_file_that_arrives_replaces_what_it_knows_and_keeps_the_rest() -> None:
    first, stranger = origin(1), origin(9)
    old = CarriedResult(enrolment_id=1, activity_code="GEN-1.A", minutes=10, complete=False)
    new = old.model_copy(update={"minutes": 60, "complete": True})
    kept = old.model_copy(update={"enrolment_id": 9})
    held = Package(origins=(first, stranger), results=(old, kept))
    assert received(Package(origins=(first,), results=(new,)), 2, held).results == (new, kept)


moves = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), max_size=12)


@PROPERTY
@given(histories(), moves)
def test_whatever_the_transfers_and_returns_hours_count_once_and_nothing_validated_is_lost(
    history: tuple[Curriculum, Basis, list[Fact]], steps: list[tuple[int, int]]
) -> None:
    """Facts fall one by one in the enrolment that is followed; it goes on in any of three, and comes back."""
    curriculum, _, every = history
    facts = [f for f in every if not isinstance(f, CodevClient | CarriedActivity | CarriedAttendance)]
    people, here, given_so_far = Enrolments(curriculum), 1, list[Fact]()
    for there, how_many in steps:
        taken = facts[len(given_so_far) : len(given_so_far) + how_many]
        people.own.setdefault(here, []).extend(taken)
        given_so_far.extend(taken)
        if there != here:
            people.move(here, there)
            here = there
    now = people.progress(here)
    assert now.competencies == people.alone(given_so_far).competencies
    own_minutes: Counter[str] = Counter()
    for own in people.own.values():
        for module in people.alone(own).modules:
            own_minutes.update({a.code: a.recognised_minutes for a in module.activities})
    assert {a.code: a.recognised_minutes for m in now.modules for a in m.activities} == {
        a.code: min(own_minutes[a.code], a.minutes) for a in curriculum.activities
    }
    kept = [people.progress(enrolment) for enrolment in (1, 2, 3)]
    followed = sum(p.recognised_minutes - p.carried_minutes for p in kept)
    assert followed == own_minutes.total(), "the sum over colleges counts each hour where it was followed"


SPLIT = VersionMapping(
    source=("generaliste", "0.9"),
    target=("generaliste", "1.0"),
    given={
        "GEN-1.A": (
            Credit(code="GEN-1.A1", minutes=40, complete=True), Credit(code="GEN-1.A2", minutes=20, complete=True)
        ),
        "GEN-2.A": (Credit(code="GEN-1.A2", minutes=40, complete=True),),
        "GEN-7.A": (
            Credit(code="GEN-7.A", minutes=60, complete=True), Credit(code="GEN-7.B", minutes=60, complete=True)
        ),
    },
    levels={"CN-01": ("CN-01", "CN-13")},
    competency_fates={},
)  # fmt: skip
"""A version in which GEN-1.A was split, GEN-1.C has no equivalent, and GEN-1.A2 takes two activities."""


def test_a_split_gives_no_more_than_was_recognised_and_each_session_once() -> None:
    done = CarriedResult(enrolment_id=1, activity_code="GEN-1.A", minutes=50, complete=True, done_on=day(1))
    assert [(f.activity_code, f.minutes, f.complete) for f in credited(done, SPLIT, {"GEN-1.A"})] == [
        ("GEN-1.A1", 40, True), ("GEN-1.A2", 10, False),
    ]  # fmt: skip
    both = {"GEN-1.A", "GEN-2.A"}
    assert [f.complete for f in credited(done, SPLIT, both)] == [True, True], "all that completes it is done"
    met = CarriedResult(enrolment_id=1, activity_code="GEN-7.A", minutes=120, complete=True, done_on=day(1), sessions=1)
    assert [f.sessions for f in credited(met, SPLIT, {"GEN-7.A"})] == [1, 0]


def test_unmapped_results_are_shown_and_do_not_count() -> None:
    results = (
        CarriedResult(enrolment_id=1, activity_code="GEN-1.A", minutes=60, complete=True, done_on=day(1)),
        CarriedResult(enrolment_id=1, activity_code="GEN-1.C", minutes=30, complete=True, done_on=day(1)),
        CarriedResult(enrolment_id=2, activity_code="GEN-1.B", minutes=90, complete=True, done_on=day(1)),
    )
    package = Package(origins=(origin(1, "0.9"), origin(2)), results=results)
    mappings = {"0.9": SPLIT, "1.0": SAME}
    read = shown(package, mappings.__getitem__, lambda version, code: f"{code} de {version}")
    assert [(r.title, r.counted_minutes, r.becomes, r.fate) for r in read.results] == [
        ("GEN-1.A de 0.9", 60, ("GEN-1.A1", "GEN-1.A2"), CarriedFate.PARTLY),
        ("GEN-1.C de 0.9", 0, (), CarriedFate.NOT_COUNTED),
        ("GEN-1.B de 1.0", 90, ("GEN-1.B",), CarriedFate.CARRIED),
    ]
    assert read.counted_minutes == 150
    given = [f.activity_code for f in carried_facts(package, mappings.__getitem__) if isinstance(f, CarriedActivity)]
    assert given == ["GEN-1.A1", "GEN-1.A2", "GEN-1.B"]


def test_a_level_goes_to_the_competencies_that_its_mapping_names() -> None:
    """Also one recognised from before the path."""
    people = Enrolments()
    people.own[1] = [Judged(1, "CN-01", 2, day(2)), Recognised(1, "CN-01", 3, day(1))]
    people.move(1, 2)
    package = people.held[2]
    assert carried_facts(package, lambda _: SPLIT)[:4] == (
        Judged(1, "CN-01", 2, day(2)), Judged(1, "CN-13", 2, day(2)),
        Recognised(1, "CN-01", 3, day(1)), Recognised(1, "CN-13", 3, day(1)),
    )  # fmt: skip
    read = shown(package, lambda _: SPLIT, lambda *_: "")
    assert [(r.competency_code, r.level, r.college) for r in read.recognitions] == [("CN-01", 3, "C1")]


def test_a_mandate_counts_once_it_is_complete() -> None:
    begun = CarriedMandate(
        enrolment_id=1, mandate_id=1, kind=MandateKind.accompagnement, enterprise_id=1, agreement_on=day(1)
    )
    done = begun.model_copy(update={"mandate_id": 2, "diagnostic_on": day(2), "plan_on": day(3)})
    package = Package(origins=(origin(1),), mandates=(begun, done))
    assert carried_facts(package, lambda _: SAME) == (
        MandateDone(2, MandateKind.accompagnement, 1, day(1), day(2), day(3)),
    )
    assert [m.counts for m in shown(package, lambda _: SAME, lambda *_: "").mandates] == [False, True]


# What the fold does with what was carried --------------------------------------------------------


def after(*facts: Fact) -> Progress:
    return fold(GENERALIST, FROM_THE_START, facts)


def carry(code: str, minutes: int, *, complete: bool = False, on: date | None = None) -> CarriedActivity:
    return CarriedActivity(1, code, minutes, complete, on or day(1))


def test_carried_hours_stay_within_those_planned() -> None:
    """BR-06."""
    planned = GENERALIST.activity("GEN-1.A").minutes
    one = after(ActivityDone("GEN-1.A", day(2)), carry("GEN-1.A", planned, complete=True)).activity("GEN-1.A")
    assert (one.recognised_minutes, one.carried_minutes, one.done_on) == (planned, 0, day(1))


def test_partly_carried_hours_leave_the_activity_to_do() -> None:
    part = after(carry("GEN-1.A", 5)).activity("GEN-1.A")
    assert (part.recognised_minutes, part.carried_minutes, part.state) == (5, 5, State.OPEN)
    assert [w.code for w in part.why] == ["activity_to_do"]


def test_hours_in_the_field_are_completed_by_those_that_are_missing() -> None:
    field = next(a for a in GENERALIST.activities if a.type is ActivityType.field_mandate)
    begun = [
        why for m in after(carry(field.code, 60)).modules for why in m.why if why.params.get("activity") == field.code
    ]
    assert [(why.code, why.params.get("missing_minutes")) for why in begun] == [
        ("field_hours_missing", field.minutes - 60)
    ]
    rest = FieldTime(1, field.code, day(5), field.minutes - 60, accepted=True)
    done = after(carry(field.code, 60), rest).activity(field.code)
    assert (done.state, done.recognised_minutes, done.carried_minutes) == (State.DONE, field.minutes, 60)


def test_attendance_follows_the_person() -> None:
    """BR-08: an absence before the transfer still counts."""
    progress = after(CarriedAttendance(1, 60, 120), CodevAttended(1, "GEN-7.A", day(4), 180, 180))
    assert (progress.attended_minutes, progress.attendance_base_minutes) == (240, 300)
    assert (progress.carried_attended_minutes, progress.carried_base_minutes) == (60, 120)


# What refuses it ---------------------------------------------------------------------------------

FINE = {
    "state": EnrolmentState.ACTIVE, "slug": "generaliste", "cohort_id": 1, "to_slug": "generaliste", "to_cohort_id": 2,
    "to_state": CohortState.RUNNING, "seats_left": 1, "is_mapped": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"state": EnrolmentState.ON_LEAVE}, []),
        ({"state": EnrolmentState.COMPLETED}, ["transfer_not_followed"]),
        ({"to_cohort_id": 1}, ["transfer_same_cohort"]),
        ({"to_slug": "specialise"}, ["transfer_other_path"]),
        ({"is_mapped": False}, ["transfer_not_mapped"]),
        ({"to_state": CohortState.CLOSED}, ["transfer_cohort_over"]),
        ({"to_state": CohortState.ARCHIVED}, ["transfer_cohort_over"]),
        ({"seats_left": 0}, ["transfer_no_seat"]),
    ],
)
def test_each_reason_that_refuses(change: dict[str, object], codes: list[str]) -> None:
    case = Crossing(**{**FINE, **change})  # type: ignore[arg-type]
    assert [reason.code for reason in crossing_reasons(case)] == codes


def test_the_new_enrolment_is_admitted_until_its_cohort_runs() -> None:
    assert first_state(CohortState.RUNNING) is EnrolmentState.ACTIVE
    assert first_state(CohortState.OPEN) is EnrolmentState.ADMITTED
