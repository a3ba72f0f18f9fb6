"""The team of a trace: its author names it, each member reads the trace and may be judged on it, or leaves (S1)."""

import re

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Enrolment
from app.grading.enums import EvidenceKind
from app.grading.evidence.service import evidence_of, evidence_refs
from app.grading.schemas import EvidenceRef, JudgeCommand
from app.grading.team_traces.rules import team_reasons
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories import panels
from tests.factories.cohorts import set_state
from tests.factories.grading import hand_in, judge, judge_command
from tests.factories.learning import PDF
from tests.factories.network import World, acting, as_
from tests.factories.notifications import inbox

API = "/api/v1"
CODE = "GEN-2.B"
CRITERIA = ("CN-08.C1", "CN-08.C2")


def path(world: World, who: str = "maude", code: str = CODE) -> str:
    return f"/parcours/{world.enrolments[who]}/activites/{code}"


def deposited(database: Database, world: World, who: str = "maude", code: str = CODE) -> int:
    return hand_in(database, world, who, code).id


def name(client: TestClient, world: World, trace: int, *who: str) -> Response:
    return client.put(f"{API}/hand-ins/{trace}/team", json={"enrolment_ids": [world.enrolments[w] for w in who]})


def named(answer: Response) -> list[str]:
    return [mate["name"] for mate in answer.json()["mates"] if mate["in_team"]]


def read_by(client: TestClient, database: Database, world: World, who: str) -> list[int]:
    listed = as_(client, database, world, who).get(f"{API}/enrolments/{world.enrolments[who]}/team-traces")
    return [trace["id"] for trace in listed.json()]


def codes(answer: Response) -> list[tuple[str | None, str]]:
    return [(e["field"], e["code"]) for e in answer.json()["errors"]]


def set_enrolment(database: Database, world: World, who: str, state: EnrolmentState) -> None:
    with database.as_owner() as db:
        row = db.get_one(Enrolment, world.enrolments[who])
        row.state = state
        db.add(row)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [((), []), ((1, 2), []), ((1, 9), ["not_a_team_mate"]), ((3,), ["left_the_team"])],
)
def test_team_is_of_the_cohort_and_of_nobody_who_left_it(ids: tuple[int, ...], expected: list[str]) -> None:
    reasons = team_reasons(ids, mates=(1, 2, 3), left=(3,))
    assert [(r.code, r.field) for r in reasons] == [(code, "enrolment_ids") for code in expected]


def test_trace_of_a_team_is_read_by_each_member_whom_its_author_names_and_by_nobody_else(
    client: TestClient, database: Database, world: World
) -> None:
    trace = deposited(database, world)
    for who in ("karim", "elise"):
        assert read_by(client, database, world, who) == []
    answer = name(as_(client, database, world, "maude"), world, trace, "karim")
    assert answer.status_code == 200, answer.text
    assert named(answer) == ["Karim Haddad"]
    (share,) = read_by(client, database, world, "karim")
    read = client.get(f"{API}/team-traces/{share}").json()
    assert (read["author"], read["activity_code"]) == ("Maude Bérubé", CODE)
    assert read["body"].startswith("Ma carte")
    for who in ("elise", "yves", "other_participant"):
        assert as_(client, database, world, who).get(f"{API}/team-traces/{share}").status_code == 404
        assert client.get(f"{API}/hand-ins/{trace}").status_code == 404
    assert as_(client, database, world, "karim").get(f"{API}/hand-ins/{trace}/team").status_code == 404
    assert name(client, world, trace, "elise").status_code == 404
    trainer = as_(client, database, world, "trainer").get(f"{API}/hand-ins/{trace}/team")
    assert named(trainer) == ["Karim Haddad"]


def test_file_of_a_team_is_downloaded_by_its_members_while_they_are_named(
    client: TestClient, database: Database, world: World
) -> None:
    sent = as_(client, database, world, "maude").post(
        f"{API}/enrolments/{world.enrolments['maude']}/hand-in-files",
        data={"activity_code": CODE},
        files={"file": ("Canevas.pdf", PDF, "application/pdf")},
    )
    trace = sent.json()["id"]
    name(client, world, trace, "karim")
    (share,) = read_by(client, database, world, "karim")
    file = client.get(f"{API}/team-traces/{share}/file")
    assert (file.content, file.headers["content-disposition"][:10]) == (PDF, "attachment")
    assert "Canevas.pdf" in client.get(path(world, "karim")).text
    assert as_(client, database, world, "elise").get(f"{API}/team-traces/{share}/file").status_code == 404
    name(as_(client, database, world, "maude"), world, trace)
    assert as_(client, database, world, "karim").get(f"{API}/team-traces/{share}/file").status_code == 404
    assert client.get(f"{API}/hand-ins/{trace}/file").status_code == 404


