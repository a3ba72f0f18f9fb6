"""A withdrawal or a suspension that brings a group below its quorum: shown before, on the cohort, and told (S4)."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, delete, select

from app.codev.groups.models import CodevMembership
from app.codev.groups.quorum import tell_facilitators
from app.cohorts.enums import EnrolmentState
from app.notifications.enums import Kind
from app.notifications.models import Notification
from app.platform.database.transaction import Database
from tests.factories import codev
from tests.factories.network import World, as_
from tests.factories.waitlist import move

V1 = "/api/v1"
S = EnrolmentState


def tell(database: Database) -> list[tuple[int, str]]:
    """Run the job twice, as it may come again; return who was told so far, and the page they were sent to."""
    for _ in range(2):
        with database.as_owner() as db:
            tell_facilitators(db)
    with database.as_owner() as db:
        messages = select(Notification).where(Notification.kind == Kind.GROUP_TOO_SMALL).order_by(col(Notification.id))
        return [(message.person_id, message.page) for message in db.exec(messages).all()]


@pytest.mark.parametrize("to", [S.WITHDRAWN, S.ON_LEAVE])
def test_departure_that_leaves_a_group_too_small_is_shown_before_and_told_once(
    client: TestClient, database: Database, world: World, to: EnrolmentState
) -> None:
    group = codev.create_group(database, world).id
    maude = world.enrolments["maude"]
    as_(client, database, world, "coordinator")
    effects = client.get(f"{V1}/enrolments/{maude}/departure-effects").json()
    assert (effects["small_group"]["group_id"], effects["small_group"]["members"], effects["minimum"]) == (group, 3, 4)
    assert "aucune de ses séances ne compterait plus" in client.get(f"/inscriptions/{maude}").text
    assert "Groupes sous leur quorum" not in client.get(f"/cohortes/{world.cohort}").text
    assert tell(database) == []
    move(database, world, "maude", to)
    assert "Groupes sous leur quorum" in client.get(f"/cohortes/{world.cohort}").text
    assert client.get(f"{V1}/enrolments/{maude}/departure-effects").json()["small_group"] is None, "they have left"
    told = (world.people["facilitator"], f"/codev/groupes/{group}")
    assert tell(database) == [told]
    move(database, world, "maude", S.ACTIVE)
    assert "Groupes sous leur quorum" not in client.get(f"/cohortes/{world.cohort}").text
    assert tell(database) == [told]
    move(database, world, "maude", to)
    assert tell(database) == [told, told], "another departure is another message"


def test_group_that_is_still_being_formed_sends_no_message(database: Database, world: World) -> None:
    codev.create_group(database, world, agreed=False)
    with database.as_owner() as db:
        db.exec(delete(CodevMembership).where(col(CodevMembership.enrolment_id) == world.enrolments["maude"]))
    assert tell(database) == [], "nobody left the training"


def test_departure_that_leaves_enough_members_is_no_warning(
    client: TestClient, database: Database, world: World
) -> None:
    group = codev.create_group(database, world)
    codev.join_group(database, world, group.id, "nobody")
    as_(client, database, world, "coordinator")
    maude = world.enrolments["maude"]
    assert client.get(f"{V1}/enrolments/{maude}/departure-effects").json()["small_group"] is None
    move(database, world, "maude", S.WITHDRAWN)
    assert "Groupes sous leur quorum" not in client.get(f"/cohortes/{world.cohort}").text
    assert tell(database) == []
