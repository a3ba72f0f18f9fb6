"""The contract of a group: each agrees for themselves, again after an entrance, and a session waits for it (S2)."""

from datetime import timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.codev.contracts.notices import remind
from app.codev.entrances.entering import enter_groups
from app.codev.groups.schemas import GroupShown
from app.codev.records.schemas import RecordCommand
from app.notifications.enums import Kind
from app.notifications.models import Notification
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.errors import Invalid
from tests.factories import codev
from tests.factories.codev import FIRST, close_record, create_group, membership_ids, plan_session, presences, turn
from tests.factories.network import PARTICIPANTS, World, as_, count

V1 = "/api/v1/codev/groups"


def agree(client: TestClient, database: Database, world: World, group_id: int, *people: str) -> None:
    """Agree as each of these people to what they read."""
    for who in people:
        as_(client, database, world, who)
        read = client.get(f"{V1}/{group_id}/contract").json()
        body = {name: read[name] for name in ("contract_version", "composition")}
        assert client.post(f"{V1}/{group_id}/agreements", json=body).status_code == 201


def asked(database: Database) -> list[tuple[int, str]]:
    """Return who was asked to agree, and the key of each message."""
    with database.as_owner() as db:
        messages = select(Notification.person_id, Notification.event_key)
        kind = Notification.kind == Kind.CONTRACT_TO_ACCEPT
        return list(db.exec(messages.where(kind).order_by(col(Notification.id))).all())


def record(database: Database, world: World, group: GroupShown, session_id: int, who: str = "facilitator") -> list[str]:
    """Record the session with everyone present; return the codes of a refusal."""
    command = RecordCommand(entries=presences(group), turns=(turn(membership_ids(group)["maude"]),))
    try:
        close_record(database, world, session_id, command, who)
    except Invalid as refused:
        return [f"{r.code} {r.field}" for r in refused.reasons]
    return []


def test_presence_is_recorded_once_each_person_has_agreed_and_the_facilitator_too(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world, agreed=False)
    session_id = plan_session(database, world, group.id)
    agree(client, database, world, group.id, "maude", "karim", "elise")
    places = [f"entries.{n}.status" for n, m in enumerate(group.members) if m.name.startswith("Yves")]
    waits = [f"contract_to_accept {place}" for place in places]
    assert record(database, world, group, session_id) == [*waits, "own_contract_to_accept facilitator_present"]
    agree(client, database, world, group.id, "facilitator")
    assert record(database, world, group, session_id) == waits
    agree(client, database, world, group.id, "yves", "yves")
    assert record(database, world, group, session_id) == []
    with database.as_owner() as db:
        assert count(db, "codev_agreement") == 5, "agreeing twice is agreeing once"


def test_entrance_asks_everyone_again_and_only_sessions_with_the_newcomer_wait(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world)
    before = plan_session(database, world, group.id)
    codev.enrol(database, world, "nobody")
    as_(client, database, world, "coordinator")
    client.post(f"{V1}/{group.id}/members", json={"enrolment_id": world.enrolments["nobody"]})
    with at(now() + timedelta(days=3)):
        enter_groups(database)
    entered = client.get(f"{V1}/{group.id}").json()
    assert [m["agreed_at"] for m in entered["members"]] == [None] * 5
    everyone = {world.people[who] for who in (*PARTICIPANTS, "facilitator")}
    keys = {key: {person for person, k in asked(database) if k == key} for _, key in asked(database)}
    assert keys == {
        f"contract:{group.id}:1.0:1": everyone,
        f"contract:{group.id}:1.0:2": everyone | {world.people["nobody"]},
    }
    assert record(database, world, group, before) == [], "the newcomer was not there yet"


def test_agreement_to_what_is_no_longer_asked_is_refused_and_the_form_comes_back(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world, agreed=False)
    path = f"/codev/groupes/{group.id}/contrat"
    as_(client, database, world, "maude")
    page = unescape(client.get(path).text)
    assert "Ce qui se dit dans le groupe reste dans le groupe" in page
    assert "J’ai lu ce contrat et je l’accepte." in page
    read = {"contract_version": "1.0", "composition": "1"}
    unticked = client.post(path, data=read)
    assert (unticked.status_code, "Cochez la case" in unescape(unticked.text)) == (422, True)
    codev.enrol(database, world, "nobody")
    as_(client, database, world, "coordinator")
    client.post(f"{V1}/{group.id}/members", json={"enrolment_id": world.enrolments["nobody"]})
    as_(client, database, world, "maude")
    stale = client.post(path, data={**read, "accepted": "true"})
    assert (stale.status_code, "Quelqu’un est entré" in unescape(stale.text)) == (422, True)
    assert 'name="composition" value="2"' in stale.text, "what is asked now is read before agreeing again"
    answer = client.post(f"{V1}/{group.id}/agreements", json={"contract_version": "1.1", "composition": 2})
    assert [(e["code"], e["field"]) for e in answer.json()["errors"]] == [("contract_changed", "contract_version")]
    with database.as_owner() as db:
        assert count(db, "codev_agreement") == 0
    assert client.post(path, data={**read, "composition": "2", "accepted": "true"}).status_code == 303
    assert "J’ai lu ce contrat" not in unescape(client.get(path).text)


@pytest.mark.parametrize(("who", "may_agree"), [("maude", True), ("facilitator", True), ("coordinator", False)])
def test_page_of_the_group_says_who_has_agreed(
    client: TestClient, database: Database, world: World, *, who: str, may_agree: bool
) -> None:
    group = create_group(database, world, agreed=False)
    agree(client, database, world, group.id, "karim")
    as_(client, database, world, who)
    page = unescape(client.get(f"/codev/groupes/{group.id}").text)
    assert "4 personnes n’ont pas encore accepté le contrat" in page
    assert ("Lire et accepter le contrat" in page) is may_agree
    shown = client.get(f"{V1}/{group.id}/contract").json()
    names = {s["name"] for s in shown["agreements"] if s["agreed_at"]}
    assert (names, shown["to_accept"]) == ({"Karim Haddad"}, may_agree)


def test_those_who_have_not_agreed_are_reminded_once_two_days_before_a_session(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world, agreed=False)
    session_id = plan_session(database, world, group.id)
    agree(client, database, world, group.id, "maude", "karim", "elise", "facilitator")

    def reminded(hours: int) -> list[int]:
        with at(FIRST - timedelta(hours=hours)):
            for _ in range(2):
                with database.as_owner() as db:
                    remind(db)
        return [person for person, key in asked(database) if key == f"contract:session:{session_id}"]

    assert reminded(49) == []
    assert reminded(47) == [world.people["yves"]]
    assert reminded(1) == [world.people["yves"]]
