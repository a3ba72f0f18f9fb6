"""Service of judgements and of the queue: rows written, refusals, effect on progress."""

from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlmodel import select

from app.codev.groups.models import CodevGroup, CodevMembership
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import EnrolmentState
from app.grading import service as grading
from app.grading.enums import EvidenceKind
from app.grading.evidence.service import evidence_of
from app.grading.queue.service import list_queue, next_in_queue, queue, queue_counts
from app.grading.schemas import EvidenceRef, QueueQuery
from app.identity.roles.service import grant_role
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Forbidden, Invalid, NotFound
from app.platform.messages.i18n import today
from app.platform.paging import COUNTED
from app.platform.security.permissions import Permission, Role
from app.progress.models import ProgressRow
from app.progress.service import mismatches
from tests.factories.grading import ALL_CN01, add_trainer, hand_in, hold_session, judge, judge_command, open_mandate
from tests.factories.network import World, acting, count, see


def level_of(database: Database, world: World, code: str = "CN-01", who: str = "maude") -> int | None:
    with database.transaction(colleges=[world.alma]) as db:
        body = db.exec(select(ProgressRow.body).where(ProgressRow.enrolment_id == world.enrolments[who])).one()
        return next(c["level"] for c in body["competencies"] if c["code"] == code)  # type: ignore[no-any-return]


def test_a_judgement_rests_on_evidence_and_moves_progress(database: Database, world: World) -> None:
    evidence = [hand_in(database, world), hold_session(database, world)]
    made = judge(
        database, world, judge_command(*evidence, evidence[0], level=3, criteria_met=ALL_CN01, activity_code="GEN-1.C")
    )
    assert (made.level, made.assessor, made.evidence) == (3, "Théo Formation", tuple(evidence))
    assert made.criteria_met == ALL_CN01
    assert level_of(database, world) == 3
    with database.transaction(colleges=[world.alma]) as db:
        assert mismatches(db) == []


def test_a_mandate_shows_what_field_work_assesses(database: Database, world: World) -> None:
    mandate = open_mandate(database, world)
    assert judge(database, world, judge_command(mandate, competency_code="CN-12")).evidence == (mandate,)
    with pytest.raises(Invalid) as refused:
        judge(database, world, judge_command(mandate))
    assert [r.code for r in refused.value.reasons] == ["mandate_of_other_competency"]


def test_the_highest_level_in_force_counts(database: Database, world: World) -> None:
    evidence = hand_in(database, world)
    high = judge(database, world, judge_command(evidence, level=3, criteria_met=ALL_CN01))
    judge(database, world, judge_command(evidence, level=1))
    assert level_of(database, world) == 3
    judge(database, world, judge_command(evidence, level=1, supersedes=high.id, reason="Erreur de saisie"))
    assert level_of(database, world) == 1


def test_a_review_by_another_replaces_and_keeps_both(database: Database, world: World) -> None:
    evidence = hand_in(database, world)
    first = judge(database, world, judge_command(evidence, level=2))
    add_trainer(database, world, "facilitator")
    review = judge_command(evidence, level=3, criteria_met=ALL_CN01, supersedes=first.id, reason="Révision demandée")
    second = judge(database, world, review, by="facilitator")
    with database.transaction() as db:
        _, enrolment, _ = see(db, world, "maude", Permission.JUDGEMENT_READ)
        history = grading.judgements(db, enrolment)
    assert [(j.id, j.superseded_by, j.assessor) for j in history] == [
        (second.id, None, "Flavie Animation"),
        (first.id, second.id, "Théo Formation"),
    ]
    assert (second.supersedes_id, second.reason) == (first.id, "Révision demandée")
    assert level_of(database, world) == 3
    with pytest.raises(Conflict) as refused:
        judge(database, world, judge_command(evidence, level=2, supersedes=first.id, reason="Encore"))
    assert refused.value.code == "judgement_superseded"