def test_same_team_again_changes_nothing_and_a_change_keeps_the_history(
    client: TestClient, database: Database, world: World
) -> None:
    trace = deposited(database, world)
    as_(client, database, world, "maude")
    for team in (("karim", "elise"), ("elise", "karim"), ("elise",), ("karim", "elise")):
        assert name(client, world, trace, *team).status_code == 200
    with database.transaction(colleges=[world.alma]) as db:
        rows = db.execute(text("select enrolment_id, ended_at is null, ended_by from trace_share order by id")).all()
    karim, elise = world.enrolments["karim"], world.enrolments["elise"]
    assert sorted((id_, in_force, by) for id_, in_force, by in rows[:2]) == sorted(
        [(karim, False, world.people["maude"]), (elise, True, None)]
    )
    assert [tuple(row) for row in rows[2:]] == [(karim, True, None)]
    told = [title for title in inbox(database, world, "elise") if title.startswith("Le travail de votre équipe")]
    assert len(told) == 1


def test_team_of_people_out_of_the_cohort_is_refused(client: TestClient, database: Database, world: World) -> None:
    trace = deposited(database, world)
    set_enrolment(database, world, "yves", EnrolmentState.WITHDRAWN)
    as_(client, database, world, "maude")
    for who in ("other_participant", "yves", "maude"):
        refused = name(client, world, trace, who)
        assert (refused.status_code, codes(refused)) == (422, [("enrolment_ids", "not_a_team_mate")])


def test_trace_of_an_activity_that_one_does_alone_has_no_team(
    client: TestClient, database: Database, world: World
) -> None:
    trace = deposited(database, world, code="GEN-1.B")
    as_(client, database, world, "maude")
    assert client.get(f"{API}/hand-ins/{trace}/team").status_code == 404
    assert name(client, world, trace, "karim").status_code == 404
    assert "/equipe" not in client.get(path(world, code="GEN-1.B")).text


def test_member_says_that_they_are_not_of_the_team_and_is_not_named_again(
    client: TestClient, database: Database, world: World
) -> None:
    trace = deposited(database, world)
    name(as_(client, database, world, "maude"), world, trace, "karim", "elise")
    (share,) = read_by(client, database, world, "karim")
    assert as_(client, database, world, "elise").delete(f"{API}/team-traces/{share}").status_code == 404
    as_(client, database, world, "karim")
    assert client.delete(f"{API}/team-traces/{share}").status_code == 204
    assert client.delete(f"{API}/team-traces/{share}").status_code == 404
    assert "Déposé par" not in client.get(path(world, "karim")).text
    as_(client, database, world, "maude")
    assert named(client.get(f"{API}/hand-ins/{trace}/team")) == ["Élise Lœwen-Côté"]
    refused = name(client, world, trace, "karim", "elise")
    assert codes(refused) == [("enrolment_ids", "left_the_team")]
    assert "Karim Haddad a dit ne pas être de cette équipe." in client.get(path(world)).text


def test_member_whose_enrolment_ended_no_longer_reads_the_trace(
    client: TestClient, database: Database, world: World
) -> None:
    trace = deposited(database, world)
    name(as_(client, database, world, "maude"), world, trace, "karim")
    (share,) = read_by(client, database, world, "karim")
    set_enrolment(database, world, "karim", EnrolmentState.WITHDRAWN)
    assert client.get(f"{API}/team-traces/{share}").status_code == 404
    assert client.get(f"{API}/team-traces/{share}/file").status_code == 404


def test_team_of_an_archived_cohort_does_not_change(client: TestClient, database: Database, world: World) -> None:
    trace = deposited(database, world)
    name(as_(client, database, world, "maude"), world, trace, "karim")
    (share,) = read_by(client, database, world, "karim")
    set_state(database, world, CohortState.ARCHIVED)
    assert client.delete(f"{API}/team-traces/{share}").json()["code"] == "cohort_archived"
    refused = name(as_(client, database, world, "maude"), world, trace, "elise")
    assert (refused.status_code, refused.json()["code"]) == (409, "cohort_archived")


def test_trace_is_evidence_of_each_member_and_its_team_no_longer_changes_once_one_is_judged_on_it(
    client: TestClient, database: Database, world: World
) -> None:
    trace = deposited(database, world)
    piece = EvidenceRef(kind=EvidenceKind.HAND_IN, id=trace)
    command = JudgeCommand(
        competency_code="CN-08", level=2, criteria_met=CRITERIA, evidence=(piece,), comment="Un canevas vérifiable."
    )
    refused = as_(client, database, world, "trainer").post(
        f"{API}/enrolments/{world.enrolments['karim']}/judgements", json=command.model_dump(mode="json")
    )
    assert refused.status_code == 422
    name(as_(client, database, world, "maude"), world, trace, "karim", "elise")
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.EVIDENCE_READ)
        for who, author in (("maude", None), ("karim", "Maude Bérubé")):
            enrolment = see_enrolment(db, actor, world.enrolments[who])
            assert [(e.id, e.author) for e in evidence_of(db, enrolment)] == [(trace, author)]
            assert evidence_refs(db, enrolment) == {piece: CODE}
    form = as_(client, database, world, "trainer").get(
        f"/parcours/{world.enrolments['karim']}/jugements/CN-08?preuve=hand_in:{trace}"
    )
    assert "Déposé par Maude Bérubé pour l’équipe" in form.text
    assert "/travaux/" not in form.text
    with database.engine.begin() as owner:
        log = "select count(*) from view_log where subject_id = :whose and viewer_id = :who"
        ids = {"whose": world.people["maude"], "who": world.people["trainer"]}
        assert owner.execute(text(log), ids).scalar_one() == 1
    judge(database, world, command, of="karim")
    file = as_(client, database, world, "karim").get(f"{API}/enrolments/{world.enrolments['karim']}/portfolio").text
    assert "Déposé par Maude Bérubé pour l’équipe" in file
    assert "Ma carte de l’écosystème" not in file
    frozen = name(as_(client, database, world, "maude"), world, trace, "elise")
    assert (frozen.status_code, frozen.json()["code"]) == (409, "trace_judged")
    assert name(client, world, trace, "karim", "elise").status_code == 200
    (share,) = read_by(client, database, world, "karim")
    assert client.delete(f"{API}/team-traces/{share}").json()["code"] == "trace_judged"
    (hers,) = read_by(client, database, world, "elise")
    assert client.delete(f"{API}/team-traces/{hers}").status_code == 204


