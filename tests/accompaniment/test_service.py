"""Services of enterprises and mandates: rows, counts and reach."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.accompaniment.enterprises import service as enterprises
from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.enums import MilestoneKind as K
from app.accompaniment.mandates.rules import Stage
from app.accompaniment.mandates.schemas import NewMandate
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import EnrolmentState
from app.curricula.enums import MandateKind
from app.network.service import see_college
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, DomainError, Invalid, NotFound
from app.platform.paging import PAGE
from app.platform.security.permissions import P, Permission
from app.progress.models import ProgressRow
from app.progress.schemas import MandateProgress, Progress
from app.progress.service import mismatches
from tests.factories.accompaniment import (
    NEQ,
    TODAY,
    accompany,
    add_enterprise,
    confirm_milestones,
    new_enterprise,
    open_mandate,
    record_milestone,
)
from tests.factories.network import World, acting, count


def mandates_of(database: Database, world: World, who: str) -> MandateProgress:
    """Return the mandates part of someone's projected progress."""
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        body = db.exec(select(ProgressRow.body).where(ProgressRow.enrolment_id == world.enrolments[who])).one()
        assert mismatches(db) == []
        return Progress.model_validate(body).mandates


def codes(error: DomainError) -> list[str]:
    """Return the codes of an error's reasons."""
    return [r.code for r in error.reasons]


def test_neq_is_unique_in_a_college_but_not_across_colleges(database: Database, world: World) -> None:
    shown = add_enterprise(database, world, new_enterprise(neq="1166 000 001"))
    assert shown.neq == NEQ
    with pytest.raises(Conflict) as refused:
        add_enterprise(database, world, new_enterprise("Autre nom"))
    assert (refused.value.code, refused.value.params) == ("neq_taken", {}), (
        "the answer reveals nothing of the other enterprise"
    )
    assert add_enterprise(database, world, new_enterprise(), "other_coordinator").neq == NEQ
    for name in ("Sans numéro", "Sans numéro"):
        assert add_enterprise(database, world, new_enterprise(name, neq=None)).neq is None


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("", ["Coopérative Œuvres d’ici", "Érablière Côté", "Scierie du Lac"]),
        ("erabliere", ["Érablière Côté"]),
        ("COTE érab", ["Érablière Côté"]),
        ("oeuvres", ["Coopérative Œuvres d’ici"]),
        ("1166", ["Scierie du Lac"]),
        ("1166 000 001", ["Scierie du Lac"]),
        ("100%", []),
        ("_", ["Coopérative Œuvres d’ici", "Érablière Côté", "Scierie du Lac"]),
        ("zzz", []),
    ],
)
def test_search_ignores_accents_case_and_order(database: Database, world: World, search: str, names: list[str]) -> None:
    for name, neq in (("Érablière Côté", None), ("Scierie du Lac", NEQ), ("Coopérative Œuvres d’ici", None)):
        add_enterprise(database, world, new_enterprise(name, neq))
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENTERPRISE_READ)
        assert [e.name for e in enterprises.enterprises(db, actor, search=search).items] == names
        assert enterprises.enterprises(db, acting(db, world, "maude", P.ENTERPRISE_READ)).items == ()


def test_enterprise_pages_have_no_gap_and_no_repeat(database: Database, world: World) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENTERPRISE_MANAGE)
        college = see_college(db, actor, world.alma)
        for n in range(PAGE + 3):
            enterprises.add_enterprise(db, actor, college, new_enterprise(f"Atelier {n % 7}", None))
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENTERPRISE_READ)
        first = enterprises.enterprises(db, actor)
        second = enterprises.enterprises(db, actor, after=first.next)
        ids = [e.id for e in (*first.items, *second.items)]
        assert (len(first.items), len(second.items), second.next) == (PAGE, 3, None)
        assert len(set(ids)) == PAGE + 3
        with pytest.raises(Invalid):
            enterprises.enterprises(db, actor, after=999_999)


def test_a_participant_opens_a_mandate_in_a_new_enterprise(database: Database, world: World) -> None:
    shown = open_mandate(database, world)
    assert (shown.stage, shown.accompanied, shown.next_kind) == (Stage.OPENED, False, K.AGREEMENT)
    assert [a.name for a in shown.advisors] == ["Maude Bérubé"]
    assert (shown.project_id, shown.enterprise.college_id) == (world.project, world.alma)
    assert mandates_of(database, world, "maude") == MandateProgress(open=1, completed=0, enterprises=0)
    assert mandates_of(database, world, "karim").open == 0


