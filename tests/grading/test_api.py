"""Routes of judgements: permissions, refusals, and nothing written by a refused request."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.grading import ALL_CN01, hand_in, judge, judge_command
from tests.factories.network import World, as_, count


def body(evidence: int | None, **given: object) -> dict[str, Any]:
    refs = [] if evidence is None else [{"kind": "hand_in", "id": evidence}]
    return {
        "competency_code": "CN-01",
        "level": 2,
        "evidence": refs,
        "criteria_met": list(ALL_CN01[:2]),
        "comment": "Bien.",
        **given,
    }


def row_count(database: Database, world: World) -> int:
    """Return the number of judgements and of their evidence in both colleges."""
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        return count(db, "judgement") + count(db, "judgement_evidence")


def test_judge_then_read(client: TestClient, database: Database, world: World) -> None:
    ref = hand_in(database, world)
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/judgements"
    made = as_(client, database, world, "trainer").post(
        path, json=body(ref.id, level=3, criteria_met=list(ALL_CN01), activity_code="GEN-1.C")
    )
    assert made.status_code == 201
    assert made.json()["evidence"] == [{"kind": "hand_in", "id": ref.id}]
    assert client.get("/api/v1/me/judgement-queue").json() == {"judged": 1, "total": 1, "items": [], "next": None}
    for who in ("maude", "coordinator", "registrar", "trainer"):
        as_(client, database, world, who)
        assert client.get(path).json() == [made.json()]
        assert client.get(f"/api/v1/judgements/{made.json()['id']}").json() == made.json()


CASES: dict[str, tuple[int, str, Callable[[int, int], dict[str, Any]]]] = {
    "no evidence": (422, "evidence_needed", lambda own, other: body(None)),
    "evidence of another person": (422, "evidence_unknown", lambda own, other: body(other)),
    "evidence that does not exist": (422, "evidence_unknown", lambda own, other: body(2_000_000)),
    "evidence id beyond integers": (422, "evidence_unknown", lambda own, other: body(10**12)),
    "evidence of no known kind": (
        422, "enum", lambda own, other: {**body(None), "evidence": [{"kind": "rumour", "id": own}]}
    ),
    "level 5": (422, "less_than_equal", lambda own, other: body(own, level=5)),
    "level 0": (422, "greater_than_equal", lambda own, other: body(own, level=0)),
    "level as text": (422, "int_type", lambda own, other: body(own, level="3")),
    "unknown competency": (422, "competency_unknown", lambda own, other: body(own, competency_code="CN-99")),
    "criterion of another competency": (
        422, "criterion_unknown", lambda own, other: body(own, criteria_met=["CN-02.C1"])
    ),
    "level without a criterion": (422, "criterion_needed", lambda own, other: body(own, criteria_met=[])),
    "level not proposed and not explained": (422, "comment_needed", lambda own, _: body(own, level=1, comment=None)),
    "level 4 of a competency that the work does not assess": (
        422, "evidence_of_other_competency",
        lambda own, _: body(own, competency_code="CN-04", level=4, criteria_met=[f"CN-04.C{n}" for n in (1, 2, 3)]),
    ),
    "activity that assesses another competency": (
        422, "activity_of_other_competency", lambda own, other: body(own, activity_code="GEN-3.C")
    ),
    "mastery without its criteria": (422, "criteria_missing", lambda own, other: body(own, level=3)),
    "activity of another path": (422, "activity_unknown", lambda own, other: body(own, activity_code="SPE-1.A")),
    "unknown judgement to replace": (
        422, "judgement_unknown", lambda own, other: body(own, supersedes=77, reason="Non")
    ),
    "unknown field": (422, "extra_forbidden", lambda own, other: body(own, assessor_id=1)),
    "comment too long": (422, "string_too_long", lambda own, other: body(own, comment="é" * 4001)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_invalid_command_is_refused_and_writes_nothing(
    client: TestClient, database: Database, world: World, case: str
) -> None:
    status, code, make = CASES[case]
    own, other = hand_in(database, world).id, hand_in(database, world, "karim").id
    as_(client, database, world, "trainer")
    answer = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/judgements", json=make(own, other))
    assert answer.status_code == status
    assert code in [e["code"] for e in answer.json()["errors"]]
    assert all(e["message"] for e in answer.json()["errors"])
    assert row_count(database, world) == 0


def test_evidence_of_another_college(client: TestClient, database: Database, world: World) -> None:
    other = hand_in(database, world, "other_participant").id
    as_(client, database, world, "trainer")
    answer = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/judgements", json=body(other))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "evidence_unknown")
    assert row_count(database, world) == 0


@pytest.mark.parametrize(
    ("who", "status"),
    [("other_trainer", 404), ("coordinator", 403), ("registrar", 403), ("maude", 403), ("observer", 403)],
)
def test_judge_without_permission_or_reach_writes_nothing(
    client: TestClient, database: Database, world: World, who: str, status: int
) -> None:
    ref = hand_in(database, world)
    as_(client, database, world, who)
    answer = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/judgements", json=body(ref.id))
    assert answer.status_code == status
    assert row_count(database, world) == 0


def test_judgement_out_of_reach_answers_as_missing(client: TestClient, database: Database, world: World) -> None:
    made = judge(database, world, judge_command(hand_in(database, world)))
    as_(client, database, world, "other_trainer")
    for hidden, missing in (
        (f"/api/v1/judgements/{made.id}", "/api/v1/judgements/999999"),
        (f"/api/v1/enrolments/{made.enrolment_id}/judgements", "/api/v1/enrolments/999999/judgements"),
    ):
        hidden_answer, missing_answer = client.get(hidden), client.get(missing)
        assert (hidden_answer.status_code, hidden_answer.content) == (404, missing_answer.content)


def test_queue_without_sign_in_answers_401(client: TestClient) -> None:
    assert client.get("/api/v1/me/judgement-queue").status_code == 401
