"""The protocol of a group: read and printed by its people, and kept with each consultation recorded (S4)."""

from html import unescape

from fastapi.testclient import TestClient

from app.codev.protocols.enums import Variant
from app.codev.records.enums import TurnStatus
from app.codev.records.schemas import RecordCommand
from app.platform.database.transaction import Database
from tests.factories.codev import create_group, membership_ids, plan_session, presences, turn
from tests.factories.network import World, as_


def test_protocol_of_a_group_is_read_by_its_people(client: TestClient, database: Database, world: World) -> None:
    group = create_group(database, world)
    for who in ("maude", "facilitator", "coordinator"):
        as_(client, database, world, who)
        page = unescape(client.get(f"/codev/groupes/{group.id}/protocole").text)
        assert "La parole est à vous, et personne ne vous interrompra." in page
        assert "Consultation express" in page
    shown = client.get(f"/api/v1/codev/groups/{group.id}/protocol").json()
    assert (shown["protocol_version"], [v["minutes"] for v in shown["variants"]]) == ("1.0", [65, 60])
    assert [step["code"] for step in shown["variants"][0]["steps"]][2] == "contract"


def test_consultation_of_an_unprepared_reserve_keeps_that_it_was_express(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session = plan_session(database, world, group.id)
    express = turn(who["karim"], TurnStatus.HELD).model_copy(update={"protocol": Variant.EXPRESS})
    command = RecordCommand(entries=presences(group), turns=(express,))
    as_(client, database, world, "facilitator")
    body = command.model_dump(mode="json", exclude={"supersedes"})
    recorded = client.post(f"/api/v1/codev/sessions/{session}/records", json=body)
    assert (recorded.status_code, [t["protocol"] for t in recorded.json()["turns"]]) == (201, ["express"])
    page = unescape(client.get(f"/codev/seances/{session}").text)
    assert '<option value="express" selected' in page
