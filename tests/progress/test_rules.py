"""``fold`` on the two real paths: each reason and each rule."""

from datetime import timedelta

import pytest

from app.curricula.enums import MandateKind
from app.curricula.schemas import Curriculum
from app.network.enums import CertificateKind
from app.progress.facts import (
    ActivityDone,
    Attended,
    Basis,
    CatchUpAssigned,
    CodevAttended,
    CodevClient,
    Fact,
    FieldTime,
    HandedIn,
    Judged,
    MandateDone,
)
from app.progress.next_steps.rules import next_steps
from app.progress.rules import fold, mandate_completed
from app.progress.schemas import ActivityProgress, Eligibility, ModuleProgress, Progress, State
from tests.factories.progress import FROM_THE_START, GENERALIST, SPECIALIST, START, day, everything, without

PARTICIPATION = CertificateKind.attestation_participation
ACHIEVEMENT = CertificateKind.attestation_reussite
CERTIFICATION = CertificateKind.certification_collegiale


def progress_after(*facts: Fact, curriculum: Curriculum = GENERALIST, basis: Basis = FROM_THE_START) -> Progress:
    return fold(curriculum, basis, facts)


def module(progress: Progress, code: str) -> ModuleProgress:
    return next(m for m in progress.modules if m.code == code)


def reasons(progress: ActivityProgress | ModuleProgress | Eligibility) -> list[tuple[str, dict[str, object]]]:
    return [(why.code, dict(why.params)) for why in progress.why]


def eligibility(progress: Progress, kind: CertificateKind) -> Eligibility:
    return next(e for e in progress.eligibility if e.kind is kind)


# What is left, and why --------------------------------------------------------------------------


def test_nothing_done_gives_a_reason_for_each_type_of_activity() -> None:
    progress = progress_after()
    assert (progress.recognised_minutes, progress.planned_minutes) == (0, 60 * 60)
    assert reasons(progress.activity("GEN-1.A")) == [("activity_to_do", {"activity": "GEN-1.A"})]
    assert reasons(progress.activity("GEN-1.B")) == [("session_to_come", {"activity": "GEN-1.B"})]
    assert reasons(progress.activity("GEN-1.C")) == [("hand_in_missing", {"activity": "GEN-1.C"})]
    assert module(progress, "GEN-2").state is State.OPEN
    assert progress.attendance_pct is None
    assert progress.last_fact_on is None


def test_a_module_stays_closed_until_its_prerequisites_are_complete() -> None:
    """BR-03: an activity opens when the modules it asks for are complete."""
    closed = module(progress_after(), "GEN-3")
    assert closed.state is State.LOCKED
    assert reasons(closed)[0] == ("prerequisite_missing", {"module": "GEN-1"})
    assert reasons(closed.activities[0]) == [("prerequisite_missing", {"module": "GEN-1"})]
    gen_1 = [f for f in everything(GENERALIST) if str(getattr(f, "activity_code", "")).startswith("GEN-1.")]
    opened = module(progress_after(*gen_1), "GEN-3")
    assert opened.state is State.OPEN
    assert {a.state for a in opened.activities} == {State.OPEN}


def test_a_chain_of_prerequisites_counts_not_only_the_nearest() -> None:
    """GEN-3 itself finished does not open GEN-8 while GEN-1, before it, is not."""
    progress = progress_after(*without(everything(GENERALIST), "GEN-1.A"))
    assert module(progress, "GEN-3").state is State.LOCKED
    assert [w for w in reasons(module(progress, "GEN-8")) if w[0] == "prerequisite_missing"] == [
        ("prerequisite_missing", {"module": "GEN-3"}),
        ("prerequisite_missing", {"module": "GEN-6"}),
    ]


