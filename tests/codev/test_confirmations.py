"""A record is made once, and confirmed by each member it names with their own sign-in (BR-10, BR-11)."""

from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.attendance.roll_calls.enums import PresenceStatus
from app.codev.records.schemas import RecordCommand
from app.notifications.enums import Kind
from app.platform.database.transaction import Database
from tests.factories.codev import (
    close_record,
    create_group,
    membership_ids,
    plan_session,
    presences,
    told_of_session,
    turn,
)
from tests.factories.network import World, as_, count

V1 = "/api/v1/codev/sessions"
Recorded = tuple[int, int, RecordCommand]
SAME_SITE = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def recorded(database: Database, world: World) -> Recorded:
    """A session with its record: their ids, and the command of the record."""
    group = create_group(database, world)
    session_id = plan_session(database, world, group.id)
    command = RecordCommand(entries=presences(group), turns=(turn(membership_ids(group)["maude"]),))
    return session_id, close_record(database, world, session_id, command), command


def waiting(client: TestClient, database: Database, world: World, who: str) -> dict[str, list[int]]:
    """Return the ids of what waits for someone, by kind."""
    as_(client, database, world, who)
    parts = client.get("/api/v1/me/waiting").json()["parts"]
    return {part["kind"]: [line["id"] for line in part["lines"]] for part in parts if part["lines"]}


def say(client: TestClient, session_id: int, record_id: int, *, is_right: bool, status: int = 201) -> Any:
    """Say that a record is right, or wrong."""
    body = {"record_id": record_id, "is_right": is_right}
    answer = client.post(f"{V1}/{session_id}/confirmations", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def say_as(
    client: TestClient, database: Database, world: World, who: str, recorded: Recorded, *, is_right: bool
) -> None:
    """Say as someone that a record is right, or wrong."""
    as_(client, database, world, who)
    say(client, recorded[0], recorded[1], is_right=is_right)


def test_each_member_confirms_for_themselves_and_the_others_see_it(
    client: TestClient, database: Database, world: World, recorded: Recorded
) -> None:
    session_id, record_id, _ = recorded
    assert waiting(client, database, world, "maude")["confirmations"] == [session_id]
    page = client.get(f"/codev/seances/{session_id}")
    assert "Oui, je confirme" in unescape(page.text)
    form = {"record_id": record_id, "is_right": "true"}
    answer = client.post(f"/codev/seances/{session_id}/confirmation", data=form, headers=SAME_SITE)
    assert "Oui, je confirme" not in unescape(answer.text)
    assert "confirmations" not in waiting(client, database, world, "maude")
    for who in ("karim", "facilitator", "coordinator"):
        as_(client, database, world, who)
        shown = client.get(f"{V1}/{session_id}/confirmations").json()
        assert [c["is_right"] for c in shown["confirmations"]].count(True) == 1, who
        assert shown["to_confirm"] == (who == "karim")
    assert waiting(client, database, world, "karim")["confirmations"] == [session_id]


def test_record_reported_wrong_waits_for_the_facilitator_and_its_correction_asks_everyone_again(
    client: TestClient, database: Database, world: World, recorded: Recorded
) -> None:
    session_id, record_id, command = recorded
    say_as(client, database, world, "karim", recorded, is_right=True)
    say_as(client, database, world, "maude", recorded, is_right=False)
    assert "confirmations" not in waiting(client, database, world, "maude"), "she has said what she had to"
    assert waiting(client, database, world, "facilitator")["disputes"] == [session_id]
    corrected = close_record(database, world, session_id, command.model_copy(update={"supersedes": record_id}))
    assert "disputes" not in waiting(client, database, world, "facilitator")
    for who in ("maude", "karim"):
        assert waiting(client, database, world, who)["confirmations"] == [session_id]
    assert say(client, session_id, record_id, is_right=True, status=409)["code"] == "stale"
    shown = say(client, session_id, corrected, is_right=True)
    assert [c["is_right"] for c in shown["confirmations"]].count(None) == 3, "what was said before is over"


def test_facilitator_is_told_that_a_member_reports_the_record_wrong_once(
    client: TestClient, database: Database, world: World, recorded: Recorded
) -> None:
    session_id, record_id, _ = recorded
    say_as(client, database, world, "karim", recorded, is_right=True)
    assert told_of_session(database, world, Kind.RECORD_DISPUTED) == []
    as_(client, database, world, "maude")
    for is_right in (False, True, False):
        say(client, session_id, record_id, is_right=is_right)
    assert told_of_session(database, world, Kind.RECORD_DISPUTED) == ["facilitator"]
    say_as(client, database, world, "yves", recorded, is_right=False)
    assert told_of_session(database, world, Kind.RECORD_DISPUTED) == ["facilitator", "facilitator"]


def test_those_whom_a_record_names_are_told_that_it_is_corrected(
    client: TestClient, database: Database, world: World, recorded: Recorded
) -> None:
    session_id, record_id, command = recorded
    say_as(client, database, world, "maude", recorded, is_right=False)
    first, *others = command.entries
    changed = (first.model_copy(update={"minutes": 60, "status": PresenceStatus.LEFT_EARLY}), *others)
    close_record(database, world, session_id, command.model_copy(update={"supersedes": record_id, "entries": changed}))
    assert told_of_session(database, world, Kind.RECORD_CORRECTED) == ["elise", "karim", "maude", "yves"]
    assert told_of_session(database, world, Kind.RECORD_MAINTAINED) == []


def test_member_is_told_that_the_record_they_reported_is_maintained(
    client: TestClient, database: Database, world: World, recorded: Recorded
) -> None:
    session_id, record_id, command = recorded
    say_as(client, database, world, "karim", recorded, is_right=True)
    say_as(client, database, world, "maude", recorded, is_right=False)
    close_record(database, world, session_id, command.model_copy(update={"supersedes": record_id}))
    assert told_of_session(database, world, Kind.RECORD_MAINTAINED) == ["maude"]
    assert told_of_session(database, world, Kind.RECORD_CORRECTED) == []


def test_member_who_reported_wrong_may_confirm_later_and_a_repeated_answer_is_recorded_once(
    client: TestClient, database: Database, world: World, recorded: Recorded
) -> None:
    session_id, record_id, _ = recorded
    as_(client, database, world, "maude")
    for is_right in (False, False, True, True):
        say(client, session_id, record_id, is_right=is_right)
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "codev_confirmation") == 2
    assert "disputes" not in waiting(client, database, world, "facilitator")


