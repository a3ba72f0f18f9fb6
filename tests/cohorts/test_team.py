"""The team of a cohort: who joins it, who leaves it, and what that leaves without anybody."""

from fastapi.testclient import TestClient

from app.overview.cohort_team.rules import Duties, departure_effects
from app.platform.database.transaction import Database
from app.platform.errors import Reason
from app.platform.security.permissions import Role
from tests.factories.cohorts import fields, meeting, page
from tests.factories.grading import hand_in, judge, judge_command
from tests.factories.network import World, as_

API = "/api/v1"
NONE = Duties(sessions_to_come=0, sessions_to_call=0, works_to_judge=0, own_groups=0)


def codes(reasons: list[Reason]) -> list[str]:
    """Return the codes of the reasons."""
    return [r.code for r in reasons]


def test_departure_of_the_last_trainer_leaves_what_waits_without_anybody() -> None:
    busy = Duties(sessions_to_come=2, sessions_to_call=1, works_to_judge=4, own_groups=0)
    alone = departure_effects(Role.TRAINER, 0, busy)
    assert [(r.code, r.params.get("n")) for r in alone] == [
        ("no_trainer_left", None), ("sessions_without_trainer", 2), ("calls_without_trainer", 1),
        ("works_without_trainer", 4),
    ]  # fmt: skip
    assert codes(departure_effects(Role.TRAINER, 0, NONE)) == ["no_trainer_left"]


def test_departure_among_others_leaves_their_work_to_them() -> None:
    assert codes(departure_effects(Role.TRAINER, 1, NONE)) == ["others_remain"]
    groups = Duties(sessions_to_come=0, sessions_to_call=0, works_to_judge=0, own_groups=2)
    assert codes(departure_effects(Role.FACILITATOR, 0, groups)) == ["no_facilitator_left", "groups_kept"]


def test_someone_of_the_college_joins_and_leaves_by_page(client: TestClient, database: Database, world: World) -> None:
    meeting(database, world)
    as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/equipe"
    assert client.post(path, data={"person_id": world.people["maude"], "role": "trainer"}).status_code == 422
    added = client.post(path, data={"person_id": world.people["facilitator"], "role": "facilitator"})
    assert added.headers["location"] == path
    html = page(client.get(path))
    assert "Flavie Animation" in html
    team = client.get(f"{API}/cohorts/{world.cohort}/staff").json()["items"]
    trainer = next(m for m in team if m["role"] == "trainer")
    leaving = f"{path}/{trainer['role_id']}"
    html = page(client.get(leaving))
    assert "Plus personne ne formera cette cohorte" in html
    assert "1 séance attend encore qu’on y note les présences" in html
    sent = fields(html, leaving)
    assert client.post(leaving, data=sent).status_code == 422, "a reason is needed"
    assert client.post(leaving, data={**sent, "reason": "Congé."}).headers["location"] == path
    assert leaving not in page(client.get(path))
    as_(client, database, world, "trainer")
    assert client.get(f"{API}/cohorts/{world.cohort}/board").status_code == 404


def test_departure_leaves_the_works_that_wait_in_the_queue_and_no_trace(
    client: TestClient, database: Database, world: World
) -> None:
    first, last = (hand_in(database, world, "maude", "GEN-1.C", attempt=n) for n in (1, 2))
    hand_in(database, world, "maude", "GEN-1.B")
    hand_in(database, world, "karim", "GEN-1.C")
    judge(database, world, judge_command(first, last))
    as_(client, database, world, "coordinator")
    team = f"{API}/cohorts/{world.cohort}/staff"
    [trainer] = client.get(team).json()["items"]
    effects = client.get(f"{team}/{trainer['role_id']}").json()["effects"]
    assert [e["params"]["n"] for e in effects if e["code"] == "works_without_trainer"] == [1]


def test_departure_is_refused_when_it_leaves_something_else(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    team = f"{API}/cohorts/{world.cohort}/staff"
    [trainer] = client.get(team).json()["items"]
    shown = client.get(f"{team}/{trainer['role_id']}").json()["shown"]
    meeting(database, world)
    as_(client, database, world, "coordinator")
    end = f"{team}/{trainer['role_id']}/end"
    late = client.post(end, json={"reason": "Congé.", "shown": shown})
    assert (late.status_code, late.json()["code"]) == (409, "cohort_changed")
    unread = client.post(end, json={"reason": "Congé."})
    assert (unread.status_code, unread.json()["errors"][0]["code"]) == (422, "preview_needed")
    again = {"reason": "Congé.", "shown": client.get(f"{team}/{trainer['role_id']}").json()["shown"]}
    assert client.post(end, json=again).status_code == 204
    assert client.post(end, json=again).status_code == 404


def test_role_of_another_cohort_is_not_of_this_team(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "other_coordinator")
    [other] = client.get(f"{API}/cohorts/{world.other_cohort}/staff").json()["items"]
    as_(client, database, world, "coordinator")
    assert client.get(f"{API}/cohorts/{world.cohort}/staff/{other['role_id']}").status_code == 404