def test_the_same_judgement_sent_twice_is_one(database: Database, world: World) -> None:
    judgement = judge_command(hand_in(database, world))
    assert judge(database, world, judgement).id == judge(database, world, judgement).id
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "judgement") == 1


def test_judge_with_several_mistakes_names_each_field(database: Database, world: World) -> None:
    foreign = hand_in(database, world, "karim")
    with pytest.raises(Invalid) as refused:
        judge(
            database, world,
            judge_command(foreign, level=3, criteria_met=("CN-02.C1",), activity_code="SPE-1.A", supersedes=9999),
        )  # fmt: skip
    assert [(r.code, r.field) for r in refused.value.reasons] == [
        ("judgement_unknown", "supersedes"),
        ("criterion_unknown", "criteria_met.0"),
        ("criteria_missing", "level"),
        ("activity_unknown", "activity_code"),
        ("evidence_unknown", "evidence.0"),
    ]
    with pytest.raises(Invalid, match="invalid") as refused:
        judge(database, world, judge_command(foreign, competency_code="CN-99"))
    assert refused.value.reasons[0].code == "competency_unknown"
    with database.transaction(colleges=[world.alma]) as db:
        assert (count(db, "judgement"), count(db, "judgement_evidence")) == (0, 0)


def test_a_judgement_of_another_competency_cannot_be_replaced(database: Database, world: World) -> None:
    evidence = hand_in(database, world)
    other = judge(database, world, judge_command(evidence, competency_code="CN-11"))
    with pytest.raises(Invalid) as refused:
        judge(database, world, judge_command(evidence, supersedes=other.id, reason="Non"))
    assert [r.code for r in refused.value.reasons] == ["judgement_unknown"]


@pytest.mark.parametrize("kind", list(EvidenceKind))
def test_evidence_of_another_person_or_college_is_refused(database: Database, world: World, kind: EvidenceKind) -> None:
    made = {
        EvidenceKind.HAND_IN: lambda: hand_in(database, world, "other_participant"),
        EvidenceKind.MANDATE: lambda: open_mandate(database, world, "karim"),
        EvidenceKind.SESSION: lambda: hold_session(database, world, ("karim",)),
    }[kind]()
    with pytest.raises(Invalid) as refused:
        judge(database, world, judge_command(made))
    assert [r.code for r in refused.value.reasons] == ["evidence_unknown"]


def test_nobody_judges_themselves(database: Database, world: World) -> None:
    evidence = hand_in(database, world)
    add_trainer(database, world, "maude")
    with pytest.raises(Forbidden) as refused:
        judge(database, world, judge_command(evidence), by="maude")
    assert (refused.value.code, [r.code for r in refused.value.reasons]) == ("may_not_judge", ["own_judgement"])


@pytest.mark.parametrize("left", [False, True])
def test_a_facilitator_never_judges_cn11_of_the_group(database: Database, world: World, left: bool) -> None:
    evidence = hand_in(database, world)
    add_trainer(database, world, "facilitator")
    with database.transaction(colleges=[world.alma]) as db:
        group = CodevGroup(
            college_id=world.alma, cohort_id=world.cohort, name="Nord",
            contract_version="1.0", protocol_version="1.0", created_at=now(),
            created_by=world.people["coordinator"],
        )  # fmt: skip
        db.add(group)
        db.flush()
        db.add(
            CodevMembership(
                college_id=world.alma, group_id=group.id, enrolment_id=world.enrolments["maude"],
                joined_on=today() - timedelta(days=7), left_on=today() if left else None,
            )
        )  # fmt: skip
        grant_role(db, world.people["facilitator"], Role.FACILITATOR, college_id=world.alma, group_id=group.id)
    with pytest.raises(Forbidden) as refused:
        judge(database, world, judge_command(evidence, competency_code="CN-11"), by="facilitator")
    assert [r.code for r in refused.value.reasons] == ["facilitator_of_group"]
    assert judge(database, world, judge_command(evidence), by="facilitator").level == 2
    assert judge(database, world, judge_command(evidence, competency_code="CN-11")).level == 2