def test_nobody_confirms_a_record_that_does_not_name_them(
    client: TestClient, database: Database, world: World, recorded: Recorded
) -> None:
    session_id, record_id, _ = recorded
    for who, status in (("facilitator", 404), ("coordinator", 403), ("other_participant", 404)):
        as_(client, database, world, who)
        say(client, session_id, record_id, is_right=True, status=status)


def test_session_without_a_record_has_nothing_to_confirm(client: TestClient, database: Database, world: World) -> None:
    session_id = plan_session(database, world, create_group(database, world).id)
    as_(client, database, world, "maude")
    assert client.get(f"{V1}/{session_id}/confirmations").json() == {
        "record_id": None, "confirmations": [], "to_confirm": False,
    }  # fmt: skip
    say(client, session_id, 1, is_right=True, status=404)


def test_contract_to_accept_waits_on_the_home_page_until_it_is_accepted(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world, agreed=False)
    for who in ("maude", "facilitator"):
        assert waiting(client, database, world, who)["contracts"] == [group.id]
        assert f'href="/codev/groupes/{group.id}/contrat"' in client.get("/").text
        body = {"contract_version": "1.0", "composition": 1}
        assert client.post(f"/api/v1/codev/groups/{group.id}/agreements", json=body).status_code == 201
        assert "contracts" not in waiting(client, database, world, who)
    assert "contracts" not in waiting(client, database, world, "coordinator")