def test_an_activity_may_require_more_modules_than_its_own() -> None:
    """SPE-10.C waits for SPE-5, SPE-6 and SPE-8 while SPE-10.A is open; a module is named once."""
    done = [
        f for f in everything(SPECIALIST) if str(getattr(f, "activity_code", ""))[:6] in {"SPE-0.", "SPE-1.", "SPE-2."}
    ]
    progress = progress_after(*done, curriculum=SPECIALIST)
    assert progress.activity("SPE-10.A").state is State.OPEN
    assert reasons(progress.activity("SPE-10.C")) == [
        ("prerequisite_missing", {"module": code}) for code in ("SPE-5", "SPE-6", "SPE-8")
    ]
    nothing = progress_after(curriculum=SPECIALIST)
    assert reasons(nothing.activity("SPE-10.A")) == [("prerequisite_missing", {"module": "SPE-2"})]


def test_a_done_activity_stays_done_even_in_a_locked_module() -> None:
    progress = progress_after(ActivityDone("GEN-3.A", day(2)))
    assert progress.activity("GEN-3.A").state is State.DONE
    assert progress.activity("GEN-3.A").recognised_minutes == 120


def test_the_first_day_counts_when_something_was_done_twice() -> None:
    progress = progress_after(HandedIn("GEN-1.C", day(3), 2), HandedIn("GEN-1.C", day(2), 1))
    assert progress.activity("GEN-1.C").done_on == day(2)
    assert progress.activity("GEN-1.C").recognised_minutes == 60
    assert progress.last_fact_on == day(3)


def test_a_missed_workshop_or_an_assigned_catch_up_gives_the_reason_to_catch_up() -> None:
    missed = progress_after(Attended(1, "GEN-1.B", day(1), 180, 0)).activity("GEN-1.B")
    assigned = progress_after(CatchUpAssigned("GEN-1.B", 180, None)).activity("GEN-1.B")
    assert reasons(missed) == reasons(assigned) == [("catch_up_to_do", {"activity": "GEN-1.B"})]


def test_a_missed_codevelopment_session_cannot_be_made_up() -> None:
    """S2: nothing of it is recorded, so it cannot be caught up."""
    assert (
        reasons(progress_after(CodevAttended(1, "GEN-7.A", day(3), 180, 0)).activity("GEN-7.A"))[0][0]
        == "prerequisite_missing"
    )
    gen_1 = [f for f in everything(GENERALIST) if str(getattr(f, "activity_code", "")).startswith("GEN-1.")]
    progress = progress_after(*gen_1, CodevAttended(1, "GEN-7.A", day(3), 180, 0))
    assert reasons(progress.activity("GEN-7.A")) == [("session_missed", {"activity": "GEN-7.A"})]
    assert reasons(progress.activity("GEN-7.B")) == [("session_to_come", {"activity": "GEN-7.B"})]


# Hours: BR-06 -----------------------------------------------------------------------------------


def test_group_hours_are_the_minutes_present_and_never_above_the_plan() -> None:
    twice = [Attended(1, "GEN-1.B", day(1), 180, 100), Attended(2, "GEN-1.B", day(2), 180, 120)]
    assert progress_after(twice[0]).activity("GEN-1.B").recognised_minutes == 100
    assert progress_after(*twice).activity("GEN-1.B").recognised_minutes == 180


def opened_field(*facts: Fact) -> ActivityProgress:
    before = [f for f in everything(GENERALIST) if not str(getattr(f, "activity_code", "GEN-8")).startswith("GEN-8")]
    return progress_after(*before, *facts).activity("GEN-8.A")


def test_field_hours_count_once_countersigned() -> None:
    """GEN-8.A is planned for 180 minutes."""
    nothing = opened_field()
    assert reasons(nothing) == [("field_hours_missing", {"activity": "GEN-8.A", "missing_minutes": 180})]
    pending = opened_field(FieldTime(1, "GEN-8.A", day(12), 180, None))
    assert (pending.state, pending.recognised_minutes) == (State.WAITING, 0)
    assert reasons(pending) == [("hours_to_countersign", {"activity": "GEN-8.A"})]
    some = opened_field(FieldTime(1, "GEN-8.A", day(12), 60, None), FieldTime(2, "GEN-8.A", day(12), 30, accepted=True))
    assert (some.state, some.recognised_minutes) == (State.OPEN, 30)
    assert reasons(some) == [("field_hours_missing", {"activity": "GEN-8.A", "missing_minutes": 90})]
    part = opened_field(FieldTime(1, "GEN-8.A", day(12), 60, accepted=True))
    assert (part.state, part.recognised_minutes) == (State.OPEN, 60)
    assert reasons(part) == [("field_hours_missing", {"activity": "GEN-8.A", "missing_minutes": 120})]
    refused = opened_field(FieldTime(1, "GEN-8.A", day(12), 180, accepted=False))
    assert (refused.state, refused.recognised_minutes) == (State.OPEN, 0)
    done = opened_field(
        FieldTime(1, "GEN-8.A", day(12), 120, accepted=True), FieldTime(2, "GEN-8.A", day(13), 90, accepted=True)
    )
    assert (done.state, done.recognised_minutes, done.done_on) == (State.DONE, 180, day(13))