def test_judge_of_an_enrolment_on_leave_is_refused(database: Database, world: World) -> None:
    evidence = hand_in(database, world)
    with database.transaction() as db:
        manager, enrolment, _ = see(db, world, "coordinator", Permission.ENROLMENT_MANAGE)
        cohorts.move(db, manager, enrolment, MoveCommand(to=EnrolmentState.ON_LEAVE, reason="Congé"))
    with pytest.raises(Conflict) as refused:
        judge(database, world, judge_command(evidence))
    assert refused.value.code == "enrolment_not_running"


def test_judgement_out_of_reach_is_not_found(database: Database, world: World) -> None:
    made = judge(database, world, judge_command(hand_in(database, world)))
    with database.transaction() as db:
        actor = acting(db, world, "other_trainer", Permission.JUDGEMENT_READ)
        with pytest.raises(NotFound):
            grading.see_judgement(db, actor, made.id)
    with database.transaction() as db:
        actor = acting(db, world, "maude", Permission.JUDGEMENT_READ)
        assert grading.see_judgement(db, actor, made.id) == made
    with database.transaction() as db, pytest.raises(NotFound):
        grading.see_judgement(db, acting(db, world, "karim", Permission.JUDGEMENT_READ), made.id)


def test_judgements_cannot_be_edited_by_the_application(database: Database, world: World) -> None:
    judge(database, world, judge_command(hand_in(database, world)))
    with database.transaction(colleges=[world.alma]) as db, pytest.raises(Exception, match="permission denied"):
        db.execute(text("update judgement set level = 4"))


def test_queue_is_oldest_first_and_counts_judged_hand_ins(database: Database, world: World) -> None:
    oldest = hand_in(database, world, "karim", days=20)
    hand_in(database, world, "maude", days=3)
    newest = hand_in(database, world, "maude", attempt=2, days=1)
    hand_in(database, world, "other_participant", days=30)
    with database.transaction() as db:
        waiting = queue(db, acting(db, world, "trainer", Permission.JUDGEMENT_MAKE))
    assert (waiting.judged, waiting.total) == (0, 2)
    assert [(i.evidence.id, i.name, i.age_days, i.is_late) for i in waiting.items] == [
        (oldest.id, "Karim Haddad", 20, True),
        (newest.id, "Maude Bérubé", 1, False),
    ]
    assert waiting.items[0].competencies == ("CN-01",)
    judge(database, world, judge_command(oldest), of="karim")
    with database.transaction() as db:
        waiting = queue(db, acting(db, world, "trainer", Permission.JUDGEMENT_MAKE))
    assert (waiting.judged, waiting.total, [i.evidence.id for i in waiting.items]) == (1, 2, [newest.id])


def test_queue_leaves_out_own_hand_ins_and_activities_outside_the_path(database: Database, world: World) -> None:
    hand_in(database, world, "maude")
    hand_in(database, world, "karim", "SPE-0.C")
    add_trainer(database, world, "maude")
    with database.transaction() as db:
        waiting = queue(db, acting(db, world, "maude", Permission.JUDGEMENT_MAKE))
    assert (waiting.total, waiting.items) == (0, ())


def test_queue_leaves_out_traces_which_may_support_a_level(database: Database, world: World) -> None:
    trace = hand_in(database, world, "maude", "GEN-1.B")
    with database.transaction() as db:
        waiting = queue(db, acting(db, world, "trainer", Permission.JUDGEMENT_MAKE))
        actor = acting(db, world, "trainer", Permission.EVIDENCE_READ)
        evidence = evidence_of(db, cohorts.see_enrolment(db, actor, world.enrolments["maude"]))
    assert (waiting.total, waiting.items) == (0, ())
    assert [(e.kind, e.id) for e in evidence] == [(trace.kind, trace.id)]


