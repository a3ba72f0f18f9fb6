"""What codevelopment allows once its cohort is closed, where nothing begins, or archived, where all is only read."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.codev.groups.schemas import GroupShown
from app.codev.records.service import sessions_to_record
from app.cohorts.enums import CohortState
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories.codev import COMING, CONTRACT, SHEET, create_group, join_group, membership_ids, plan_session
from tests.factories.cohorts import page, set_state
from tests.factories.network import STARTED, World, acting, as_

SOON = datetime.combine(STARTED + timedelta(days=40), time(13), UTC).isoformat()
V1 = "/api/v1/codev"
BEGIN = {"form", "join", "plan"}
DONE_WITHOUT_MORE = ("leave", "return", "hand over", "move", "cancel", "restore")
CORRECT = {*DONE_WITHOUT_MORE, "agree", "roles", "record"}
CHANGED = (
    "codev_group", "codev_membership", "codev_session", "codev_session_change", "codev_session_restoration",
    "codev_agreement", "codev_record", "role_assignment", "role_held",
)  # fmt: skip


@pytest.fixture
def group(database: Database, world: World) -> GroupShown:
    """Return a group of five, so that one may leave and come back."""
    created = create_group(database, world)
    return join_group(database, world, created.id, "nobody")


def state_of_tables(database: Database) -> list[Any]:
    """Return a digest of what codevelopment writes."""
    with database.engine.connect() as owner:
        digest = "select md5(string_agg(t::text, '|' order by id)) from {} t"
        return [owner.execute(text(digest.format(table))).scalar() for table in CHANGED]


def writes(world: World, group: GroupShown, kept: int, cancelled: int) -> dict[str, tuple[str, str, str, Any]]:
    """Return each codevelopment command: who sends it, how, where and what."""
    some = membership_ids(group)["maude"]
    moved = {"sequence": 0, "starts_at": SOON, "planned_minutes": 120, "mode": "onsite", "reason": "weather"}
    here, back = f"{V1}/groups/{group.id}", f"{V1}/sessions/{cancelled}/restoration"
    formed = {"name": "Groupe B", "enrolment_ids": [], "facilitator_id": world.people["facilitator"]}
    planned = {"activity_code": "GEN-7.C", "starts_at": SOON}
    return {
        "form": ("coordinator", "POST", f"/api/v1/cohorts/{world.cohort}/codev-groups", formed),
        "join": ("coordinator", "POST", f"{here}/members", {"enrolment_id": world.enrolments["maude"]}),
        "plan": ("coordinator", "POST", f"{here}/sessions", planned),
        "leave": ("coordinator", "POST", f"{here}/departures", {"membership_id": some}),
        "return": ("coordinator", "POST", f"{here}/returns", {"membership_id": some, "reason": "mistake"}),
        "hand over": ("coordinator", "PUT", f"{here}/facilitator", {"person_id": world.people["trainer"]}),
        "move": ("coordinator", "POST", f"{V1}/sessions/{kept}/changes", moved),
        "cancel": ("coordinator", "POST", f"{V1}/sessions/{kept}/cancellation", None),
        "restore": ("coordinator", "POST", back, {"reason": "mistake"}),
        "agree": ("maude", "POST", f"{here}/agreements", CONTRACT),
        "roles": ("facilitator", "PUT", f"{V1}/sessions/{kept}/roles", {"roles": []}),
        "record": ("facilitator", "POST", f"{V1}/sessions/{kept}/records", {"entries": [], "turns": []}),
    }


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        (CohortState.ARCHIVED, BEGIN | CORRECT),
        (CohortState.CLOSED, BEGIN),
    ],
)
def test_commands_of_a_cohort_that_is_over_are_refused_and_write_nothing(
    client: TestClient, database: Database, world: World, group: GroupShown, *, state: CohortState, refused: set[str]
) -> None:
    kept = plan_session(database, world, group.id)
    cancelled = plan_session(database, world, group.id, code="GEN-7.B")
    as_(client, database, world, "coordinator")
    assert client.post(f"{V1}/sessions/{cancelled}/cancellation").status_code == 200
    set_state(database, world, state)
    before = state_of_tables(database)
    commands = writes(world, group, kept, cancelled)
    for name in sorted(refused):
        who, method, path, body = commands[name]
        as_(client, database, world, who)
        answer = client.request(method, path, json=body)
        code = f"cohort_{state.value}"
        assert (answer.status_code, answer.json()["code"]) == (409, code), (name, answer.text)
        assert [e["code"] for e in answer.json()["errors"]] == [code], name
    assert state_of_tables(database) == before


def test_closed_cohort_still_corrects_what_took_place(
    client: TestClient, database: Database, world: World, group: GroupShown
) -> None:
    kept = plan_session(database, world, group.id)
    cancelled = plan_session(database, world, group.id, code="GEN-7.B")
    as_(client, database, world, "coordinator")
    assert client.post(f"{V1}/sessions/{cancelled}/cancellation").status_code == 200
    set_state(database, world, CohortState.CLOSED)
    commands = writes(world, group, kept, cancelled)
    for name in DONE_WITHOUT_MORE:
        who, method, path, body = commands[name]
        as_(client, database, world, who)
        assert client.request(method, path, json=body).status_code in {200, 201}, name


def test_sheet_is_read_and_no_longer_written_once_the_cohort_is_archived(
    client: TestClient, database: Database, world: World, group: GroupShown
) -> None:
    session = plan_session(database, world, group.id, at=COMING)
    own, form = f"{V1}/sessions/{session}/own-sheet", f"/codev/seances/{session}/fiche"
    as_(client, database, world, "maude")
    body = SHEET.model_dump(mode="json")
    assert client.put(own, json=body, headers={"If-Match": '"0"'}).status_code == 200
    assert f'action="{form}?' in page(client.get(form))
    set_state(database, world, CohortState.ARCHIVED)
    answer = client.put(own, json=body, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (409, "cohort_archived")
    assert client.get(own).json()["version"] == 1
    html = page(client.get(form))
    assert "La cohorte est archivée : elle se consulte seulement." in html
    assert f'action="{form}' not in html


def test_pages_of_an_archived_cohort_offer_nothing_to_change(
    client: TestClient, database: Database, world: World, group: GroupShown
) -> None:
    session = plan_session(database, world, group.id)
    pages = f"/codev/groupes/{group.id}", f"/codev/seances/{session}", f"/codev?cohorte={world.cohort}"

    def forms(who: str) -> list[int]:
        as_(client, database, world, who)
        return [page(client.get(path)).count('action="/codev/') for path in pages[:2]]

    assert min(forms("coordinator")) > 0
    assert forms("facilitator")[1] > 0
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.CODEV_RECORD)
        assert [s.id for s in sessions_to_record(db, actor, 5)] == [session]
    set_state(database, world, CohortState.ARCHIVED)
    for who, shown in (("facilitator", pages[:2]), ("coordinator", pages)):
        assert forms(who) == [0, 0]
        for path in shown:
            assert "La cohorte est archivée : elle se consulte seulement." in page(client.get(path))
    with database.transaction() as db:
        assert sessions_to_record(db, acting(db, world, "facilitator", P.CODEV_RECORD), 5) == []
    assert client.get(f"{V1}/groups/{group.id}").json()["cohort_state"] == "archived"