def test_file_of_a_team_mate_that_a_panel_judges_is_logged_as_read(
    client: TestClient, database: Database, world: World
) -> None:
    sent = as_(client, database, world, "maude").post(
        f"{API}/enrolments/{world.enrolments['maude']}/hand-in-files",
        data={"activity_code": CODE},
        files={"file": ("Canevas.pdf", PDF, "application/pdf")},
    )
    trace = sent.json()["id"]
    name(client, world, trace, "karim")
    piece = EvidenceRef(kind=EvidenceKind.HAND_IN, id=trace)
    command = judge_command(piece, competency_code="CN-08", criteria_met=CRITERIA)
    panel = panels.ask(database, world, judge(database, world, command, of="karim").id, "karim")
    panels.add_trainers(database, world, "elise", cohort=False)
    panels.name(database, world, panel.id, "elise")
    file = as_(client, database, world, "elise").get(f"{API}/panels/{panel.id}/hand-ins/{trace}/file")
    assert file.content == PDF
    with database.engine.begin() as owner:
        log = "select count(*) from view_log where subject_id = :whose and viewer_id = :who"
        ids = {"whose": world.people["maude"], "who": world.people["elise"]}
        assert owner.execute(text(log), ids).scalar_one() == 1


def test_team_is_named_and_left_on_the_page_of_the_activity_and_changes_no_progress(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "karim")
    before = client.get(f"{API}/enrolments/{world.enrolments['karim']}/progress").json()
    as_(client, database, world, "maude")
    assert "C’est un travail d’équipe" in client.get(path(world)).text
    trace = deposited(database, world)
    page = client.get(path(world)).text
    assert "Personne d’autre n’est nommé." in page
    forms = re.findall(r'action="([^"]*/equipe)\b', page)
    assert forms == [f"{path(world)}/depots/{trace}/equipe"]
    elsewhere = client.post(f"{path(world, code='GEN-1.B')}/depots/{trace}/equipe", data={})
    assert elsewhere.status_code == 404
    sent = client.post(forms[0], data={"enrolment_ids": [world.enrolments["karim"], world.enrolments["elise"]]})
    assert sent.headers["location"] == f"{path(world)}#remises"
    assert "Karim Haddad, Élise Lœwen-Côté" in client.get(path(world)).text
    refused = client.post(forms[0], data={"enrolment_ids": [world.enrolments["other_participant"]]})
    assert refused.status_code == 422
    assert "ne suit pas cette cohorte" in refused.text
    trainer = as_(client, database, world, "trainer").get(path(world)).text
    assert "Karim Haddad, Élise Lœwen-Côté" in trainer
    assert "/equipe" not in trainer
    of_karim = client.get(path(world, "karim")).text
    assert "Déposé par Maude Bérubé pour l’équipe" in of_karim
    assert "/retrait" not in of_karim
    page = as_(client, database, world, "karim").get(path(world, "karim")).text
    assert "Ma carte de l’écosystème." in page
    after = client.get(f"{API}/enrolments/{world.enrolments['karim']}/progress").json()
    assert after == before
    (leave,) = re.findall(r'action="([^"?]*/retrait)', page)
    assert client.post(leave).headers["location"] == path(world, "karim")
    assert "Déposé par" not in client.get(path(world, "karim")).text


def test_reading_the_trace_of_a_team_mate_is_logged(client: TestClient, database: Database, world: World) -> None:
    trace = deposited(database, world)
    name(as_(client, database, world, "maude"), world, trace, "karim")
    as_(client, database, world, "karim").get(path(world, "karim"))
    with database.engine.begin() as owner:
        log = "select count(*) from view_log where subject_id = :whose and viewer_id = :who"
        ids = {"whose": world.people["maude"], "who": world.people["karim"]}
        assert owner.execute(text(log), ids).scalar_one() == 1
