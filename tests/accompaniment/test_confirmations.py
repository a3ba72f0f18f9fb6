"""What the funder counts rests on two people: one records a milestone, another confirms it (BR-15)."""

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.accompaniment.confirmations import service as confirmations
from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.enums import MilestoneKind
from app.identity.roles.service import grant_role
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Forbidden
from app.platform.security.permissions import P, Role
from app.progress.models import ProgressRow
from app.progress.service import mismatches
from tests.factories import interests
from tests.factories.accompaniment import TODAY, accompany, open_mandate, record_milestone
from tests.factories.network import World, acting, as_

V1 = "/api/v1"


def completed(database: Database, world: World) -> int:
    """Return how many completed mandates Maude's progress counts."""
    with database.transaction(colleges=[world.alma]) as db:
        of_maude = select(ProgressRow.body).where(col(ProgressRow.enrolment_id) == world.enrolments["maude"])
        return int(db.exec(of_maude).one()["mandates"]["completed"])


def confirm(database: Database, world: World, milestone_id: int, who: str) -> None:
    """Confirm a milestone as someone."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.MANDATE_CONFIRM)
        confirmations.confirm(db, actor, confirmations.see_milestone(db, actor, milestone_id))


def test_milestone_counts_once_another_person_confirmed_it(database: Database, world: World) -> None:
    mandate = open_mandate(database, world)
    agreement = record_milestone(database, world, mandate.id, MilestoneKind.AGREEMENT).milestones[0]
    shown = record_milestone(database, world, mandate.id, MilestoneKind.DIAGNOSTIC)
    assert completed(database, world) == 0  # an orientation needs these two
    confirm(database, world, agreement.id, "coordinator")
    assert completed(database, world) == 0
    confirm(database, world, shown.milestones[1].id, "trainer")
    assert completed(database, world) == 1
    with database.as_owner() as db:
        assert mismatches(db) == []


def test_correction_of_a_confirmed_milestone_waits_again(database: Database, world: World) -> None:
    mandate = open_mandate(database, world)
    whole = accompany(database, world, mandate.id)
    assert whole.accompanied
    plan = whole.milestones[2]
    corrected = record_milestone(database, world, mandate.id, MilestoneKind.PLAN, TODAY, supersedes=plan.id)
    assert (corrected.accompanied, corrected.milestones[2].is_confirmed) == (False, False)
    with pytest.raises(Conflict) as refused:
        confirm(database, world, plan.id, "coordinator")
    assert refused.value.code == "stale"


@pytest.mark.parametrize("kind", ["enterprise", "person"])
def test_who_declared_an_interest_confirms_no_milestone_of_the_mandate(
    client: TestClient, database: Database, world: World, kind: str
) -> None:
    shown = record_milestone(database, world, open_mandate(database, world).id, MilestoneKind.AGREEMENT)
    with database.as_owner() as db:
        db.execute(sa.update(Enterprise).values(neq=interests.NEQ))
    named = {"neq": interests.NEQ} if kind == "enterprise" else {"about_id": world.people["maude"]}
    interests.declare(database, world, kind=kind, **named)
    with pytest.raises(Forbidden) as refused:
        confirm(database, world, shown.milestones[0].id, "trainer")
    assert [reason.code for reason in refused.value.reasons] == ["interest_in_mandate"]
    page = as_(client, database, world, "trainer").get("/jalons").text
    assert "Intérêt déclaré" in page
    assert f"/jalons/{shown.milestones[0].id}/confirmation" not in page


def test_recorder_does_not_confirm(database: Database, world: World) -> None:
    mandate = open_mandate(database, world)
    shown = record_milestone(database, world, mandate.id, MilestoneKind.AGREEMENT, who="coordinator")
    with pytest.raises(Forbidden) as refused:
        confirm(database, world, shown.milestones[0].id, "coordinator")
    assert refused.value.code == "second_person_needed"
    confirm(database, world, shown.milestones[0].id, "trainer")
    with pytest.raises(Conflict) as again:
        confirm(database, world, shown.milestones[0].id, "trainer")
    assert again.value.code == "milestone_confirmed"


def test_advisor_does_not_confirm_what_another_recorded(client: TestClient, database: Database, world: World) -> None:
    mandate = open_mandate(database, world)
    shown = record_milestone(database, world, mandate.id, MilestoneKind.AGREEMENT, who="coordinator")
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["maude"], Role.COORDINATOR, college_id=world.alma)
    as_(client, database, world, "maude")
    answer = client.post(f"{V1}/milestones/{shown.milestones[0].id}/confirmation")
    assert (answer.status_code, answer.json()["code"]) == (403, "own_case")


def test_enterprise_is_accompanied_once_all_three_are_confirmed(database: Database, world: World) -> None:
    mandate = open_mandate(database, world)
    for kind in MilestoneKind:
        shown = record_milestone(database, world, mandate.id, kind)
    for milestone in shown.milestones:
        with database.transaction() as db:
            actor = acting(db, world, "coordinator", P.MANDATE_READ)
            assert mandates.accompanied_enterprises(db, actor) == []
        confirm(database, world, milestone.id, "coordinator")
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.MANDATE_READ)
        assert [a.enterprises for a in mandates.accompanied_enterprises(db, actor)] == [1]


def test_queue_lists_what_waits_and_whose_it_is(client: TestClient, database: Database, world: World) -> None:
    mandate = open_mandate(database, world)
    record_milestone(database, world, mandate.id, MilestoneKind.AGREEMENT)
    shown = record_milestone(database, world, mandate.id, MilestoneKind.DIAGNOSTIC, who="coordinator")
    as_(client, database, world, "coordinator")
    queue = client.get(f"{V1}/milestones/awaiting-confirmation").json()
    assert [(m["kind"], m["mine"]) for m in queue["items"]] == [("agreement", False), ("diagnostic", True)]
    page = client.get("/jalons").text
    assert page.count("/confirmation") == 1
    assert "Une autre personne doit confirmer" in page
    assert client.get(f"/mandats/{mandate.id}").text.count("/confirmation") == 1
    done = client.post(f"/jalons/{shown.milestones[0].id}/confirmation", data={"of_mandate": "true"})
    assert done.status_code in {200, 303}
    assert [m["kind"] for m in client.get(f"{V1}/milestones/awaiting-confirmation").json()["items"]] == ["diagnostic"]
    again = client.post(f"/jalons/{shown.milestones[0].id}/confirmation")
    assert (again.status_code, "Ce jalon est déjà confirmé" in again.text) == (409, True)