def test_mandate_names_an_existing_enterprise_by_neq_or_id(database: Database, world: World) -> None:
    scierie = add_enterprise(database, world, new_enterprise())
    assert open_mandate(database, world, neq="1166-000-001").enterprise_id == scierie.id
    assert (
        open_mandate(database, world, "karim", by="coordinator", enterprise_id=scierie.id).enterprise_id == scierie.id
    )
    assert open_mandate(database, world, enterprise_id=scierie.id).enterprise_id == scierie.id, "hers since her mandate"
    with pytest.raises(NotFound):
        open_mandate(database, world, "elise", enterprise_id=scierie.id)
    with pytest.raises(Conflict):
        open_mandate(database, world, "elise", enterprise=new_enterprise())
    elsewhere = add_enterprise(database, world, new_enterprise("Mine", "2266000001"), "other_coordinator")
    for way, error in (
        ({"neq": "2266000001"}, Invalid),
        ({"neq": "1"}, Invalid),
        ({"enterprise_id": elsewhere.id}, NotFound),
        ({"enterprise_id": scierie.id, "neq": NEQ}, Invalid),
        ({"neq": None}, Invalid),
    ):
        with pytest.raises(error):
            open_mandate(database, world, "elise", **way)


def test_two_advisors_share_a_mandate(database: Database, world: World) -> None:
    command = NewMandate(kind=MandateKind.accompagnement, title="Robot", enterprise=new_enterprise())
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.MANDATE_MANAGE)
        two = [cohorts.see_enrolment(db, actor, world.enrolments[w]) for w in ("maude", "karim")]
        shown = mandates.open_mandate(db, actor, two, command)
        with pytest.raises(Invalid) as refused:
            mandates.open_mandate(db, actor, [two[0], two[0]], command)
        assert codes(refused.value) == ["advisors_differ"]
    accompany(database, world, shown.id)
    for who in ("maude", "karim"):
        assert mandates_of(database, world, who) == MandateProgress(open=0, completed=1, enterprises=1)


def test_mandate_opens_after_the_path_but_not_before_admission(database: Database, world: World) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        enrolment = cohorts.see_enrolment(db, actor, world.enrolments["maude"])
        cohorts.move(db, actor, enrolment, MoveCommand(to=EnrolmentState.WITHDRAWN, reason="Déménagement."))
    open_mandate(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.MANDATE_MANAGE)
        choices = mandates.advisor_choices(db, actor)
        assert [c.name for c in choices] == ["Maude Bérubé", "Karim Haddad", "Élise Lœwen-Côté", "Yves O’Brien"]
        applied = cohorts.see_enrolment(db, actor, world.enrolments["karim"])
        applied = applied.model_copy(update={"state": EnrolmentState.APPLIED})
        command = NewMandate(kind=MandateKind.orientation, title="Trop tôt", neq=NEQ)
        with pytest.raises(Invalid) as refused:
            mandates.open_mandate(db, actor, [applied], command)
        assert codes(refused.value) == ["not_advising"]


@pytest.mark.parametrize(
    ("who", "permission", "is_visible"),
    [
        ("maude", P.MANDATE_READ, True),
        ("karim", P.MANDATE_READ, False),
        ("trainer", P.MANDATE_READ, True),
        ("trainer", P.MANDATE_MANAGE, False),
        ("coordinator", P.MANDATE_MANAGE, True),
        ("registrar", P.MANDATE_READ, False),
        ("other_coordinator", P.MANDATE_READ, False),
        ("other_trainer", P.MANDATE_READ, False),
        ("admin", P.MANDATE_READ, False),
    ],
)
def test_mandate_is_visible_to_its_advisors_their_trainer_and_coordinator(
    database: Database, world: World, who: str, permission: Permission, is_visible: bool
) -> None:
    shown = open_mandate(database, world)
    with database.transaction() as db:
        actor = acting(db, world, who, permission)
        rows = mandates.mandates(db, actor).items
        assert [r.id for r in rows] == ([shown.id] if is_visible else [])
        if is_visible:
            assert mandates.see_mandate(db, actor, shown.id).id == shown.id
        else:
            with pytest.raises(NotFound):
                mandates.see_mandate(db, actor, shown.id)


