"""The applications to a cohort and its sessions, in pages that the database selects."""

import pytest
from fastapi.testclient import TestClient

from app.cohorts.enums import EnrolmentState
from app.platform.database.transaction import Database
from tests.factories.cohorts import applied, called, meeting, move
from tests.factories.network import World, as_

V1 = "/api/v1"


def test_applications_are_read_by_key_and_those_answered_are_searched(
    client: TestClient, database: Database, world: World
) -> None:
    move(database, world, applied(database, world), EnrolmentState.REFUSED, reason="Complet.")
    applied(database, world, "other_participant")
    as_(client, database, world, "coordinator")
    path = f"{V1}/cohorts/{world.cohort}/applications"
    everyone = client.get(path).json()
    first = client.get(path, params={"limit": 1}).json()
    assert (first["items"], first["next"]) == (everyone["items"][:1], everyone["items"][0]["enrolment_id"])
    rest = client.get(path, params={"after": first["next"]}).json()
    assert (rest["items"], rest["next"]) == (everyone["items"][1:], None)
    assert len(rest["items"]) > 0
    page = f"/cohortes/{world.cohort}/candidatures"
    refused = next(a["name"] for a in everyone["items"] if a["state"] == "refused")
    assert refused in client.get(page, params={"etat": "refused", "recherche": refused.split()[0]}).text
    assert refused not in client.get(page, params={"etat": "active"}).text


@pytest.mark.parametrize(("stage", "count"), [("", 2), ("called", 1), ("to_call", 1), ("coming", 0), ("cancelled", 0)])
def test_sessions_are_filtered_by_their_stage(
    client: TestClient, database: Database, world: World, stage: str, count: int
) -> None:
    sessions = {meeting(database, world), meeting(database, world, days=3)}
    called(database, world, min(sessions))
    as_(client, database, world, "coordinator")
    html = client.get(f"/cohortes/{world.cohort}/seances", params={"etat": stage} if stage else {}).text
    assert html.count('/annulation"') == count
    rows = client.get(f"{V1}/cohorts/{world.cohort}/sessions", params={"limit": 1}).json()
    assert len(rows["items"]) == 1
    rest = client.get(f"{V1}/cohorts/{world.cohort}/sessions", params={"after": rows["next"]}).json()
    assert {s["id"] for s in (*rows["items"], *rest["items"])} == sessions
    assert rest["next"] is None
