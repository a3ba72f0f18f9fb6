"""Public verification: what people type, and what the page and the API answer."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.certificates.schemas import short_code
from app.platform.database.transaction import Database
from tests.factories import eligible
from tests.factories.network import World, as_

API = "/api/v1"


@pytest.fixture
def issued(client: TestClient, database: Database, world: World) -> dict[str, Any]:
    """The certificate of a participant; the client is then nobody."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    path = f"{API}/enrolments/{world.enrolments['maude']}/certificates"
    answer = client.post(path, json={"kind": "attestation_participation"}, headers={"Idempotency-Key": "verify"})
    del client.headers["Authorization"]
    certificate: dict[str, Any] = answer.json()
    return certificate


def attempts(database: Database) -> int:
    """Return how many attempts are counted."""
    with database.engine.connect() as owner:
        return int(owner.execute(text("select count(*) from attempt")).scalar_one())


def typed_forms(issued: dict[str, Any]) -> list[str]:
    """Return what people type and paste of a certificate."""
    code, number = str(issued["record"]["code"]), str(issued["number"])
    short, grouped = short_code(code), " ".join(code[i : i + 4] for i in range(0, 32, 4))
    return [
        code, grouped, f"code {grouped}.", code.replace("0", "O").replace("1", "l"), issued["record"]["verify_url"],
        f"Voici : {issued['record']['verify_url']}.", f"{number} {short}", f"{number.lower()}, {short.lower()}",
        f"Numéro {number} Code court, au téléphone {short}", f"{short} {number}".replace("-", "\u2011"),
    ]  # fmt: skip


def test_form_opens_the_page_of_the_code_however_it_is_typed(
    client: TestClient, database: Database, issued: dict[str, Any]
) -> None:
    for typed in typed_forms(issued):
        page = client.get("/verification", params={"code": typed})
        assert page.status_code == 303, typed
        assert page.headers["location"] == f"/v/{issued['record']['code']}", typed
        assert "Maude Bérubé" in client.get(page.headers["location"]).text
    assert attempts(database) == 0


def test_api_reads_the_code_however_it_is_typed(client: TestClient, issued: dict[str, Any]) -> None:
    for typed in typed_forms(issued):
        if "/" not in typed:
            answer = client.get(f"{API}/verify/{typed}")
            assert (answer.status_code, answer.json().get("holder")) == (200, "Maude Bérubé"), typed


def test_text_that_could_be_no_code_is_mistyped_and_counts_as_no_attempt(
    client: TestClient, database: Database, issued: dict[str, Any]
) -> None:
    code, number = str(issued["record"]["code"]), str(issued["number"])
    expected = {
        code[:-1]: ("certificate_mistyped", "ce qui est inscrit en a 31"),
        number: ("certificate_number_alone", f"{number} est le numéro du document. Ajoutez-y son code court"),
        short_code(code): ("certificate_short_code_alone", "Ajoutez-y son numéro"),
        "zut": ("certificate_no_code", "Aucun code de vérification n’est inscrit"),
    }
    for typed, (problem, message) in expected.items():
        answer = client.get(f"{API}/verify/{typed}")
        assert (answer.status_code, answer.json()["code"]) == (404, problem)
        for page in (client.get("/verification", params={"code": typed}), client.get(f"/v/{typed}")):
            assert page.status_code == 404
            assert "Ce n’est pas un code de vérification complet" in page.text
            assert message in page.text.replace("\u2011", "-").replace('<span class="code">', "").replace("</span>", "")
            assert f'value="{typed}"' in page.text
            assert "Aucun document ne répond" not in page.text
    assert attempts(database) == 0


def test_unknown_codes_count_and_give_the_same_answer(
    client: TestClient, database: Database, issued: dict[str, Any]
) -> None:
    code, number = str(issued["record"]["code"]), str(issued["number"])
    wrong_short = short_code("0" * 32)
    unknown = ["0" * 32, f"{number} {wrong_short}", f"ALM-2026-9999 {short_code(code)}", "ff" * 16]
    answers = {client.get(f"{API}/verify/{typed}").content for typed in unknown}
    assert len(answers) == 1
    assert attempts(database) == len(unknown)
    pages = {client.get(f"/v/{typed}").text for typed in unknown}
    assert len(pages) == 1
    assert "Aucun document ne répond à ce code" in pages.pop()


def test_function_gives_the_code_of_a_number_with_its_short_code_only(
    client: TestClient, database: Database, issued: dict[str, Any]
) -> None:
    code, number = str(issued["record"]["code"]), str(issued["number"])
    digest = "substring(sha256(convert_to(cast(:code as text), 'UTF8')), 1, 5)"
    statement = text(f"select code from code_of_certificate(:number, {digest})")  # noqa: S608 - our own words
    with database.transaction() as db:
        assert db.execute(statement, {"number": number, "code": code}).scalars().all() == [code]
        for other in (
            {"number": number, "code": "0" * 32},
            {"number": "%", "code": code},
            {"number": None, "code": code},
        ):
            assert db.execute(statement, other).all() == []


def test_registrar_finds_a_certificate_by_what_the_document_shows(
    client: TestClient, database: Database, world: World, issued: dict[str, Any]
) -> None:
    as_(client, database, world, "registrar")
    number, url = str(issued["number"]), str(issued["record"]["verify_url"])
    short = short_code(str(issued["record"]["code"]))
    for search in (number, number.replace("-", "\u2011"), number.replace("0", "O"), url, short):
        found = client.get(f"{API}/colleges/{world.alma}/certificates", params={"search": search[:100]}).json()["items"]
        assert [c["id"] for c in found] == [issued["id"]], search
