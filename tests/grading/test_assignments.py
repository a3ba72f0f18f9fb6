"""Works assigned to trainers: whose queue shows them, who is told, who may, and what two people at once get."""

from fastapi.testclient import TestClient
from sqlalchemy import text

from app.grading.assignments import service as assignments
from app.grading.assignments.schemas import AssignCommand, AssignmentShown
from app.grading.queue.service import queue, queue_counts
from app.grading.schemas import EvidenceRef, QueueView
from app.grading.works.enums import WorkState
from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission
from tests.factories.grading import add_trainer, hand_in
from tests.factories.network import World, acting, as_, see
from tests.factories.notifications import forget_messages, inbox
from tests.factories.works import works_of

SECOND = "facilitator"
"""Who trains the cohort too in these tests."""


def assign(
    database: Database, world: World, to: str | None = None, activity: str | None = None, supersedes: int | None = None
) -> AssignmentShown:
    """Assign Maude's works as the coordinator."""
    with database.transaction() as db:
        actor, enrolment, _ = see(db, world, "coordinator", Permission.JUDGEMENT_ASSIGN)
        who = world.people[to] if to else None
        command = AssignCommand(activity_code=activity, assignee_id=who, supersedes=supersedes)
        return assignments.assign(db, actor, enrolment, command)


def in_queue(database: Database, world: World, who: str, view: QueueView = QueueView.MINE) -> set[int]:
    """Return the works that someone's queue shows, as many as it counts."""
    with database.transaction() as db:
        actor = acting(db, world, who, Permission.JUDGEMENT_MAKE)
        shown = {item.evidence.id for item in queue(db, actor, view=view).items}
        assert queue_counts(db, actor, view=view).waiting == len(shown)
        return shown


def two_works(database: Database, world: World) -> tuple[EvidenceRef, EvidenceRef]:
    add_trainer(database, world, SECOND)
    return hand_in(database, world), hand_in(database, world, code="GEN-3.C")


def test_assigned_work_is_in_its_assessors_queue_and_in_the_teams(database: Database, world: World) -> None:
    first, second = two_works(database, world)
    assign(database, world, SECOND, "GEN-1.C")
    assert in_queue(database, world, "trainer") == {second.id}
    assert in_queue(database, world, SECOND) == {first.id, second.id}
    assert in_queue(database, world, "trainer", QueueView.TEAM) == {first.id, second.id}
    again = hand_in(database, world, attempt=2)
    assert in_queue(database, world, "trainer") == {second.id}
    assert in_queue(database, world, SECOND) == {again.id, second.id}


def test_activity_prevails_over_the_person_and_nobody_gives_back(database: Database, world: World) -> None:
    first, second = two_works(database, world)
    whole = assign(database, world, SECOND)
    assert in_queue(database, world, "trainer") == set()
    one = assign(database, world, "trainer", "GEN-3.C")
    assert in_queue(database, world, "trainer") == {second.id}
    assert in_queue(database, world, SECOND) == {first.id}
    assign(database, world, None, "GEN-3.C", one.id)
    assign(database, world, None, None, whole.id)
    assert in_queue(database, world, "trainer") == in_queue(database, world, SECOND) == {first.id, second.id}


def test_work_of_a_trainer_who_left_the_team_is_everybodys(database: Database, world: World) -> None:
    first, second = two_works(database, world)
    assign(database, world, SECOND)
    assert {work.state for work in works_of(database, world)} == {WorkState.BEING_READ}
    ended = text("update role_held set ended_at = now() where person_id = :who and role = 'trainer'")
    with database.engine.begin() as owner:
        owner.execute(ended, {"who": world.people[SECOND]})
    assert in_queue(database, world, "trainer") == {first.id, second.id}
    assert {work.state for work in works_of(database, world)} == {WorkState.RECEIVED}


def test_both_trainers_are_told_of_a_change_and_the_author_reads_being_read(database: Database, world: World) -> None:
    two_works(database, world)
    forget_messages(database)
    first = assign(database, world, SECOND, "GEN-1.C")
    assign(database, world, "trainer", "GEN-1.C", first.id)
    assert inbox(database, world, SECOND) == [
        "Des travaux ne vous sont plus confiés", "Des travaux à juger vous sont confiés",
    ]  # fmt: skip
    assert inbox(database, world, "trainer") == ["Des travaux à juger vous sont confiés"]
    assert [work.state for work in works_of(database, world)] == [WorkState.BEING_READ, WorkState.RECEIVED]


def test_assignment_that_somebody_changed_meanwhile_is_refused(
    client: TestClient, database: Database, world: World
) -> None:
    two_works(database, world)
    as_(client, database, world, "coordinator")
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/work-assignments"
    body = {"activity_code": "GEN-1.C", "assignee_id": world.people[SECOND]}
    made = client.post(path, json=body)
    assert (made.status_code, made.json()["assigned_by"]) == (201, "Corinne Coordination")
    other = {**body, "assignee_id": world.people["trainer"]}
    assert client.post(path, json=other).status_code == 409
    assert client.post(path, json={**other, "supersedes": made.json()["id"]}).status_code == 201
    assert [a["assignee_id"] for a in client.get(path).json()] == [world.people["trainer"]]
    stranger = client.post(path, json={"assignee_id": world.people["karim"]})
    assert stranger.json()["errors"][0]["code"] == "assignee_not_trainer"


def test_page_of_a_cohort_assigns_a_work(client: TestClient, database: Database, world: World) -> None:
    work, _ = two_works(database, world)
    as_(client, database, world, "coordinator")
    page = f"/cohortes/{world.cohort}/travaux"
    assert f'href="{page}"' in client.get(f"/cohortes/{world.cohort}").text
    path = f"{page}/{world.enrolments['maude']}"
    sent = client.post(path, data={"activity_code": "GEN-1.C", "assignee_id": str(world.people[SECOND])})
    assert sent.headers["location"] == page
    stale = client.post(path, data={"activity_code": "GEN-1.C", "assignee_id": str(world.people["trainer"])})
    assert stale.status_code == 409
    assert "entre-temps" in stale.text
    listed = client.get(f"/api/v1/cohorts/{world.cohort}/works-to-judge").json()["items"]
    assert {item["evidence"]["id"]: item["assignee_id"] for item in listed}[work.id] == world.people[SECOND]


def test_queue_is_filtered_by_team_cohort_and_age(client: TestClient, database: Database, world: World) -> None:
    add_trainer(database, world, SECOND)
    old, new = hand_in(database, world, days=30), hand_in(database, world, code="GEN-3.C")
    assign(database, world, SECOND, "GEN-3.C")
    as_(client, database, world, "trainer")
    for query, expected in (
        ({}, {old.id}), ({"vue": "equipe"}, {old.id, new.id}), ({"vue": "equipe", "age": "retard"}, {old.id}),
        ({"cohorte": str(world.cohort)}, {old.id}), ({"cohorte": str(world.cohort + 1)}, set()),
    ):  # fmt: skip
        html = client.get("/jugements", params=query).text
        assert {work.id for work in (old, new) if f"/travaux/{work.key}/" in html} == expected, query


def test_queue_without_works_of_ones_own_leads_to_the_teams(
    client: TestClient, database: Database, world: World
) -> None:
    first, second = two_works(database, world)
    assign(database, world, SECOND)
    as_(client, database, world, "trainer")
    page = client.get("/jugements").text
    assert "Rien ne vous attend" in page
    assert 'href="/jugements?vue=equipe"' in page
    team = client.get("/jugements?vue=equipe").text
    assert all(f"/travaux/{work.key}/" in team for work in (first, second))