def test_self_study_and_assessments_count_their_planned_hours_whole() -> None:
    progress = progress_after(ActivityDone("GEN-1.A", day(1)), HandedIn("GEN-1.C", day(1), 1))
    assert progress.activity("GEN-1.A").recognised_minutes == 120
    assert progress.activity("GEN-1.C").recognised_minutes == 60
    assert progress.recognised_minutes == 180


# Attendance: BR-08 ------------------------------------------------------------------------------


def test_an_excused_absence_lowers_attendance_as_any_other() -> None:
    progress = progress_after(Attended(1, "GEN-1.B", day(1), 180, 180), Attended(2, "GEN-2.B", day(3), 180, 0))
    assert (progress.attended_minutes, progress.attendance_base_minutes, progress.attendance_pct) == (180, 360, 50)


def test_a_session_is_never_attended_for_more_than_it_lasted() -> None:
    assert progress_after(Attended(1, "GEN-1.B", day(1), 120, 180)).attendance_pct == 100


def test_codevelopment_counts_in_attendance_and_field_does_not() -> None:
    progress = progress_after(
        CodevAttended(1, "GEN-7.A", day(8), 180, 90), FieldTime(1, "GEN-8.A", day(9), 60, accepted=True)
    )
    assert (progress.attended_minutes, progress.attendance_base_minutes) == (90, 180)


LATE = Basis(starts_on=START, joined_on=day(5))


def test_attendance_base_of_a_late_joiner_is_the_sessions_since_and_the_catch_ups_assigned() -> None:
    """S2: joined in week 5; what took place before counts only through its catch-up."""
    before = Attended(1, "GEN-1.B", day(1), 180, 0)
    after = Attended(2, "GEN-3.B", day(6), 240, 240)
    assert progress_after(before, after, basis=LATE).attendance_base_minutes == 240
    assigned = CatchUpAssigned("GEN-1.B", 180, None)
    waiting = progress_after(after, assigned, basis=LATE)
    assert (waiting.attended_minutes, waiting.attendance_base_minutes, waiting.attendance_pct) == (240, 420, 57)
    made_up = progress_after(after, CatchUpAssigned("GEN-1.B", 180, day(7)), basis=LATE)
    assert made_up.attendance_pct == 100
    assert made_up.activity("GEN-1.B").done_on == day(7)
    assert made_up.activity("GEN-1.B").recognised_minutes == 180
    assert waiting.last_fact_on == day(6)


def test_making_up_a_session_missed_after_joining_gives_the_hours_but_not_the_attendance() -> None:
    progress = progress_after(Attended(1, "GEN-1.B", day(1), 180, 0), CatchUpAssigned("GEN-1.B", 180, day(3)))
    assert progress.activity("GEN-1.B").state is State.DONE
    assert progress.recognised_minutes == 180
    assert (progress.attended_minutes, progress.attendance_base_minutes) == (0, 180)


def test_a_cancelled_session_is_no_fact_so_it_is_not_in_the_base() -> None:
    """Loaders leave it out (the service's tests show it); the base is what is left."""
    held = Attended(1, "GEN-1.B", day(1), 180, 180)
    assert progress_after(held).attendance_pct == 100
    assert progress_after(held, Attended(2, "GEN-2.B", day(3), 180, 0)).attendance_pct == 50


# Codevelopment: BR-09 ---------------------------------------------------------------------------