def test_mandates_list_filters_by_stage_college_and_own(database: Database, world: World) -> None:
    first = open_mandate(database, world)
    second = open_mandate(database, world, "karim", enterprise=new_enterprise("Érablière", None))
    record_milestone(database, world, first.id, K.AGREEMENT)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.MANDATE_READ)
        assert [r.id for r in mandates.mandates(db, actor).items] == [second.id, first.id]
        (agreed,) = mandates.mandates(db, actor, stage=Stage.AGREED).items
        assert (agreed.id, agreed.advisors, agreed.agreement_on) == (first.id, "Maude Bérubé", TODAY)
        assert mandates.mandates(db, actor, own_only=True).items == ()
        assert mandates.mandates(db, actor, college_id=world.rouyn).items == ()
        (after,) = mandates.mandates(db, actor, after=second.id).items
        assert after.id == first.id
        with pytest.raises(Invalid):
            mandates.mandates(db, actor, after=999_999)


def test_milestones_in_order_move_the_stage_and_progress(database: Database, world: World) -> None:
    shown = open_mandate(database, world)
    with pytest.raises(Invalid) as refused:
        record_milestone(database, world, shown.id, K.DIAGNOSTIC)
    assert codes(refused.value) == ["agreement_missing"], "no diagnostic without an agreement (BR-14)"
    record_milestone(database, world, shown.id, K.AGREEMENT, TODAY - timedelta(days=3))
    with pytest.raises(Invalid) as refused:
        record_milestone(database, world, shown.id, K.DIAGNOSTIC, TODAY - timedelta(days=4))
    assert codes(refused.value) == ["before_agreement"]
    diagnosed = record_milestone(database, world, shown.id, K.DIAGNOSTIC)
    assert (diagnosed.stage, diagnosed.accompanied) == (Stage.DIAGNOSED, False)
    confirm_milestones(database, world, diagnosed)
    assert mandates_of(database, world, "maude").completed == 1, "an orientation ends with its diagnostic"
    planned = record_milestone(database, world, shown.id, K.PLAN)
    assert (planned.stage, planned.accompanied, planned.next_kind) == (Stage.PLANNED, False, None)
    assert confirm_milestones(database, world, planned).accompanied


def test_correction_supersedes_the_milestone_in_force(database: Database, world: World) -> None:
    shown = accompany(database, world, open_mandate(database, world).id)
    agreement = shown.milestones[0]
    for stale in (None, agreement.id + 999):
        with pytest.raises(Conflict) as refused:
            record_milestone(database, world, shown.id, K.AGREEMENT, supersedes=stale)
        assert refused.value.code == "stale"
    with pytest.raises(Invalid) as late:
        record_milestone(database, world, shown.id, K.AGREEMENT, TODAY, supersedes=agreement.id)
    assert codes(late.value) == ["after_diagnostic"]
    earlier = TODAY - timedelta(days=9)
    corrected = record_milestone(
        database, world, shown.id, K.AGREEMENT, earlier, supersedes=agreement.id, who="coordinator"
    )
    first = corrected.milestones[0]
    assert (first.happened_on, first.corrected, first.recorded_by) == (earlier, True, "Corinne Coordination")
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "mandate_milestone") == 4
        assert mismatches(db) == []


def test_enterprise_of_several_mandates_is_counted_once(database: Database, world: World) -> None:
    """S11: two advisors accompany the same enterprise."""
    first = open_mandate(database, world)
    accompany(database, world, first.id)
    for who in ("karim", "elise"):
        accompany(database, world, open_mandate(database, world, who, neq=NEQ).id, who)
    without = open_mandate(database, world, "yves", enterprise=new_enterprise("Sans numéro", None))
    accompany(database, world, without.id, "yves")
    open_mandate(database, world, "yves", enterprise=new_enterprise("Seulement ouverte", None))
    for who, expected in (("coordinator", [(world.alma, 2)]), ("karim", [(world.alma, 1)]), ("other_coordinator", [])):
        with database.transaction() as db:
            actor = acting(db, world, who, P.MANDATE_READ)
            counts = mandates.accompanied_enterprises(db, actor)
            assert [(a.college_id, a.enterprises) for a in counts] == expected
