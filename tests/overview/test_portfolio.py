"""A portfolio: a person's evidence by competency, over all their paths, with who judged it on what."""

import json
import zipfile
from io import BytesIO
from typing import Any

import pypdf
from fastapi.testclient import TestClient

from app.grading.works.enums import WorkDecisionKind
from app.platform.database.transaction import Database
from tests.factories.cohorts import page
from tests.factories.grading import ALL_CN01, hand_in, hold_session, judge, judge_command, open_mandate
from tests.factories.learning import PDF
from tests.factories.network import World, as_, begin_second_path
from tests.factories.panels import add_trainers, ask, speak, take
from tests.factories.works import decide

NAME = "../=Carte d’ici.pdf"


def path(world: World, rest: str = "", who: str = "maude") -> str:
    """Return the path of a portfolio in the API."""
    return f"/api/v1/enrolments/{world.enrolments[who]}/portfolio{rest}"


def send_file(client: TestClient, database: Database, world: World) -> int:
    """Hand a file in as Maude; return its id."""
    as_(client, database, world, "maude")
    files = {"file": (NAME, PDF, "application/pdf")}
    url = f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files"
    return int(client.post(url, data={"activity_code": "GEN-1.C"}, files=files).json()["id"])


def test_portfolio_has_judgements_in_order_and_what_nobody_judged(
    client: TestClient, database: Database, world: World
) -> None:
    file = send_file(client, database, world)
    text = hand_in(database, world, attempt=2)
    judged = judge(database, world, judge_command(text, level=1, criteria_met=ALL_CN01[:1]))
    again = judge_command(text, level=2, criteria_met=ALL_CN01[:2], supersedes=judged.id, reason="Relu.")
    judge(database, world, again)
    open_mandate(database, world)
    for who in ("maude", "trainer", "coordinator"):
        as_(client, database, world, who)
        shown = client.get(path(world)).json()
        first = next(c for c in shown["competencies"] if c["code"] == "CN-01")
        assert [(lv["level"], lv["threshold"]) for lv in first["levels"]] == [(2, 3)]
        assert [(j["level"], j["is_current"], j["reason"]) for j in first["judgements"]] == [
            (1, False, None), (2, True, "Relu."),
        ]  # fmt: skip
        assert [[p["id"] for p in j["pieces"]] for j in first["judgements"]] == [[text.id], [text.id]]
        assert file in [p["id"] for p in first["unjudged"] if p["kind"] == "hand_in"]
        assert text.id not in [p["id"] for p in first["unjudged"] if p["kind"] == "hand_in"]
        mandates = [p for c in shown["competencies"] for p in c["unjudged"] if p["kind"] == "mandate"]
        assert any("Scierie du Lac" in p["title"] for p in mandates)


def test_portfolio_gathers_both_paths_of_a_person_whichever_it_is_read_from(
    client: TestClient, database: Database, world: World
) -> None:
    spe = begin_second_path(database, world)
    works = {who: hand_in(database, world, who, code) for who, code in (("maude", "GEN-3.C"), (spe, "SPE-3.E"))}
    for who, level in (("maude", 2), (spe, 1)):
        judge(database, world, judge_command(works[who], competency_code="CN-03", level=level), of=who)
    again = hand_in(database, world, spe, "SPE-3.E", attempt=2)
    as_(client, database, world, "maude")
    shown = client.get(path(world)).json()
    first, second = (world.enrolments[who] for who in ("maude", spe))
    assert [p["enrolment_id"] for p in shown["paths"]] == [first, second]
    of_third = next(c for c in shown["competencies"] if c["code"] == "CN-03")
    assert [(lv["enrolment_id"], lv["level"]) for lv in of_third["levels"]] == [(first, 2), (second, 1)]
    assert sorted((j["enrolment_id"], j["level"], j["pieces"][0]["activity_code"]) for j in of_third["judgements"]) == [
        (first, 2, "GEN-3.C"), (second, 1, "SPE-3.E"),
    ]  # fmt: skip
    assert [(p["enrolment_id"], p["id"]) for p in of_third["unjudged"] if p["kind"] == "hand_in"] == [
        (second, again.id)
    ]
    other = client.get(path(world, who=spe)).json()
    assert {**other, "made_at": None} == {**shown, "made_at": None}
    html = page(client.get(f"/parcours/{second}/portfolio"))
    with zipfile.ZipFile(BytesIO(client.get(path(world, "/zip", spe)).content)) as archive:
        index = archive.read("index.html").decode()
        assert json.loads(archive.read("portfolio.json"))["paths"] == shown["paths"]
        pdf = " ".join(p.extract_text() for p in pypdf.PdfReader(BytesIO(archive.read("portfolio.pdf"))).pages)
    for text in (html, index, pdf.replace("\u00a0", " ")):
        assert "GEN-3.C" in text
        assert "SPE-3.E" in text


