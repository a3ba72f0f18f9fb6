"""Pages of an activity and of the hours to countersign, used without JavaScript."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.cohorts.enums import EnrolmentState
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from tests.curricula.test_rules_deposits import PLACES
from tests.factories.accompaniment import open_mandate
from tests.factories.activities import GENERALIST, complete_prerequisites, row_counts, set_state
from tests.factories.learning import PDF, PNG
from tests.factories.network import World, as_
from tests.factories.photos import heic


def path(world: World, code: str, form: str = "") -> str:
    """Return the path of an activity's page, or of one of its forms, in Maude's enrolment."""
    return f"/parcours/{world.enrolments['maude']}/activites/{code}{form}"


def redirects_to(answer: Response, address: str) -> bool:
    """Whether an answer redirects to a path, fragment aside."""
    return answer.status_code == 303 and answer.headers["location"].partition("#")[0] == address


def test_each_activity_has_its_page(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    for activity in GENERALIST.activities:
        page = client.get(path(world, activity.code))
        assert page.status_code == 200
        assert page.text.count("<h1>") == 1
        for heading in ("Intention", "Démarche", "À remettre", "Critères", "Temps"):
            assert f"{heading}</h2>" in page.text
        ids = re.findall(r' id="([^"]+)"', page.text)
        assert len(ids) == len(set(ids))


def test_mark_done_then_not_done(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    assert "C’est fait" in client.get(path(world, "GEN-1.A")).text
    done_on = (today() - timedelta(days=2)).isoformat()
    marked = client.post(path(world, "GEN-1.A", "/etat"), data={"done": "true", "done_on": done_on})
    assert redirects_to(marked, path(world, "GEN-1.A"))
    page = client.get(path(world, "GEN-1.A")).text
    assert "Activité terminée le" in page
    assert "Finalement, ce n’est pas fait" in page
    assert redirects_to(client.post(path(world, "GEN-1.A", "/etat"), data={"done": "false"}), path(world, "GEN-1.A"))
    assert "C’est fait" in client.get(path(world, "GEN-1.A")).text


def test_locked_activity_names_its_prerequisite_and_has_no_form(
    client: TestClient, database: Database, world: World
) -> None:
    page = as_(client, database, world, "maude").get(path(world, "GEN-3.A")).text
    assert 'Terminez d’abord le module <span class="code">GEN-1</span>.' in page
    assert 'method="post" action="/parcours' not in page


def test_hand_in_a_file_then_a_text(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    assert "Il vous reste 2 remises" in client.get(path(world, "GEN-1.C")).text
    sent = client.post(path(world, "GEN-1.C", "/fichiers"), files={"file": ("Ma carte.pdf", PDF, "application/pdf")})
    assert redirects_to(sent, path(world, "GEN-1.C"))
    page = client.get(path(world, "GEN-1.C")).text
    assert "Ma carte.pdf" in page
    assert "Il vous reste 1 remise pour" in page
    download = re.search(r'href="(/api/v1/hand-ins/\d+/file)"', page)
    assert download is not None
    assert client.get(download[1]).content == PDF
    moment = f"{(today() - timedelta(days=2)).isoformat()}T14:02"
    text = {"body": "Premier\n\n<script>alert(1)</script>", "completed_at": moment}
    assert redirects_to(client.post(path(world, "GEN-1.C", "/textes"), data=text), path(world, "GEN-1.C"))
    page = client.get(path(world, "GEN-1.C")).text
    assert "Vous avez utilisé toutes vos remises" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "À temps, selon la déclaration" in page
    assert "14\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}02" in page


def test_form_to_deposit_is_on_the_pages_that_ask_for_one_and_on_no_other(
    client: TestClient, database: Database, world: World
) -> None:
    complete_prerequisites(database, world)
    as_(client, database, world, "maude")
    offered = {a.code for a in GENERALIST.activities if "/fichiers" in client.get(path(world, a.code)).text}
    assert offered == {
        *(a.code for a in GENERALIST.activities if a.type == "assessment"),
        *("GEN-1.B", "GEN-2.B", "GEN-8.A", "GEN-8.B", "GEN-8.C", "GEN-8.D"),
    }


def test_page_that_names_the_portfolio_leads_to_it_where_what_was_handed_in_is(
    client: TestClient, database: Database, world: World
) -> None:
    """The portfolio is made of what is handed in: the page of GEN-8.D asks to assemble its pieces there."""
    as_(client, database, world, "maude")
    assert client.post(path(world, "GEN-1.C", "/textes"), data={"body": "Carte de l’écosystème."}).status_code == 303
    leads = f'href="/parcours/{world.enrolments["maude"]}/portfolio"'
    named = {code for code, of_page in PLACES.items() if "portfolio" in of_page}
    assert {a.code for a in GENERALIST.activities if leads in client.get(path(world, a.code)).text} == {
        code for code in named if code.startswith("GEN")
    }
    assert "GEN-1.C" in client.get(f"/parcours/{world.enrolments['maude']}/portfolio").text


def test_trace_is_deposited_by_its_participant_and_read_by_their_trainer(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    assert "Ce dépôt n’est pas évalué" in client.get(path(world, "GEN-1.B")).text
    sent = client.post(path(world, "GEN-1.B", "/fichiers"), files={"file": ("Carte.png", PNG, "image/png")})
    assert redirects_to(sent, path(world, "GEN-1.B"))
    page = client.get(path(world, "GEN-1.B")).text
    assert "Dépôt 1" in page
    assert "punctuality" not in page
    assert "À temps" not in page
    page = as_(client, database, world, "trainer").get(path(world, "GEN-1.B")).text
    assert "Carte.png" in page
    assert "/fichiers" not in page


def test_photo_of_a_phone_is_deposited_by_the_form_that_says_what_becomes_of_it(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    form = client.get(path(world, "GEN-1.B")).text
    assert ".heic" in form
    assert "l’original ne l’est pas" in form
    assert "Le lieu que le téléphone inscrit dans une photo HEIC ou JPEG est retiré" in form
    sent = client.post(path(world, "GEN-1.B", "/fichiers"), files={"file": ("IMG_0412.HEIC", heic(), "image/heic")})
    assert redirects_to(sent, path(world, "GEN-1.B"))
    assert "IMG_0412.jpg" in client.get(path(world, "GEN-1.B")).text
    refused = client.post(path(world, "GEN-1.B", "/fichiers"), files={"file": ("a.heic", heic()[:300], "image/heic")})
    assert refused.status_code == 422
    assert "Cette photo ne peut pas être lue" in refused.text


def test_link_is_deposited_with_a_line_and_opened_by_their_trainer(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    typed = {"body": "Le plan de l’équipe", "link": "tableaux.example/b/815"}
    refused = client.post(path(world, "GEN-1.B", "/textes"), data=typed)
    assert refused.status_code == 422
    assert "qui commence par https://" in refused.text
    assert "tableaux.example/b/815" in refused.text
    assert "Le plan de l’équipe" in refused.text
    link = "https://tableaux.example/b/815?vue=2&mode=lecture"
    assert redirects_to(
        client.post(path(world, "GEN-1.B", "/textes"), data={**typed, "link": link}), path(world, "GEN-1.B")
    )
    page = as_(client, database, world, "trainer").get(path(world, "GEN-1.B")).text
    shown = link.replace("&", "&amp;")
    assert f'<a href="{shown}" rel="noopener noreferrer">{shown}</a>' in page


def test_refused_text_is_shown_again(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    refused = client.post(
        path(world, "GEN-1.C", "/textes"), data={"body": "Un long travail", "completed_at": "2099-01-01T10:00"}
    )
    assert refused.status_code == 422
    assert "Un long travail" in refused.text
    assert "Cette date est à venir" in refused.text
    assert row_counts(database, world)["hand_in"] == 0


def test_hours_are_declared_by_half_hours_up_to_what_the_plan_leaves(
    client: TestClient, database: Database, world: World
) -> None:
    complete_prerequisites(database, world)
    as_(client, database, world, "maude")
    assert "Déclarer ces heures" in client.get(path(world, "GEN-8.A")).text
    body = {"minutes": "90", "worked_on": today().isoformat(), "note": "Entretien"}
    assert redirects_to(client.post(path(world, "GEN-8.A", "/heures"), data=body), path(world, "GEN-8.A"))
    page = client.get(path(world, "GEN-8.A")).text
    assert "Entretien" in page
    assert re.findall(r'<option value="(\d+)"[^>]*>([^<]*)</option>', page) == [
        ("30", "0,5\N{NO-BREAK SPACE}h"),
        ("60", "1\N{NO-BREAK SPACE}h"),
        ("90", "1,5\N{NO-BREAK SPACE}h"),
    ]
    too_many = client.post(path(world, "GEN-8.A", "/heures"), data={**body, "minutes": "120"})
    assert too_many.status_code == 422
    assert "il en reste 1,5" in too_many.text
    assert redirects_to(
        client.post(path(world, "GEN-8.A", "/heures"), data={**body, "note": ""}), path(world, "GEN-8.A")
    )
    assert 'name="minutes"' not in client.get(path(world, "GEN-8.A")).text, "the whole plan is declared"


def test_hours_are_declared_under_a_mandate_which_the_pages_that_show_them_name(
    client: TestClient, database: Database, world: World
) -> None:
    complete_prerequisites(database, world, "maude", "karim")
    as_(client, database, world, "maude")
    assert "les heures seront déclarées sans mandat" in client.get(path(world, "GEN-8.A")).text
    mandate = open_mandate(database, world)
    assert f'<option value="{mandate.id}" selected>' in client.get(path(world, "GEN-8.A")).text
    body = {"minutes": "60", "worked_on": today().isoformat(), "note": "Entretien"}
    refused = client.post(path(world, "GEN-8.A", "/heures"), data={**body, "mandate_id": ""})
    assert refused.status_code == 422
    assert "Choisissez le mandat" in refused.text
    assert 'value="Entretien"' in refused.text
    sent = client.post(path(world, "GEN-8.A", "/heures"), data={**body, "mandate_id": str(mandate.id)})
    assert redirects_to(sent, path(world, "GEN-8.A"))
    for address in (path(world, "GEN-8.A"), f"/mandats/{mandate.id}"):
        assert "Scierie du Lac" in client.get(address).text
    under = client.get(f"/mandats/{mandate.id}").text
    assert "0\N{NO-BREAK SPACE}h confirmées sur 1\N{NO-BREAK SPACE}h déclarées" in under
    to_countersign = as_(client, database, world, "coordinator").get("/heures").text
    assert f'<a href="/mandats/{mandate.id}">Scierie du Lac</a>' in to_countersign


def test_declare_invalid_hours_is_refused(client: TestClient, database: Database, world: World) -> None:
    complete_prerequisites(database, world)
    as_(client, database, world, "maude")
    for minutes in ("0", "-1", "1441", "45", "30,5", "beaucoup", ""):
        body = {"minutes": minutes, "worked_on": today().isoformat()}
        assert client.post(path(world, "GEN-8.A", "/heures"), data=body).status_code == 422, minutes
    assert row_counts(database, world)["field_hours"] == 0


def test_enrolment_on_leave_reads_but_cannot_write(client: TestClient, database: Database, world: World) -> None:
    set_state(database, world, EnrolmentState.ON_LEAVE)
    page = as_(client, database, world, "maude").get(path(world, "GEN-1.A"))
    assert page.status_code == 200
    assert "Seule une inscription en cours" in page.text
    assert client.post(path(world, "GEN-1.A", "/etat"), data={"done": "true"}).status_code == 409


def test_a_trainer_reads_the_page_without_its_forms(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude").post(path(world, "GEN-1.C", "/textes"), data={"body": "Ma carte"})
    page = as_(client, database, world, "trainer").get(path(world, "GEN-1.C"))
    assert "Ma carte" in page.text
    assert "Maude Bérubé" in page.text
    assert 'action="/parcours' not in page.text
    assert client.post(path(world, "GEN-1.C", "/textes"), data={"body": "x"}).status_code == 403


@pytest.mark.parametrize("who", ["karim", "other_trainer", "other_coordinator"])
def test_activity_out_of_reach_answers_as_missing(
    client: TestClient, database: Database, world: World, who: str
) -> None:
    as_(client, database, world, who)
    missing = client.get("/parcours/999999/activites/GEN-1.A")
    hidden = client.get(path(world, "GEN-1.A"))
    assert (hidden.status_code, hidden.content) == (404, missing.content)


def test_an_unknown_activity_is_not_found(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    assert client.get(path(world, "GEN-9.Z")).status_code == 404
    assert client.post(path(world, "GEN-9.Z", "/etat"), data={"done": "true"}).status_code == 404


def declare(client: TestClient, database: Database, world: World, who: str, minutes: str) -> None:
    address = f"/parcours/{world.enrolments[who]}/activites/GEN-8.A/heures"
    body = {"minutes": minutes, "worked_on": today().isoformat(), "note": f"Visite de {who}"}
    assert as_(client, database, world, who).post(address, data=body).status_code == 303


def listed_ids(page: str) -> list[str]:
    return re.findall(r'name="chosen" value="(\d+)"', page)


def test_several_hours_are_accepted_at_once(client: TestClient, database: Database, world: World) -> None:
    complete_prerequisites(database, world, "maude", "karim")
    declare(client, database, world, "maude", "60")
    declare(client, database, world, "karim", "150")
    as_(client, database, world, "coordinator")
    page = client.get("/heures").text
    assert "2 déclarations attendent" in page
    assert "Visite de karim" in page
    assert "2,5\N{NO-BREAK SPACE}h" in page
    both = client.post("/heures", data={"chosen": listed_ids(page), "decision": "accept"})
    assert (both.status_code, both.headers["location"]) == (303, "/heures")
    assert "Aucune déclaration" in client.get("/heures").text


def test_refusal_needs_a_reason_and_can_be_revised(client: TestClient, database: Database, world: World) -> None:
    complete_prerequisites(database, world)
    declare(client, database, world, "maude", "60")
    as_(client, database, world, "coordinator")
    ids = listed_ids(client.get("/heures").text)
    silent = client.post("/heures", data={"chosen": ids, "decision": "refuse"})
    assert (silent.status_code, "Écrivez la raison" in silent.text) == (422, True)
    assert client.post("/heures", data={"chosen": ids, "decision": "refuse", "reason": "Autre jour"}).status_code == 303
    as_(client, database, world, "maude")
    assert "Autre jour" in client.get(path(world, "GEN-8.A")).text
    as_(client, database, world, "coordinator")
    page = client.get(path(world, "GEN-8.A")).text
    supersedes = re.search(r'name="supersedes" value="(\d+)"', page)
    assert supersedes is not None
    revision = {"supersedes": supersedes[1], "decision": "accept", "reason": "Vérifié avec l’entreprise"}
    assert client.post(f"/heures/{ids[0]}", data=revision).status_code == 303
    assert "Confirmées" in client.get(path(world, "GEN-8.A")).text
    assert client.post(f"/heures/{ids[0]}", data=revision).status_code == 409


def test_incomplete_decision_is_refused(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    bodies: list[dict[str, str]] = [{}, {"decision": "accept"}, {"chosen": "x", "decision": "accept"}, {"chosen": "1"}]
    for body in bodies:
        assert client.post("/heures", data=body).status_code == 422, body


@pytest.mark.parametrize("who", ["maude", "trainer", "registrar"])
def test_only_coordination_countersigns(client: TestClient, database: Database, world: World, who: str) -> None:
    as_(client, database, world, who)
    assert client.get("/heures").status_code == 403
    assert client.post("/heures", data={"chosen": "1", "decision": "accept"}).status_code == 403


def test_hours_of_another_college_are_not_found(client: TestClient, database: Database, world: World) -> None:
    complete_prerequisites(database, world)
    declare(client, database, world, "maude", "60")
    as_(client, database, world, "coordinator")
    ids = listed_ids(client.get("/heures").text)
    as_(client, database, world, "other_coordinator")
    assert "Aucune déclaration" in client.get("/heures").text
    assert client.post("/heures", data={"chosen": ids, "decision": "accept"}).status_code == 404
    assert row_counts(database, world)["countersignature"] == 0