def codev(sessions: int, turns: int) -> ModuleProgress:
    facts: list[Fact] = [f for f in everything(GENERALIST) if str(getattr(f, "activity_code", "")).startswith("GEN-1.")]
    for n, letter in enumerate("ABCD"[:sessions]):
        facts.append(CodevAttended(n, f"GEN-7.{letter}", day(8 + n), 180, 180))
    facts.extend(CodevClient(n, 1, day(9)) for n in range(turns))
    return module(progress_after(*facts), "GEN-7")


def test_a_codevelopment_module_is_complete_by_its_quorum() -> None:
    """Three sessions of four and one turn as client; the fourth session stays open, the module is done."""
    assert reasons(codev(1, 0)) == [("codev_sessions_missing", {"n": 2}), ("codev_client_missing", {"n": 1})]
    assert reasons(codev(4, 0)) == [("codev_client_missing", {"n": 1})]
    assert reasons(codev(2, 1)) == [("codev_sessions_missing", {"n": 1})]
    done = codev(3, 1)
    assert (done.state, done.why, done.recognised_minutes) == (State.DONE, (), 540)


def test_a_session_of_another_module_gives_no_quorum_and_a_turn_counts_once() -> None:
    turn = CodevClient(1, 1, day(9))
    progress = progress_after(CodevAttended(1, "GEN-1.B", day(8), 180, 180), turn, turn)
    assert ("codev_sessions_missing", {"n": 3}) in reasons(module(progress, "GEN-7"))
    assert progress.codev.times_client == 1


def test_other_activities_of_a_codevelopment_module_are_required_too() -> None:
    mixed = GENERALIST.modules_by_code["GEN-7"]
    study = GENERALIST.activity("GEN-1.A").model_copy(update={"code": "GEN-7.E"})
    widened = mixed.model_copy(update={"activities": (*mixed.activities, study)})
    curriculum = GENERALIST.model_copy(
        update={"modules": tuple(widened if m.code == "GEN-7" else m for m in GENERALIST.modules)}
    )
    progress = fold(curriculum, FROM_THE_START, everything(GENERALIST))
    assert reasons(module(progress, "GEN-7")) == [("activity_to_do", {"activity": "GEN-7.E"})]


# Mandates, levels -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "agreement", "diagnostic", "plan", "completed"),
    [
        (MandateKind.accompagnement, True, True, True, True),
        (MandateKind.accompagnement, True, True, False, False),
        (MandateKind.accompagnement, False, True, True, False),
        (MandateKind.accompagnement, True, False, True, False),
        (MandateKind.orientation, True, True, False, True),
        (MandateKind.orientation, True, False, False, False),
        (MandateKind.orientation, False, True, True, False),
    ],
)
def test_a_mandate_is_complete_with_its_dated_facts(
    kind: MandateKind, *, agreement: bool, diagnostic: bool, plan: bool, completed: bool
) -> None:
    days = [day(n) if is_done else None for n, is_done in ((1, agreement), (2, diagnostic), (3, plan))]
    assert mandate_completed(MandateDone(1, kind, 9, *days)) is completed


def test_mandates_count_enterprises_once_and_give_the_last_fact_date() -> None:
    progress = progress_after(
        MandateDone(1, MandateKind.accompagnement, 7, day(1), day(2), day(3)),
        MandateDone(2, MandateKind.accompagnement, 7, day(1), day(2), day(5)),
        MandateDone(3, MandateKind.orientation, 8, day(1), None, None),
        MandateDone(4, MandateKind.orientation, 8, None, None, None),
    )
    assert progress.mandates.model_dump() == {"open": 2, "completed": 2, "enterprises": 1}
    assert progress.last_fact_on == day(5)


def test_the_highest_validated_level_stands() -> None:
    progress = progress_after(
        Judged(1, "CN-01", 3, day(2)), Judged(2, "CN-01", 2, day(9)), Judged(3, "CN-05", 1, day(9))
    )
    levels = {c.code: (c.level, c.threshold) for c in progress.competencies}
    assert levels["CN-01"] == (3, 3)
    assert levels["CN-02"] == (None, 2)
    assert levels["CN-05"] == (1, None)


# Eligibility ------------------------------------------------------------------------------------