def test_queue_is_read_in_pages_by_key(database: Database, world: World) -> None:
    first, second, third = (
        hand_in(database, world, who, days=days) for who, days in (("karim", 9), ("maude", 5), ("elise", 2))
    )
    with database.transaction() as db:
        actor = acting(db, world, "trainer", Permission.JUDGEMENT_MAKE)
        page = queue(db, actor, limit=2)
        assert [i.evidence.id for i in page.items] == [first.id, second.id]
        rest = queue(db, actor, after=page.next, limit=2)
        assert ([i.evidence.id for i in rest.items], rest.next) == ([third.id], None)
        assert queue_counts(db, actor, second).place == 2
        unknown = EvidenceRef(kind=EvidenceKind.HAND_IN, id=2_000_000)
        following = [next_in_queue(db, actor, ref) for ref in (None, first, third, unknown)]
    assert [item and item.evidence.id for item in following] == [first.id, second.id, first.id, first.id]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["Karim Haddad", "Maude Bérubé"]),
        ({"tri": "attente"}, ["Maude Bérubé", "Karim Haddad"]),
        ({"tri": "nom"}, ["Maude Bérubé", "Karim Haddad"]),
        ({"recherche": "berube"}, ["Maude Bérubé"]),
        ({"recherche": "gen-1.c haddad"}, ["Karim Haddad"]),
        ({"recherche": "GEN-9"}, []),
    ],
)
def test_queue_page_is_sorted_and_searched_by_the_database(
    database: Database, world: World, asked: dict[str, str], names: list[str]
) -> None:
    hand_in(database, world, "maude", days=3)
    hand_in(database, world, "karim", days=20)
    with database.transaction() as db:
        actor = acting(db, world, "trainer", Permission.JUDGEMENT_MAKE)
        page = list_queue(db, actor, QueueQuery.model_validate(asked))
    assert [item.name for item in page.items] == names


def test_queue_counts_a_thousand_at_most(database: Database, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert COUNTED == 1000
    monkeypatch.setattr("app.grading.queue.service.COUNTED", 1)
    first = hand_in(database, world, "karim", days=4)
    hand_in(database, world, "maude", days=3)
    with database.transaction() as db:
        counts = queue_counts(db, acting(db, world, "trainer", Permission.JUDGEMENT_MAKE), first)
    assert (counts.waiting, counts.is_more, counts.waits, counts.place) == (1, True, True, None)


def query_count(database: Database, world: World) -> int:
    """Return the number of queries that read the judgements of an enrolment and the queue."""
    statements: list[str] = []
    with database.transaction() as db:
        actor, enrolment, _ = see(db, world, "trainer", Permission.JUDGEMENT_READ)

        def record(*args: object) -> None:
            statements.append(str(args[2]))

        event.listen(database.request_engine, "before_cursor_execute", record)
        try:
            grading.judgements(db, enrolment)
            queue(db, actor.using(Permission.JUDGEMENT_MAKE))
        finally:
            event.remove(database.request_engine, "before_cursor_execute", record)
    return len(statements)


def test_judgements_and_queue_take_three_queries_for_any_length(database: Database, world: World) -> None:
    first = hand_in(database, world)
    judge(database, world, judge_command(first))
    hand_in(database, world, "karim")
    assert query_count(database, world) == 3  # the judgements, a page of the queue, and the counts of all that waits
    for level, code in ((1, "CN-11"), (2, "CN-11")):
        judge(database, world, judge_command(first, level=level, competency_code=code))
    for who in ("elise", "yves"):
        hand_in(database, world, who)
    assert query_count(database, world) == 3


def test_judge_on_unknown_evidence_is_refused(database: Database, world: World) -> None:
    with pytest.raises(Invalid):
        judge(database, world, judge_command(EvidenceRef(kind=EvidenceKind.SESSION, id=2_000_000)))


def test_a_hand_in_that_is_not_of_the_path_is_no_evidence(database: Database, world: World) -> None:
    with pytest.raises(Invalid) as refused:
        judge(database, world, judge_command(hand_in(database, world, code="SPE-0.C")))
    assert [r.code for r in refused.value.reasons] == ["evidence_unknown"]
