"""Reviews, committees and double assessments on the database (S5)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import CohortState, EnrolmentState
from app.grading.panels import reading
from app.grading.panels.enums import Basis, PanelKind, PanelState
from app.grading.panels.schemas import PanelsApiQuery
from app.holds.service import open_holds
from app.notifications.models import Notification
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from app.platform.security.permissions import P
from app.progress.path.service import progress_of
from tests.factories.cohorts import set_state
from tests.factories.grading import hand_in, judge, judge_command
from tests.factories.network import World, acting
from tests.factories.panels import (
    MOTIVE,
    REASONS,
    add_trainers,
    ask,
    history,
    judged,
    leaves,
    name,
    open_double,
    read,
    speak,
    take,
)
from tests.factories.statements import recorded_statements


def codes(refused: pytest.ExceptionInfo[DomainError]) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


def level_of(database: Database, world: World) -> int | None:
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.PROGRESS_READ)
        progress = progress_of(db, enrolments.see_enrolment(db, actor, world.enrolments["maude"]))
    return next(c.level for c in progress.competencies if c.code == "CN-01")


def holds(database: Database, world: World) -> list[str]:
    with database.transaction(colleges=[world.alma]) as db:
        found = open_holds(db, [world.enrolments["maude"]])
    return [hold.kind.value for hold in found.get(world.enrolments["maude"], [])]


# A review ----------------------------------------------------------------------------------------


def test_person_asks_for_a_review_and_another_assessor_decides(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    first = judged(database, world)
    panel = ask(database, world, first.id)
    assert (panel.kind, panel.state, panel.motive) == (PanelKind.REVIEW, PanelState.TO_NAME, MOTIVE)
    assert holds(database, world) == ["review"]
    name(database, world, panel.id, "karim")
    decided = speak(database, world, panel.id, "karim", 3)
    assert (decided.state, decided.level, decided.basis) == (PanelState.DECIDED, 3, Basis.SINGLE)
    second, kept = history(database, world)
    assert (second.level, second.supersedes_id, second.reason) == (3, first.id, REASONS)
    assert (kept.level, kept.superseded_by, kept.assessor) == (2, second.id, "Théo Formation")
    assert level_of(database, world) == 3
    assert holds(database, world) == []


def test_review_that_maintains_the_level_writes_no_judgement_and_says_why(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    first = judged(database, world)
    panel = ask(database, world, first.id)
    take(database, world, panel.id, "karim")
    speak(database, world, panel.id, "karim", 2)
    assert [j.id for j in history(database, world)] == [first.id]
    shown = read(database, world, panel.id, "maude")
    assert (shown.level, shown.decided_judgement_id) == (2, first.id)
    assert [o.reasons for o in shown.opinions] == [REASONS]
    assert holds(database, world) == []


def test_first_assessor_the_person_and_a_stranger_are_no_reviewers(database: Database, world: World) -> None:
    add_trainers(database, world, "maude")
    panel = ask(database, world, judged(database, world).id)
    for who in ("trainer", "maude", "other_trainer"):
        with pytest.raises(Invalid) as refused:
            name(database, world, panel.id, who)
        assert codes(refused) == ["assessor_not_eligible"]
    with pytest.raises(Forbidden) as taken:
        take(database, world, panel.id, "trainer")
    assert codes(taken) == ["assessor_not_eligible"]


def test_trainer_of_the_college_outside_the_cohort_takes_a_review_from_the_list(
    database: Database, world: World
) -> None:
    add_trainers(database, world, "nobody", cohort=False)
    panel = ask(database, world, judged(database, world).id)
    with database.transaction() as db:
        actor = acting(db, world, "nobody", P.JUDGEMENT_READ)
        [row] = reading.panels_after(db, actor, PanelsApiQuery()).items
        assert (row.id, row.may_take) == (panel.id, True)
        with pytest.raises(NotFound):
            reading.see_panel(db, actor, panel.id)
    with database.transaction() as db:
        first = acting(db, world, "trainer", P.JUDGEMENT_READ)
        assert [row.may_take for row in reading.panels_after(db, first, PanelsApiQuery()).items] == [False]
    assert not read(database, world, panel.id, "trainer").may_take
    take(database, world, panel.id, "nobody")
    assert read(database, world, panel.id, "nobody").motive == MOTIVE
    with pytest.raises(Conflict):
        take(database, world, panel.id, "nobody")
    assert speak(database, world, panel.id, "nobody", 3).level == 3


def test_review_never_lowers_and_needs_the_criteria_of_its_level(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    panel = ask(database, world, judged(database, world).id)
    name(database, world, panel.id, "karim")
    with pytest.raises(Invalid) as refused:
        speak(database, world, panel.id, "karim", 1)
    assert codes(refused) == ["review_lowers"]
    with pytest.raises(Forbidden) as outside:
        speak(database, world, panel.id, "trainer", 3)
    assert codes(outside) == ["not_of_panel"]


def test_review_is_asked_within_the_days_of_the_college(database: Database, world: World) -> None:
    first = judged(database, world)
    with at(now() + timedelta(days=16)), pytest.raises(Conflict) as refused:
        ask(database, world, first.id)
    assert codes(refused) == ["review_too_late"]
    with database.as_owner() as db:
        db.execute(sa.text("update college set review_days = 20"))
    with at(now() + timedelta(days=16)):
        assert ask(database, world, first.id).kind is PanelKind.REVIEW


def test_judgement_is_contested_once_at_a_time_and_only_by_its_person(database: Database, world: World) -> None:
    first = judged(database, world)
    ask(database, world, first.id)
    with pytest.raises(Conflict) as refused:
        ask(database, world, first.id)
    assert codes(refused) == ["panel_open"]
    with pytest.raises(NotFound):
        ask(database, world, first.id, "karim")


def test_first_assessor_does_not_replace_a_judgement_that_is_contested(database: Database, world: World) -> None:
    first = judged(database, world)
    ask(database, world, first.id)
    correction = judge_command(*first.evidence, level=1, supersedes=first.id, reason="Erreur.")
    with pytest.raises(Conflict) as refused:
        judge(database, world, correction)
    assert codes(refused) == ["panel_open"]
    assert judge(database, world, judge_command(hand_in(database, world, attempt=2), level=1)).level == 1, (
        "the path goes on"
    )


def test_open_review_blocks_a_failure_and_the_person_goes_on(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    panel = ask(database, world, judged(database, world).id)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        enrolment = enrolments.see_enrolment(db, actor, world.enrolments["maude"])
        assert enrolment.state is EnrolmentState.ACTIVE
        with pytest.raises(Conflict) as refused:
            enrolments.move(db, actor, enrolment, MoveCommand(to=EnrolmentState.FAILED, reason="Seuils."))
        assert codes(refused) == ["review_open"]
    name(database, world, panel.id, "karim")
    speak(database, world, panel.id, "karim", 2)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        enrolment = enrolments.see_enrolment(db, actor, world.enrolments["maude"])
        moved = enrolments.move(db, actor, enrolment, MoveCommand(to=EnrolmentState.FAILED, reason="Seuils."))
    assert (moved.state, moved.awaiting) == (EnrolmentState.ACTIVE, EnrolmentState.FAILED)


def test_assessors_and_the_person_are_told(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    panel = ask(database, world, judged(database, world).id)
    name(database, world, panel.id, "karim")
    speak(database, world, panel.id, "karim", 3)
    with database.as_owner() as db:
        told = select(Notification).where(Notification.page == f"/revisions/{panel.id}")
        rows = db.exec(told.order_by(col(Notification.id))).all()
    assert [(row.kind, row.person_id) for row in rows] == [
        ("panel_named", world.people["karim"]),
        ("review_decided", world.people["maude"]),
    ]


# A committee -------------------------------------------------------------------------------------


def test_further_appeal_goes_to_three_people_who_did_not_judge(database: Database, world: World) -> None:
    add_trainers(database, world, "karim", "elise", "yves", "nobody")
    first = judged(database, world)
    review = ask(database, world, first.id)
    name(database, world, review.id, "karim")
    speak(database, world, review.id, "karim", 2)
    appeal = ask(database, world, first.id)
    assert (appeal.kind, appeal.wanted) == (PanelKind.COMMITTEE, 3)
    for former in ("trainer", "karim"):
        with pytest.raises(Invalid) as refused:
            name(database, world, appeal.id, former, "elise", "yves")
        assert codes(refused) == ["assessor_not_eligible"]
    name(database, world, appeal.id, "elise", "yves", "nobody")
    speak(database, world, appeal.id, "elise", 3)
    speak(database, world, appeal.id, "yves", 2)
    assert read(database, world, appeal.id, "nobody").opinions == (), "nobody reads a level before all have spoken"
    assert len(read(database, world, appeal.id, "elise").opinions) == 1
    decided = speak(database, world, appeal.id, "nobody", 3)
    assert (decided.level, decided.basis, len(decided.opinions)) == (3, Basis.MAJORITY, 3)
    assert [j.level for j in history(database, world)] == [3, 2]
    with pytest.raises(Conflict) as final:
        ask(database, world, history(database, world)[0].id)
    assert codes(final) == ["appeals_exhausted"]


def test_appeal_of_a_review_that_changed_the_level_leaves_out_both_assessors(database: Database, world: World) -> None:
    add_trainers(database, world, "karim", "elise", "yves", "nobody")
    review = ask(database, world, judged(database, world, level=1).id)
    name(database, world, review.id, "karim")
    speak(database, world, review.id, "karim", 2)
    appeal = ask(database, world, history(database, world)[0].id)
    assert appeal.kind is PanelKind.COMMITTEE
    for former in ("trainer", "karim"):
        with pytest.raises(Invalid):
            name(database, world, appeal.id, former, "elise", "yves")


# A double assessment -----------------------------------------------------------------------------


def test_two_of_one_level_make_the_judgement_and_neither_read_the_other_before(
    database: Database, world: World
) -> None:
    add_trainers(database, world, "karim")
    panel = open_double(database, world, hand_in(database, world), "trainer", "karim")
    speak(database, world, panel.id, "trainer", 3)
    assert read(database, world, panel.id, "karim").opinions == ()
    assert read(database, world, panel.id, "coordinator").opinions == ()
    with pytest.raises(Conflict) as again:
        speak(database, world, panel.id, "trainer", 2)
    assert codes(again) == ["opinion_recorded"]
    decided = speak(database, world, panel.id, "karim", 3)
    assert (decided.basis, {s.name for s in decided.seats}) == (Basis.AGREEMENT, {"Théo Formation", "Karim Haddad"})
    [judgement] = history(database, world)
    assert (judgement.level, judgement.id) == (3, decided.decided_judgement_id)


def test_assessors_beyond_those_offered_to_choose_among_are_named(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.identity.roles.service.MOST_HOLDERS", 1)
    add_trainers(database, world, "karim", "elise")
    panel = open_double(database, world, hand_in(database, world), "trainer", "karim")
    speak(database, world, panel.id, "trainer", 1)
    speak(database, world, panel.id, "karim", 3)
    assert len(name(database, world, panel.id, "elise").seats) == 3


def test_two_that_differ_across_the_threshold_make_no_result_until_they_agree(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    panel = open_double(database, world, hand_in(database, world), "trainer", "karim")
    speak(database, world, panel.id, "trainer", 2)
    differing = speak(database, world, panel.id, "karim", 3)
    assert (differing.state, differing.level, history(database, world)) == (PanelState.DIFFERING, None, [])
    assert [o.level for o in read(database, world, panel.id, "trainer").opinions] == [2, 3]
    assert read(database, world, panel.id, "maude").opinions == ()
    speak(database, world, panel.id, "trainer", 3)
    decided = speak(database, world, panel.id, "karim", 3)
    assert (decided.level, decided.basis) == (3, Basis.CONSENSUS)


def test_third_assessor_decides_where_two_differ(database: Database, world: World) -> None:
    add_trainers(database, world, "karim", "elise")
    panel = open_double(database, world, hand_in(database, world), "trainer", "karim")
    speak(database, world, panel.id, "trainer", 1)
    speak(database, world, panel.id, "karim", 3)
    name(database, world, panel.id, "elise")
    with pytest.raises(Conflict) as refused:
        speak(database, world, panel.id, "karim", 3)
    assert codes(refused) == ["third_decides"]
    decided = speak(database, world, panel.id, "elise", 2)
    assert (decided.level, decided.basis) == (2, Basis.THIRD)
    assert [(j.level, j.assessor) for j in history(database, world)] == [(2, "Élise Lœwen-Côté")]


def test_nobody_judges_alone_what_two_assess(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    ref = hand_in(database, world)
    open_double(database, world, ref, "trainer", "karim")
    with pytest.raises(Conflict) as refused:
        judge(database, world, judge_command(ref))
    assert codes(refused) == ["panel_open"]
    with pytest.raises(Conflict):
        open_double(database, world, ref, "trainer", "karim")


def test_double_assessment_names_two_who_may_and_evidence_of_the_person(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    other = hand_in(database, world, "karim")
    with pytest.raises(Invalid) as refused:
        open_double(database, world, other, "trainer", "trainer")
    assert codes(refused) == ["evidence_unknown", "assessors_wanted"]


def test_two_assess_only_who_goes_on(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    ref = hand_in(database, world)
    panel = open_double(database, world, ref, "trainer", "karim")
    speak(database, world, panel.id, "trainer", 3)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        enrolment = enrolments.see_enrolment(db, actor, world.enrolments["maude"])
        enrolments.move(db, actor, enrolment, MoveCommand(to=EnrolmentState.WITHDRAWN, reason="Départ."))
    with pytest.raises(Conflict) as ended:
        speak(database, world, panel.id, "karim", 3)
    with pytest.raises(Conflict) as refused:
        open_double(database, world, ref, "trainer", "karim")
    assert [raised.value.code for raised in (ended, refused)] == ["enrolment_not_running"] * 2
    assert history(database, world) == []


def test_review_asked_in_time_is_decided_in_an_archived_cohort_where_nothing_else_is_judged(
    database: Database, world: World
) -> None:
    add_trainers(database, world, "karim")
    first = judged(database, world)
    [ref] = first.evidence
    set_state(database, world, CohortState.ARCHIVED)
    panel = ask(database, world, first.id)
    name(database, world, panel.id, "karim")
    speak(database, world, panel.id, "karim", 3)
    assert (level_of(database, world), holds(database, world)) == (3, [])
    criteria = ("CN-01.C1", "CN-01.C2", "CN-01.C3")
    latest = history(database, world)[0].id
    again = judge_command(ref, level=3, criteria_met=criteria, supersedes=latest, reason="Relu.")
    with pytest.raises(Conflict, match="cohort_archived"):
        judge(database, world, again)
    with pytest.raises(Conflict, match="cohort_archived"):
        open_double(database, world, ref, "trainer", "karim")


# Assessors who leave -----------------------------------------------------------------------------


def test_reviewer_who_left_is_replaced_and_the_hold_ends_with_the_decision(database: Database, world: World) -> None:
    add_trainers(database, world, "karim", "elise")
    panel = ask(database, world, judged(database, world).id)
    name(database, world, panel.id, "karim")
    with pytest.raises(Invalid) as full:
        name(database, world, panel.id, "elise")
    assert codes(full) == ["panel_full"]
    leaves(database, world, "karim")
    vacant = read(database, world, panel.id, "coordinator")
    assert (vacant.wanted, [seat.is_vacant for seat in vacant.seats]) == (1, [True])
    replaced = name(database, world, panel.id, "elise")
    assert (replaced.wanted, [seat.is_replaced for seat in replaced.seats]) == (0, [True, False])
    add_trainers(database, world, "karim")
    with pytest.raises(Forbidden) as back:
        speak(database, world, panel.id, "karim", 3)
    assert codes(back) == ["not_of_panel"]
    assert speak(database, world, panel.id, "elise", 3).basis is Basis.SINGLE
    assert holds(database, world) == []


def test_level_of_a_replaced_member_counts_no_more_and_stays_on_record(database: Database, world: World) -> None:
    add_trainers(database, world, "karim", "elise", "yves", "nobody")
    first = judged(database, world)
    review = ask(database, world, first.id)
    name(database, world, review.id, "nobody")
    speak(database, world, review.id, "nobody", 2)
    leaves(database, world, "nobody")
    appeal = ask(database, world, first.id)
    add_trainers(database, world, "coordinator")
    name(database, world, appeal.id, "karim", "elise", "yves")
    for who, level in (("karim", 2), ("elise", 3), ("yves", 4)):
        differing = speak(database, world, appeal.id, who, level)
    assert (differing.state, differing.wanted) == (PanelState.DIFFERING, 0)
    leaves(database, world, "yves")
    assert name(database, world, appeal.id, "coordinator").state is PanelState.READING
    assert [o.level for o in read(database, world, appeal.id, "coordinator").opinions] == []
    decided = speak(database, world, appeal.id, "coordinator", 3)
    assert (decided.level, decided.basis) == (3, Basis.MAJORITY)
    assert [o.level for o in decided.opinions] == [2, 3, 4, 3]


# What is kept ------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["panel", "panel_seat", "panel_opinion", "panel_decision"])
def test_application_changes_nothing_of_a_panel(database: Database, world: World, table: str) -> None:
    with database.transaction(colleges=[world.alma]) as db, pytest.raises(DBAPIError, match="permission denied"):
        db.execute(sa.text(f"delete from {table}"))  # noqa: S608 - names of this test


def test_overdue_panels_are_counted_for_the_coordinator(database: Database, world: World) -> None:
    ask(database, world, judged(database, world).id)

    def overdue() -> int:
        with database.transaction() as db:
            return reading.count_overdue(db, acting(db, world, "coordinator", P.PANEL_MANAGE))

    assert overdue() == 0
    with at(now() + timedelta(days=16)):
        assert overdue() == 1


def test_list_of_panels_takes_as_many_statements_for_three_as_for_one(database: Database, world: World) -> None:
    counts = []
    for who in ("maude", "karim", "elise"):
        ask(database, world, judged(database, world, of=who).id, who)
        with recorded_statements(database) as statements, database.transaction() as db:
            reading.panels_after(db, acting(db, world, "coordinator", P.JUDGEMENT_READ), PanelsApiQuery())
        counts.append(len(statements))
    assert counts[0] == counts[2]