@pytest.mark.parametrize("curriculum", [GENERALIST, SPECIALIST], ids=lambda c: c.slug)
def test_everything_done_leads_to_every_certificate_of_the_path(curriculum: Curriculum) -> None:
    progress = progress_after(*everything(curriculum), curriculum=curriculum)
    assert {e.kind: e.why for e in progress.eligibility} == {rule.kind: () for rule in curriculum.certificates}
    assert all(e.eligible for e in progress.eligibility)
    assert {m.state for m in progress.modules} == {State.DONE}
    assert progress.next_due_on is None
    assert next_steps(progress) == ()
    assert progress.recognised_minutes == curriculum.minutes
    assert progress.attendance_base_minutes == curriculum.group_minutes


@pytest.mark.parametrize("curriculum", [GENERALIST, SPECIALIST], ids=lambda c: c.slug)
def test_nothing_done_gives_every_reason_against_a_participation(curriculum: Curriculum) -> None:
    participation = eligibility(progress_after(curriculum=curriculum), PARTICIPATION)
    needed = curriculum.minutes * 80 // 100
    assert reasons(participation) == [
        ("attendance_low", {"pct": 0, "needed": 80}),
        ("hours_low", {"recognised_minutes": 0, "needed_minutes": needed}),
    ]


def test_participation_needs_hours_and_attendance_and_no_level() -> None:
    facts = [f for f in everything(GENERALIST) if not isinstance(f, Judged | MandateDone)]
    progress = progress_after(*facts)
    assert eligibility(progress, PARTICIPATION).eligible
    assert {code for code, _ in reasons(eligibility(progress, ACHIEVEMENT))} == {
        "competency_below",
        "mandates_missing",
        "enterprises_missing",
    }


def test_hours_just_below_and_just_enough() -> None:
    """80 % of 60 hours is 2 880 minutes."""
    facts: list[Fact] = [f for f in everything(GENERALIST) if not isinstance(f, FieldTime)]
    short = [f for f in facts if getattr(f, "activity_code", "") not in {"GEN-2.A", "GEN-8.D"}]
    base = progress_after(*short).recognised_minutes
    assert base == 3600 - 420 - 300
    assert eligibility(progress_after(*short), PARTICIPATION).eligible
    less = without(short, "GEN-1.C")
    assert reasons(eligibility(progress_after(*less), PARTICIPATION)) == [
        ("hours_low", {"recognised_minutes": 2820, "needed_minutes": 2880})
    ]


def test_a_level_below_its_threshold_is_named() -> None:
    facts = [f for f in everything(GENERALIST) if not (isinstance(f, Judged) and f.competency_code == "CN-01")]
    expected = [("competency_below", {"competency": "CN-01", "level": 2, "needed": 3})]
    assert reasons(eligibility(progress_after(*facts, Judged(90, "CN-01", 2, day(9))), ACHIEVEMENT)) == expected


def test_an_unfinished_module_is_named() -> None:
    progress = progress_after(*without(everything(GENERALIST), "GEN-2.C"))
    assert reasons(eligibility(progress, ACHIEVEMENT)) == [("module_incomplete", {"module": "GEN-2"})]
    assert progress.next_due_on == START + timedelta(weeks=4, days=-1)


def test_certification_asks_for_three_enterprises_accompanied() -> None:
    facts = [f for f in everything(SPECIALIST) if not isinstance(f, MandateDone)]
    same = [MandateDone(n, MandateKind.accompagnement, 7, day(1), day(2), day(3)) for n in (1, 2)]
    progress = progress_after(*facts, *same, curriculum=SPECIALIST)
    assert reasons(eligibility(progress, CERTIFICATION)) == [
        ("mandates_missing", {"n": 1}),
        ("enterprises_missing", {"n": 2}),
    ]


def test_an_orientation_does_not_stand_for_an_accompaniment() -> None:
    facts = [
        f for f in everything(GENERALIST) if not (isinstance(f, MandateDone) and f.kind is MandateKind.orientation)
    ]
    assert ("mandates_missing", {"n": 1}) in reasons(eligibility(progress_after(*facts), ACHIEVEMENT))
