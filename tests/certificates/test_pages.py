"""The pages of certificates: the registrar's, the holder's, and the public verification."""

import re

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.certificates.test_api import set_state
from tests.factories import eligible
from tests.factories.network import World, as_


@pytest.fixture
def issued(client: TestClient, database: Database, world: World) -> str:
    """The path of Maude's certificate, issued from the registrar's page."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    answer = client.post(
        f"/parcours/{world.enrolments['maude']}/attestations", data={"kind": "attestation_participation"}
    )
    assert answer.status_code == 303
    return answer.headers["location"]


def code_of(client: TestClient, path: str) -> str:
    match = re.search(r"/v/([0-9a-f]{32})", client.get(path).text)
    assert match is not None
    return match[1]


def test_registrars_page_without_signatory(client: TestClient, database: Database, world: World) -> None:
    eligible.attend(database, world, "maude")
    page = as_(client, database, world, "registrar").get(f"/colleges/{world.alma}/attestations")
    assert page.status_code == 200
    assert "Personne ne signe aujourd’hui pour le collège" in page.text
    answer = client.post(
        f"/colleges/{world.alma}/signataires",
        data={"name": "Hélène Castonguay", "title": "D", "position": "1", "valid_from": "2026-01-01", "valid_to": ""},
    )
    assert answer.status_code == 303
    page = client.get(f"/colleges/{world.alma}/attestations")
    assert "Depuis le 1er\u00a0janvier\u00a02026" in page.text
    confirm = f"/parcours/{world.enrolments['maude']}/attestations/attestation_participation"
    assert f'href="{confirm}"' in page.text


def test_what_will_be_printed_is_shown_before_the_decision(
    client: TestClient, database: Database, world: World
) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    confirm = f"/parcours/{world.enrolments['maude']}/attestations"
    page = as_(client, database, world, "registrar").get(f"{confirm}/attestation_participation")
    assert page.status_code == 200
    for text in (
        "Émettre\N{NO-BREAK SPACE}: Attestation de participation",
        "Maude Bérubé",
        "Heures reconnues",
        "Signataires",
    ):
        assert text in page.text
    assert f'action="{confirm}?' in page.text
    assert 'name="kind" value="attestation_participation"' in page.text
    assert "/v/" not in page.text
    assert client.get("/attestations").text.count("<h2>") == 0


@pytest.mark.parametrize(("kind", "status"), [("certification_collegiale", 409), ("diplome", 404)])
def test_confirmation_of_what_cannot_be_issued_is_refused(
    client: TestClient, database: Database, world: World, kind: str, status: int
) -> None:
    eligible.sign(database, world)
    page = as_(client, database, world, "registrar").get(f"/parcours/{world.enrolments['maude']}/attestations/{kind}")
    assert page.status_code == status


def test_registrars_page_after_issuing(client: TestClient, world: World, issued: str) -> None:
    page = client.get(f"/colleges/{world.alma}/attestations").text
    assert f"/parcours/{world.enrolments['maude']}/attestations/" not in page
    page = client.get(f"/colleges/{world.alma}/attestations/registre").text
    assert f'href="{issued}"' in page
    assert "1 document émis" in page


def test_refusal_page_gives_the_reasons(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "registrar")
    answer = client.post(
        f"/parcours/{world.enrolments['karim']}/attestations", data={"kind": "attestation_participation"}
    )
    assert answer.status_code == 409
    assert "Ce document ne peut pas être émis maintenant." in answer.text
    assert "Personne ne signe pour le collège" in answer.text


def test_the_holder_finds_and_downloads(client: TestClient, database: Database, world: World, issued: str) -> None:
    as_(client, database, world, "maude")
    own = client.get("/attestations").text
    assert f'href="{issued}"' in own
    assert "Attestation de participation" in own
    page = client.get(issued).text
    assert f'href="{issued}/pdf"' in page
    assert f"/colleges/{world.alma}/attestations" not in page
    document = client.get(f"{issued}/pdf")
    assert document.content.startswith(b"%PDF-")
    assert document.headers["cache-control"] == "no-store"


def test_own_page_without_certificates_shows_a_message(client: TestClient, database: Database, world: World) -> None:
    page = as_(client, database, world, "karim").get("/attestations")
    assert "Aucun document ne vous a encore été remis" in page.text


# Public verification ---------------------------------------------------------------------------------------


def test_a_stranger_verifies(client: TestClient, issued: str) -> None:
    code = code_of(client, issued)
    del client.headers["Authorization"]
    page = client.get(f"/v/{code}")
    assert page.status_code == 200
    assert "Ce document est authentique et en vigueur" in page.text
    assert "Maude Bérubé" in page.text
    assert "48\u00a0h" in page.text
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "escouade.example.com" not in page.text  # no e-mail address of the person
    assert client.get(issued).status_code == 303


@pytest.mark.parametrize(("state", "title"), [("superseded", "a été remplacé"), ("revoked", "a été révoqué")])
def test_verification_of_an_ended_certificate_shows_no_name(
    client: TestClient, database: Database, issued: str, state: str, title: str
) -> None:
    code = code_of(client, issued)
    set_state(database, state)
    del client.headers["Authorization"]
    page = client.get(f"/v/{code}")
    assert f"Ce document {title}" in page.text
    assert "Bérubé" not in page.text
    assert "Alma" not in page.text


def test_unknown_codes_give_the_same_page(client: TestClient) -> None:
    pages = {
        (page.status_code, page.text)
        for code in ("0" * 32, "f" * 32, "ALM-2026-0001 7K3M-Q9TD")
        for page in [client.get(f"/v/{code}")]
    }
    assert len(pages) == 1
    status, text = pages.pop()
    assert status == 404
    assert "Aucun document ne répond à ce code" in text


def test_verification_form_redirects_to_the_code_page(client: TestClient) -> None:
    page = client.get("/verification")
    assert page.status_code == 200
    assert 'name="code"' in page.text
    code = "3F9A 0C1D 77E2 4B58-A610-9D3C-F2E4 B871"
    answer = client.get("/verification", params={"code": code})
    assert (answer.status_code, answer.headers["location"]) == (303, "/v/3f9a0c1d77e24b58a6109d3cf2e4b871")
    wrong = client.get("/verification", params={"code": "ALM-2026-0001"})
    assert wrong.status_code == 404
    assert wrong.text == client.get("/v/ALM-2026-0001").text