def test_portfolio_has_the_works_returned_and_the_panels_of_a_competency(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world)
    decide(database, world, work, WorkDecisionKind.RETURNED, text="Il manque deux ressources.")
    add_trainers(database, world, "karim")
    review = ask(database, world, judge(database, world, judge_command(hand_in(database, world, attempt=2))).id)
    as_(client, database, world, "maude")

    def of_first() -> dict[str, Any]:
        shown = client.get(path(world)).json()["competencies"]
        found: dict[str, Any] = next(c for c in shown if c["code"] == "CN-01")
        return found

    [returned] = of_first()["decisions"]
    assert (returned["kind"], returned["text"]) == ("returned", "Il manque deux ressources.")
    assert (returned["decided_by"], returned["piece"]["id"]) == ("Théo Formation", work.id)
    [opened] = of_first()["panels"]
    assert (opened["kind"], opened["level"], opened["assessors"]) == ("review", None, [])
    shown = page(client.get(f"/parcours/{world.enrolments['maude']}/portfolio"))
    assert "Pas encore de décision." in shown
    take(database, world, review.id, "karim")
    assert of_first()["panels"][0]["assessors"] == [], "named once they decided"
    speak(database, world, review.id, "karim", 3)
    [decided] = of_first()["panels"]
    assert (decided["level"], decided["basis"], decided["assessors"]) == (3, "single", ["Karim Haddad"])
    shown = page(client.get(f"/parcours/{world.enrolments['maude']}/portfolio"))
    for part in ("Retourné pour reprise", "Il manque deux ressources.", "Révisions et évaluations à plusieurs"):
        assert part in shown
    answer = client.get(path(world, "/pdf"))
    text = " ".join(p.extract_text() for p in pypdf.PdfReader(BytesIO(answer.content)).pages)
    text = " ".join(text.replace("\u00a0", " ").split())
    for said in ("Retourné pour reprise le", "Il manque deux ressources.", "Niveau 3 décidé le", "Karim Haddad"):
        assert said in text


def test_portfolio_of_another_college_or_person_is_not_found(
    client: TestClient, database: Database, world: World
) -> None:
    hand_in(database, world)
    for who, status in (("karim", 404), ("other_coordinator", 404), ("facilitator", 403), ("registrar", 403)):
        as_(client, database, world, who)
        for rest in ("", "/pdf", "/zip"):
            assert client.get(path(world, rest)).status_code == status
            assert client.get(f"/parcours/{world.enrolments['maude']}/portfolio{rest}").status_code == status


def test_reading_a_portfolio_is_logged_for_its_person(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    assert client.get(f"/parcours/{world.enrolments['maude']}/portfolio").status_code == 200
    as_(client, database, world, "maude")
    assert "Théo Formation" in [view["viewer"] for view in client.get("/api/v1/me/views").json()["items"]]


def test_page_of_a_portfolio_is_reached_from_the_path_and_leads_to_its_downloads(
    client: TestClient, database: Database, world: World
) -> None:
    file = send_file(client, database, world)
    url = f"/parcours/{world.enrolments['maude']}"
    assert f"{url}/portfolio" in client.get(url).text
    shown = page(client.get(f"{url}/portfolio"))
    for part in ("Mon portfolio", f"{url}/portfolio/zip", f"{url}/portfolio/pdf", f"/api/v1/hand-ins/{file}/file"):
        assert part in shown
    as_(client, database, world, "trainer")
    assert "Portfolio de Maude Bérubé" in page(client.get(f"{url}/portfolio"))


def test_zip_of_a_portfolio_reads_alone_and_has_its_files_by_competency(
    client: TestClient, database: Database, world: World
) -> None:
    send_file(client, database, world)
    hand_in(database, world, attempt=2)
    answer = client.get(path(world, "/zip"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names[:3] == ["index.html", "portfolio.pdf", "portfolio.json"]
        [file] = names[3:]
        assert file.startswith("CN-01-situer-")
        assert file.endswith("/GEN-1.C-1-=Carte d’ici.pdf")
        assert archive.read(file) == PDF
        index = archive.read("index.html").decode()
        data = json.loads(archive.read("portfolio.json"))
        read = pypdf.PdfReader(BytesIO(archive.read("portfolio.pdf")))
    assert "Portfolio de Maude Bérubé" in index
    assert "Ma carte de l’écosystème." in index
    assert 'href="/' not in index, "it needs no network"
    assert "<script" not in index
    assert data["name"] == "Maude Bérubé"
    assert str(read.root_object["/Lang"]) == "fr-CA"
    assert client.get(f"/parcours/{world.enrolments['maude']}/portfolio/zip").status_code == 200


def test_pdf_of_a_portfolio_says_who_judged_what(client: TestClient, database: Database, world: World) -> None:
    """It needs the PDF engine."""
    judge(database, world, judge_command(hand_in(database, world), hold_session(database, world)))
    as_(client, database, world, "maude")
    answer = client.get(path(world, "/pdf"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    text = " ".join(p.extract_text() for p in pypdf.PdfReader(BytesIO(answer.content)).pages)
    text = " ".join(text.replace("\u00a0", " ").split())
    for said in ("Maude Bérubé", "Niveau 2, le", "par Théo Formation", "Remise GEN-1.C", "Séance GEN-1.B", "seuil 3"):
        assert said in text
