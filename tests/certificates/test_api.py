"""Certificates over HTTP: the candidates, the decision, the document, the verification, and who may read what."""

import io

import pikepdf
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.factories import eligible
from tests.factories.network import World, as_

API = "/api/v1"


@pytest.fixture
def ready(database: Database, world: World) -> None:
    """Alma has a signatory and Maude her hours."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")


def issue(client: TestClient, world: World, who: str = "maude", kind: str = "attestation_participation") -> dict:  # type: ignore[type-arg]
    answer = client.post(f"{API}/enrolments/{world.enrolments[who]}/certificates", json={"kind": kind})
    assert answer.status_code == 201, answer.text
    certificate: dict[str, object] = answer.json()
    return certificate


@pytest.mark.usefixtures("ready")
class TestIssuing:
    def test_from_the_list_to_the_document(self, client: TestClient, database: Database, world: World) -> None:
        as_(client, database, world, "registrar")
        listed = client.get(f"{API}/colleges/{world.alma}/certificate-candidates").json()["items"]
        maude = next(c for c in listed if c["enrolment_id"] == world.enrolments["maude"])
        assert [c["kind"] for c in maude["choices"] if c["ready"]] == ["attestation_participation"]
        issued = issue(client, world)
        assert issued["state"] == "valid"
        assert client.get(f"{API}/certificates/{issued['id']}").json() == issued
        lines = client.get(f"{API}/enrolments/{world.enrolments['maude']}/certificates").json()["items"]
        assert [line["number"] for line in lines] == [issued["number"]]
        assert client.get(f"{API}/colleges/{world.alma}/certificates").json()["items"] == lines

    def test_refusal_gives_every_reason(self, client: TestClient, database: Database, world: World) -> None:
        as_(client, database, world, "registrar")
        answer = client.post(
            f"{API}/enrolments/{world.enrolments['karim']}/certificates", json={"kind": "attestation_participation"}
        )
        assert answer.status_code == 409
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "certificate_refused"
        assert [e["code"] for e in answer.json()["errors"]] == ["attendance_low", "hours_low"]
        assert all(e["message"] for e in answer.json()["errors"])

    def test_an_unknown_kind_is_refused(self, client: TestClient, database: Database, world: World) -> None:
        as_(client, database, world, "registrar")
        answer = client.post(f"{API}/enrolments/{world.enrolments['maude']}/certificates", json={"kind": "aec"})
        assert answer.status_code == 422

    @pytest.mark.parametrize("who", ["maude", "trainer", "coordinator", "facilitator", "observer", "admin"])
    def test_only_a_registrar_issues(self, client: TestClient, database: Database, world: World, who: str) -> None:
        as_(client, database, world, who)
        path = f"{API}/enrolments/{world.enrolments['maude']}/certificates"
        assert client.post(path, json={"kind": "attestation_participation"}).status_code == 403

    def test_another_college_sees_nothing(self, client: TestClient, database: Database, world: World) -> None:
        issued = issue(as_(client, database, world, "registrar"), world)
        as_(client, database, world, "other_registrar")
        missing = client.get(f"{API}/certificates/999999").content
        for path in (
            f"/certificates/{issued['id']}",
            f"/certificates/{issued['id']}/pdf",
            f"/enrolments/{world.enrolments['maude']}/certificates",
            f"/colleges/{world.alma}/certificates",
            f"/colleges/{world.alma}/certificate-candidates",
            f"/colleges/{world.alma}/signatories",
        ):
            answer = client.get(API + path)
            assert (answer.status_code, answer.content) == (404, missing), path

    @pytest.mark.parametrize(
        ("who", "status"), [("maude", 200), ("coordinator", 200), ("karim", 404), ("trainer", 403)]
    )
    def test_who_reads_a_certificate(
        self, client: TestClient, database: Database, world: World, who: str, status: int
    ) -> None:
        issued = issue(as_(client, database, world, "registrar"), world)
        as_(client, database, world, who)
        assert client.get(f"{API}/certificates/{issued['id']}").status_code == status
        assert client.get(f"{API}/certificates/{issued['id']}/pdf").status_code == status

    def test_holder_lists_own_certificates_only(self, client: TestClient, database: Database, world: World) -> None:
        issued = issue(as_(client, database, world, "registrar"), world)
        as_(client, database, world, "maude")
        assert [c["id"] for c in client.get(f"{API}/me/certificates").json()["items"]] == [issued["id"]]
        as_(client, database, world, "karim")
        assert client.get(f"{API}/me/certificates").json() == {"items": []}


@pytest.mark.usefixtures("ready")
class TestDocument:
    def test_document_has_the_same_bytes_for_every_reader(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        issued = issue(as_(client, database, world, "registrar"), world)
        path = f"{API}/certificates/{issued['id']}/pdf"
        first = client.get(path)
        assert first.headers["content-type"] == "application/pdf"
        assert issued["number"].lower() + ".pdf" in first.headers["content-disposition"]
        assert first.headers["cache-control"] == "no-store"
        with pikepdf.open(io.BytesIO(first.content)) as file:
            assert len(file.pages) == 1
            assert "Maude Bérubé" in str(file.docinfo["/Title"])
        with database.as_owner() as db:  # if it were rendered again, it would contain this
            db.execute(text("update certificate set record = jsonb_set(record, '{holder}', '\"Autre\"')"))
        as_(client, database, world, "maude")
        assert client.get(path).content == first.content

    def test_lost_file_is_recreated_only_with_the_same_bytes(
        self, client: TestClient, database: Database, world: World, settings: Settings
    ) -> None:
        issued = issue(as_(client, database, world, "registrar"), world)
        path = f"{API}/certificates/{issued['id']}/pdf"
        first = client.get(path).content
        [file] = [p for p in (settings.data_dir / "files").rglob("*") if p.is_file()]
        file.unlink()
        assert client.get(path).content == first
        assert file.read_bytes() == first
        file.unlink()
        with database.as_owner() as db:
            db.execute(text("update certificate set record = jsonb_set(record, '{holder}', '\"Autre\"')"))
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "certificate_lost")

    @pytest.mark.parametrize("state", ["superseded", "revoked"])
    def test_no_document_once_it_is_not_valid(
        self, client: TestClient, database: Database, world: World, state: str
    ) -> None:
        issued = issue(as_(client, database, world, "registrar"), world)
        set_state(database, state)
        as_(client, database, world, "coordinator")
        answer = client.get(f"{API}/certificates/{issued['id']}/pdf")
        assert (answer.status_code, answer.json()["code"]) == (409, "certificate_not_valid")
        assert client.get(f"{API}/certificates/{issued['id']}").json()["state"] == state


def set_state(database: Database, state: str) -> None:
    with database.as_owner() as db:
        db.execute(text("update certificate set state = :state, ended_on = issued_on"), {"state": state})


class TestSignatories:
    def test_a_registrar_adds_and_reads_them(self, client: TestClient, database: Database, world: World) -> None:
        as_(client, database, world, "registrar")
        path = f"{API}/colleges/{world.alma}/signatories"
        second = {"name": "Rémi Thériault", "title": "Registraire", "position": 2, "valid_from": "2026-01-01"}
        first = {
            "name": "Hélène Castonguay",
            "title": "Directrice",
            "valid_from": "2026-01-01",
            "valid_to": "2026-06-30",
        }
        assert client.post(path, json=second).status_code == 201
        assert client.post(path, json=first).status_code == 201
        assert [s["name"] for s in client.get(path).json()["items"]] == ["Hélène Castonguay", "Rémi Thériault"]

    def test_a_period_ends_after_it_begins(self, client: TestClient, database: Database, world: World) -> None:
        as_(client, database, world, "registrar")
        command = {"name": "N", "title": "T", "valid_from": "2026-02-01", "valid_to": "2026-01-01"}
        answer = client.post(f"{API}/colleges/{world.alma}/signatories", json=command)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "valid_to"

    def test_only_who_signs_that_day_is_printed(self, client: TestClient, database: Database, world: World) -> None:
        eligible.sign(database, world)
        eligible.attend(database, world, "maude")
        as_(client, database, world, "registrar")
        for name, days in (("Partie", {"valid_from": "2020-01-01", "valid_to": "2020-12-31"}),
                           ("À venir", {"valid_from": "2099-01-01"})):  # fmt: skip
            client.post(f"{API}/colleges/{world.alma}/signatories", json={"name": name, "title": "T", **days})
        assert [s["name"] for s in issue(client, world)["record"]["signatories"]] == ["Hélène Castonguay"]


# Verification by anyone --------------------------------------------------------------------------


@pytest.mark.usefixtures("ready")
class TestVerification:
    def test_a_stranger_learns_what_the_document_says_and_no_more(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        issued = issue(as_(client, database, world, "registrar"), world)
        del client.headers["Authorization"]
        answer = client.get(f"{API}/verify/{issued['record']['code']}")
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.json() == {
            "state": "valid",
            "issued_on": issued["issued_on"],
            "number": issued["number"],
            "kind": "attestation_participation",
            "holder": "Maude Bérubé",
            "path_title": "Parcours généraliste – Intervenir en contexte numérique",
            "college_name": "Collège d’Alma",
            "recognised_minutes": 2880,
            "ceu": None,
            "document_sha256": None,
        }

    @pytest.mark.parametrize("state", ["superseded", "revoked"])
    def test_no_name_and_no_reason_once_it_is_not_valid(
        self, client: TestClient, database: Database, world: World, state: str
    ) -> None:
        issued = issue(as_(client, database, world, "registrar"), world)
        set_state(database, state)
        del client.headers["Authorization"]
        answer = client.get(f"{API}/verify/{issued['record']['code']}")
        day = issued["issued_on"]
        assert answer.json() == {"state": state, "issued_on": day, "ended_on": day}

    def test_text_that_is_no_code_gives_no_certificate(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        issued = issue(as_(client, database, world, "registrar"), world)
        del client.headers["Authorization"]
        answers = {
            answer.status_code
            for code in ("0" * 32, "x", issued["number"], "1", "' or 1=1 --", "%00", "é" * 32)
            for answer in [client.get(f"{API}/verify/{code}")]
        }
        assert answers == {404}

    def test_verify_function_shows_one_row_and_the_table_none(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        issued = issue(as_(client, database, world, "registrar"), world)
        with database.transaction() as db:
            assert db.execute(text("select count(*) from certificate")).scalar_one() == 0
            for code in ("", "%", None, issued["number"]):
                statement = text("select * from verify_certificate(:code)")
                assert db.execute(statement, {"code": code}).all() == []
            assert len(db.execute(statement, {"code": issued["record"]["code"]}).all()) == 1
