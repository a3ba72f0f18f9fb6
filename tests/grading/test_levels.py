"""How much each level rests on: counted by a pure rule, shown on the path, beside the judgements and by API."""

from datetime import UTC, datetime

from fastapi.testclient import TestClient

from app.grading.enums import EvidenceKind
from app.grading.levels.rules import levels
from app.grading.levels.schemas import LevelShown
from app.grading.schemas import EvidenceRef, JudgementShown
from app.platform.database.transaction import Database
from tests.factories.grading import hand_in, judge, judge_command
from tests.factories.network import World, as_
from tests.factories.panels import add_trainers, ask, judged, name, speak


def piece(id_: int) -> EvidenceRef:
    return EvidenceRef(kind=EvidenceKind.HAND_IN, id=id_)


def judgement(
    id_: int, level: int, *pieces: int, by: int = 1, code: str = "CN-01", after: int | None = None
) -> JudgementShown:
    return JudgementShown(
        id=id_, enrolment_id=1, competency_code=code, activity_code=None, level=level, criteria_met=(),
        criteria_levels=(), criteria_feedback=(), comment="",
        validated_at=datetime(2026, 11, 27, tzinfo=UTC), assessor_id=by, assessor="", supersedes_id=None, reason=None,
        superseded_by=after, evidence=tuple(piece(p) for p in pieces),
    )  # fmt: skip


def test_level_counts_pieces_activities_and_people_once() -> None:
    given = [
        judgement(1, 3, 10, 11),
        judgement(2, 3, 11, 12, by=2),
        judgement(3, 2, 13, by=3),
        judgement(4, 4, 14, after=5),
        judgement(6, 1, 15, code="CN-02"),
    ]
    activities = {piece(10): "GEN-1.C", piece(11): "GEN-1.C", piece(12): "GEN-2.C", piece(15): None}
    first, second = levels(given, activities)
    assert (first.level, first.evidence_count, first.activity_count, first.assessor_count) == (3, 3, 2, 2)
    assert second == LevelShown(competency_code="CN-02", level=1, evidence_count=1, activity_count=0, assessor_count=1)


def test_level_of_a_panel_counts_its_members() -> None:
    [level] = levels([judgement(1, 3, 10, by=1)], {}, {1: {1, 2, 3}})
    assert level.assessor_count == 3


def test_path_and_judging_page_show_what_a_level_rests_on(client: TestClient, database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    panel = ask(database, world, judged(database, world).id)
    name(database, world, panel.id, "karim")
    speak(database, world, panel.id, "karim", 2)
    judge(database, world, judge_command(hand_in(database, world, code="GEN-5.C"), competency_code="CN-10"))
    as_(client, database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}"
    assert "1 preuve, 1 activité, 2 personnes évaluatrices" in client.get(path).text
    assert "1 preuve, 1 activité, 1 personne évaluatrice" in client.get(path).text
    assert "1 preuve, 1 activité, 2 personnes évaluatrices" in client.get(f"{path}/jugements/CN-01").text
    first, second = client.get(f"/api/v1/enrolments/{world.enrolments['maude']}/levels").json()["items"]
    assert (first["competency_code"], first["assessor_count"]) == ("CN-01", 2)
    assert (second["competency_code"], second["evidence_count"]) == ("CN-10", 1)
