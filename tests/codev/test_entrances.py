"""Someone enters a group that has begun: announced, a member may be concerned, then it takes effect on its day (S2)."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.codev.entrances.entering import enter_groups
from app.codev.groups.schemas import GroupShown
from app.cohorts.enums import CohortState, EnrolmentState
from app.notifications.enums import Kind
from app.notifications.models import Notification
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.messages.i18n import NBSP, today
from tests.factories import codev
from tests.factories.cohorts import set_state
from tests.factories.network import PARTICIPANTS, World, as_, count
from tests.factories.waitlist import move

V1 = "/api/v1/codev"
EVERYONE = (*PARTICIPANTS, "facilitator")


@pytest.fixture
def begun(database: Database, world: World) -> GroupShown:
    """Return a group that has begun, beside which someone of the cohort has no group."""
    group = codev.create_group(database, world)
    codev.plan_session(database, world, group.id)
    codev.enrol(database, world, "nobody")
    return group


def announce(client: TestClient, database: Database, world: World, group: GroupShown, **more: object) -> Any:
    """Announce that this person enters the group, as its coordinator; return the answer."""
    as_(client, database, world, "coordinator")
    return client.post(f"{V1}/groups/{group.id}/members", json={"enrolment_id": world.enrolments["nobody"], **more})


def told(database: Database, world: World, kind: Kind) -> set[str]:
    """Return who was told of a kind, by their names in the world."""
    names = {id_: who for who, id_ in world.people.items()}
    with database.as_owner() as db:
        return {names[id_] for id_ in db.exec(select(Notification.person_id).where(Notification.kind == kind)).all()}


def names(client: TestClient, group: GroupShown) -> list[str]:
    """Return the members of the group."""
    return [m["name"] for m in client.get(f"{V1}/groups/{group.id}").json()["members"] if m["follows"]]


def days_later(database: Database, days: int) -> None:
    """Run the job as it runs some days later, twice."""
    with at(now() + timedelta(days=days)):
        enter_groups(database)
        enter_groups(database)


def test_members_are_told_before_someone_enters_a_group_that_has_begun(
    client: TestClient, database: Database, world: World, begun: GroupShown
) -> None:
    answer = announce(client, database, world, begun)
    (entering,) = answer.json()["entering"]
    day = today() + timedelta(days=3)
    assert (answer.status_code, entering["enters_on"], len(names(client, begun))) == (201, day.isoformat(), 4)
    assert told(database, world, Kind.ENTRANCE_ANNOUNCED) == set(EVERYONE)
    as_(client, database, world, "maude")
    page = unescape(client.get(f"/codev/groupes/{begun.id}").text)
    assert "Entrée annoncée" in page
    assert entering["name"] in page
    with database.as_owner() as db:
        messages = db.exec(select(Notification.params).where(Notification.kind == Kind.ENTRANCE_ANNOUNCED)).all()
    assert all(set(params) == {"cohort", "enters_on"} for params in messages), "a letter names nobody"
    days_later(database, 2)
    assert len(names(client, begun)) == 4
    days_later(database, 3)
    assert entering["name"] in names(client, begun)
    assert client.get(f"{V1}/groups/{begun.id}").json()["entering"] == []
    with database.as_owner() as db:
        assert count(db, "codev_membership") == 5
    as_(client, database, world, "nobody")
    assert client.get(f"{V1}/groups/{begun.id}/contract").json()["to_accept"] is True


def test_concern_of_a_member_is_read_by_the_facilitator_alone(
    client: TestClient, database: Database, world: World, begun: GroupShown
) -> None:
    (entering,) = announce(client, database, world, begun).json()["entering"]
    path = f"{V1}/entrances/{entering['entrance_id']}/concern"
    as_(client, database, world, "maude")
    form = f"/codev/groupes/{begun.id}/entrees/{entering['entrance_id']}/avis"
    assert client.post(form, data={"is_concerned": "true"}).status_code == 303
    assert client.put(path, json={"is_concerned": True}).status_code == 204
    assert told(database, world, Kind.ENTRANCE_CONCERNS) == {"facilitator"}
    read = {}
    for who in ("maude", "karim", "facilitator", "coordinator"):
        as_(client, database, world, who)
        (shown,) = client.get(f"{V1}/groups/{begun.id}/entrances").json()["items"]
        page = unescape(client.get(f"/codev/groupes/{begun.id}").text)
        read[who] = (
            shown["own_concern"],
            shown["concerned"],
            "Cette entrée inquiète : Maude" in page.replace(NBSP, " "),
        )
    assert read == {
        "maude": (True, None, False),
        "karim": (False, None, False),
        "facilitator": (None, ["Maude Bérubé"], True),
        "coordinator": (None, None, False),
    }
    as_(client, database, world, "facilitator")
    refused = client.put(path, json={"is_concerned": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_a_member")
    as_(client, database, world, "maude")
    client.put(path, json={"is_concerned": False})
    as_(client, database, world, "facilitator")
    assert client.get(f"{V1}/groups/{begun.id}/entrances").json()["items"][0]["concerned"] == []


def test_entrance_that_is_withdrawn_is_called_off_and_the_person_may_be_announced_again(
    client: TestClient, database: Database, world: World, begun: GroupShown
) -> None:
    (entering,) = announce(client, database, world, begun).json()["entering"]
    twice = announce(client, database, world, begun)
    assert [e["code"] for e in twice.json()["errors"]] == ["twice_in_the_group"]
    path = f"{V1}/entrances/{entering['entrance_id']}/withdrawal"
    assert [client.post(path).status_code for _ in range(2)] == [204, 409]
    assert told(database, world, Kind.ENTRANCE_CALLED_OFF) == set(EVERYONE)
    days_later(database, 4)
    assert len(names(client, begun)) == 4
    as_(client, database, world, "maude")
    concern = client.put(f"{V1}/entrances/{entering['entrance_id']}/concern", json={"is_concerned": True})
    assert (concern.status_code, concern.json()["code"]) == (409, "entrance_over")
    assert announce(client, database, world, begun).status_code == 201


@pytest.mark.parametrize(
    ("days", "code"), [(0, "entry_too_soon"), (2, "entry_too_soon"), (2000, "entry_after_the_end")]
)
def test_day_that_leaves_no_notice_is_refused_and_writes_nothing(
    client: TestClient, database: Database, world: World, begun: GroupShown, *, days: int, code: str
) -> None:
    day = (today() + timedelta(days=days)).isoformat()
    answer = announce(client, database, world, begun, joined_on=day)
    assert (answer.status_code, [(e["code"], e["field"]) for e in answer.json()["errors"]]) == (
        422,
        [(code, "joined_on")],
    )
    with database.as_owner() as db:
        assert count(db, "codev_entrance") == 0


@pytest.mark.parametrize("why", ["left the training", "closed cohort"])
def test_person_whom_the_rules_no_longer_let_in_does_not_enter(
    client: TestClient, database: Database, world: World, begun: GroupShown, why: str
) -> None:
    announce(client, database, world, begun)
    if why == "closed cohort":
        set_state(database, world, CohortState.CLOSED)
    else:
        move(database, world, "nobody", EnrolmentState.WITHDRAWN)
    days_later(database, 3)
    assert len(names(client, begun)) == 4
    assert told(database, world, Kind.ENTRANCE_CALLED_OFF) == set(EVERYONE)


def test_notice_is_that_of_the_college(client: TestClient, database: Database, world: World, begun: GroupShown) -> None:
    as_(client, database, world, "admin")
    college = client.get(f"/api/v1/colleges/{world.alma}").json()
    change = {name: college[name] for name in ("name", "city", "region_code", "timezone", "authorised_kinds")}
    changed = client.put(f"/api/v1/colleges/{world.alma}", json={**change, "entry_notice_days": 0})
    assert (changed.status_code, changed.json()["entry_notice_days"]) == (200, 0)
    assert announce(client, database, world, begun).json()["entering"][0]["enters_on"] == today().isoformat()
    days_later(database, 0)
    assert len(names(client, begun)) == 5
