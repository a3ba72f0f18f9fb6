"""Drafts of judgements: their author's alone, each change from the version that was read, removed when validated."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.grading.drafts import service as drafts
from app.grading.drafts.schemas import DraftCommand, DraftKey, DraftPlace, DraftShown
from app.grading.schemas import EvidenceRef
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Stale
from app.platform.security.permissions import Permission
from tests.factories.grading import ALL_CN01, add_trainer, hand_in, hold_session, judge, judge_command
from tests.factories.network import World, as_, count, see


def path_of(world: World, ref: EvidenceRef | None = None, who: str = "maude") -> str:
    """Return the path of a draft of CN-01, read from a work or from none."""
    path = f"/api/v1/enrolments/{world.enrolments[who]}/judgement-drafts/CN-01"
    return path if ref is None else f"{path}?{ref.kind.value}_id={ref.id}"


def place_of(enrolment: EnrolmentRef, key: DraftKey) -> DraftPlace:
    return DraftPlace(enrolment=enrolment, competency="CN-01", key=key)


def from_version(version: int | str) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def save(
    database: Database, world: World, key: DraftKey, comment: str, *, version: int, by: str = "trainer"
) -> DraftShown:
    """Save a draft of CN-01 of Maude, in its own transaction."""
    with database.transaction() as db:
        actor, enrolment, _ = see(db, world, by, Permission.JUDGEMENT_MAKE)
        return drafts.save_draft(db, actor, place_of(enrolment, key), DraftCommand(comment=comment), version=version)


def row_count(database: Database, world: World) -> int:
    """Return the number of drafts with their texts, as the owner of the tables counts them."""
    with database.engine.begin() as owner:
        tables = ("judgement_draft", "judgement_draft_text")
        return sum(owner.execute(text(f"select count(*) from {name}")).scalar_one() for name in tables)  # noqa: S608


def test_a_draft_is_written_read_again_and_changed(client: TestClient, database: Database, world: World) -> None:
    ref = hand_in(database, world)
    path = path_of(world, ref)
    as_(client, database, world, "trainer")
    nothing = client.get(path)
    assert (nothing.headers["ETag"], nothing.json()["version"], nothing.json()["comment"]) == ('"0"', 0, "")
    body: dict[str, Any] = {
        "level": 2, "criteria_met": ["CN-01.C2", "CN-01.C1"], "evidence": [{"kind": "hand_in", "id": ref.id}],
        "activity_code": "GEN-1.C", "comment": "Cinq ressources, deux rôles à préciser.",
    }  # fmt: skip
    begun = client.put(path, json=body, headers=from_version(0))
    assert (begun.status_code, begun.headers["ETag"]) == (200, '"1"')
    assert client.get(path).json() == begun.json()
    assert begun.json()["criteria_met"] == ["CN-01.C1", "CN-01.C2"]
    changed = client.put(path, json={"comment": "Repris."}, headers=from_version(1))
    assert changed.headers["ETag"] == '"2"'
    read = client.get(path).json()
    assert (read["level"], read["criteria_met"], read["evidence"], read["comment"]) == (None, [], [], "Repris.")
    assert client.get(path_of(world)).json()["version"] == 0, "another form has its own"


def test_a_change_without_its_version_is_refused_428(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    assert client.put(path_of(world), json={"comment": "Oui"}).status_code == 428
    assert client.delete(path_of(world)).status_code == 428
    assert row_count(database, world) == 0


def test_a_stale_change_is_refused_412_with_the_present_draft(
    client: TestClient, database: Database, world: World
) -> None:
    piece = hand_in(database, world)
    path = path_of(world, piece)
    as_(client, database, world, "trainer")
    evidence = [piece.model_dump(mode="json")]
    client.put(path, json={"level": 3, "comment": "Premier onglet.", "evidence": evidence}, headers=from_version(0))
    for version in (0, 7):
        refused = client.put(path, json={"comment": "Second onglet."}, headers=from_version(version))
        assert refused.status_code == 412
        (error,) = refused.json()["errors"]
        assert error["code"] == "draft_stale"
        assert (error["params"]["version"], error["params"]["level"]) == (1, 3)
        assert error["params"]["comment"] == "Premier onglet."
        assert error["params"]["evidence"] == piece.key
    assert client.delete(path, headers=from_version(2)).status_code == 412
    assert client.get(path).json()["comment"] == "Premier onglet."


def test_the_same_draft_sent_again_refuses_nothing(client: TestClient, database: Database, world: World) -> None:
    """The answer to a save may be lost on its way: the browser sends it again from the version that it knew."""
    as_(client, database, world, "trainer")
    first = client.put(path_of(world), json={"comment": "Bien."}, headers=from_version(0))
    again = client.put(path_of(world), json={"comment": "Bien."}, headers=from_version(0))
    assert (again.status_code, again.headers["ETag"]) == (200, '"1"')
    assert again.json() == first.json()


def test_200_concurrent_saves_with_stale_tags_overwrite_nothing(
    client: TestClient, database: Database, world: World
) -> None:
    """Of 200 saves sent with one tag, eight at a time, one is written; each other one gets what was written (412)."""
    path = path_of(world, hand_in(database, world))
    as_(client, database, world, "trainer")
    assert client.put(path, json={"comment": "Départ."}, headers=from_version(0)).status_code == 200

    def attempt(place: int) -> tuple[str, int, str]:
        comment = f"Texte {place}."
        answer = client.put(path, json={"comment": comment}, headers=from_version(1))
        said = answer.json() if answer.status_code == 200 else answer.json()["errors"][0]["params"]
        return comment, answer.status_code, said["comment"]

    with ThreadPoolExecutor(8) as pool:
        met = list(pool.map(attempt, range(200)))
    [written] = [comment for comment, status, _ in met if status == 200]
    assert sorted({status for _, status, _ in met}) == [200, 412]
    assert {now for _, _, now in met} == {written}, "each loser reads the one text that was written"
    draft = client.get(path)
    assert (draft.headers["ETag"], draft.json()["comment"]) == ('"2"', written)


def test_of_two_first_saves_at_once_one_begins_the_draft(database: Database, world: World) -> None:
    key = DraftKey(hand_in_id=hand_in(database, world).id)

    def attempt(place: int) -> bool:
        try:
            return save(database, world, key, f"Texte {place}.", version=0).version == 1
        except Stale:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 1
    assert row_count(database, world) == 2


def test_a_draft_is_read_by_its_author_alone(client: TestClient, database: Database, world: World) -> None:
    ref = hand_in(database, world)
    add_trainer(database, world, "facilitator")
    as_(client, database, world, "trainer")
    client.put(path_of(world, ref), json={"level": 1, "comment": "Mots en chantier."}, headers=from_version(0))
    mine = as_(client, database, world, "facilitator").get(path_of(world, ref)).json()
    assert (mine["version"], mine["level"], mine["comment"]) == (0, None, "")
    for who in ("maude", "coordinator", "registrar", "admin"):
        assert as_(client, database, world, who).get(path_of(world, ref)).status_code == 403
    with database.transaction() as db:
        see(db, world, "coordinator", Permission.JUDGEMENT_READ)
        assert (count(db, "judgement_draft"), count(db, "judgement_draft_text")) == (1, 0), "that it exists, no word"


def test_no_word_of_a_draft_is_in_the_audit_record(database: Database, world: World) -> None:
    save(database, world, DraftKey(), "Phrase témoin d’un brouillon.", version=0)
    with database.engine.begin() as owner:
        written = owner.execute(text("select count(*) from audit_entry where subject like 'judgement_draft%'"))
        assert written.scalar_one() == 0
        values = owner.execute(text("select coalesce(string_agg(v::text, ' '), '') from audit_values v")).scalar_one()
    assert "Phrase témoin" not in values


@pytest.mark.parametrize("other", ["none", "work", "competency"])
def test_validating_removes_the_draft_of_that_work_and_no_other(
    client: TestClient, database: Database, world: World, other: str
) -> None:
    judged, kept = hand_in(database, world), hold_session(database, world)
    as_(client, database, world, "trainer")
    paths = {
        "none": path_of(world),
        "work": path_of(world, kept),
        "competency": path_of(world, judged).replace("CN-01", "CN-02"),
    }
    for path in (path_of(world, judged), paths[other]):
        assert client.put(path, json={"comment": "Bien."}, headers=from_version(0)).status_code == 200
    judge(database, world, judge_command(judged, level=3, criteria_met=ALL_CN01))
    assert client.get(path_of(world, judged)).json()["version"] == 0
    assert client.get(paths[other]).json()["version"] == (0 if other == "none" else 1)


def test_a_draft_of_a_replacement_outlives_another_judgement(
    client: TestClient, database: Database, world: World
) -> None:
    ref = hand_in(database, world)
    first = judge(database, world, judge_command(ref))
    as_(client, database, world, "trainer")
    path = f"{path_of(world, ref)}&supersedes={first.id}"
    client.put(path, json={"reason": "Relu."}, headers=from_version(0))
    judge(database, world, judge_command(ref, level=3, criteria_met=ALL_CN01))
    assert client.get(path).json()["reason"] == "Relu."
    judge(database, world, judge_command(ref, level=1, supersedes=first.id, reason="Relu."))
    assert client.get(path).json()["version"] == 0


def test_a_save_after_the_draft_ended_is_refused_and_makes_none(
    client: TestClient, database: Database, world: World
) -> None:
    ref = hand_in(database, world)
    as_(client, database, world, "trainer")
    client.put(path_of(world, ref), json={"comment": "Bien."}, headers=from_version(0))
    judge(database, world, judge_command(ref))
    late = client.put(path_of(world, ref), json={"comment": "Encore."}, headers=from_version(1))
    assert (late.status_code, late.json()["errors"][0]["code"]) == (412, "draft_gone")
    assert client.delete(path_of(world, ref), headers=from_version(1)).status_code == 404
    assert row_count(database, world) == 0


def test_a_draft_is_discarded_by_its_author(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer").put(path_of(world), json={"comment": "x"}, headers=from_version(0))
    assert client.delete(path_of(world), headers=from_version(1)).status_code == 204
    assert row_count(database, world) == 0


def test_a_draft_names_a_work_and_a_judgement_of_its_own_person(
    client: TestClient, database: Database, world: World
) -> None:
    theirs = hand_in(database, world, "karim")
    of_karim = judge(database, world, judge_command(theirs), of="karim")
    as_(client, database, world, "trainer")
    cases = {
        path_of(world, theirs): "evidence_unknown",
        f"{path_of(world)}?supersedes={of_karim.id}": "judgement_unknown",
        f"{path_of(world)}?hand_in_id=1&session_id=1": "one_work_only",
    }
    for path, code in cases.items():
        refused = client.put(path, json={"comment": "x"}, headers=from_version(0))
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
    named = {"evidence": [{"kind": "hand_in", "id": theirs.id}]}
    refused = client.put(path_of(world), json=named, headers=from_version(0))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "evidence_unknown")
    unknown = path_of(world).replace("CN-01", "CN-99")
    assert client.put(unknown, json={}, headers=from_version(0)).status_code == 404
    assert client.get(unknown).status_code == 404
    assert row_count(database, world) == 0


def test_who_may_not_judge_begins_no_draft(database: Database, world: World, client: TestClient) -> None:
    add_trainer(database, world, "maude")
    as_(client, database, world, "maude")
    assert client.put(path_of(world), json={"comment": "x"}, headers=from_version(0)).status_code == 403
    with database.engine.begin() as owner:
        owner.execute(
            text("update enrolment set state = 'withdrawn' where id = :id"), {"id": world.enrolments["maude"]}
        )
    with pytest.raises(Conflict, match="enrolment_not_running"):
        save(database, world, DraftKey(), "x", version=0)
    assert row_count(database, world) == 0
