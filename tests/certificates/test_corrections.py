"""S7 and S10: a name changed after issue, a certificate revoked, and the verification, search and employer's list."""

import re
import secrets
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.certificates.corrections.rules import DAYS_TO_ANSWER
from app.certificates.issuing.candidates import list_candidate_page
from app.certificates.issuing.schemas import CandidatesQuery
from app.certificates.jobs import restrict_ended_documents
from app.certificates.schemas import short_code
from app.identity.roles.service import grant_role
from app.network.service import see_college
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.files.folder import FolderStore
from app.platform.files.store import digest
from app.platform.jobs.upkeep import sweep_files
from app.platform.messages.i18n import day, today
from app.platform.security.permissions import P, Role
from tests.factories import eligible
from tests.factories.mail_server import listening
from tests.factories.network import World, acting, token
from tests.factories.outbox import deliver

API = "/api/v1"
PROOF = {"legal_first_name": "Maxime", "legal_last_name": "Bérubé-Roy", "seen_on": today().isoformat()}


def as_(client: TestClient, database: Database, world: World, who: str) -> TestClient:
    """Return the client, signed in as someone."""
    client.headers["Authorization"] = f"Bearer {token(database, world, who)}"
    return client


@pytest.fixture
def issued(client: TestClient, database: Database, world: World) -> dict[str, Any]:
    """Maude's certificate of participation, its document rendered; the registrar is signed in."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    path = f"{API}/enrolments/{world.enrolments['maude']}/certificates"
    answer = client.post(path, json={"kind": "attestation_participation"})
    assert answer.status_code == 201, answer.text
    assert client.get(f"{API}/certificates/{answer.json()['id']}/pdf").status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def legal_name_url(world: World, who: str = "maude") -> str:
    """Return the URL of someone's legal name."""
    return f"{API}/colleges/{world.alma}/people/{world.people[who]}/legal-name"


def reason_codes(answer: object) -> list[str]:
    """Return the codes of a refusal's reasons."""
    return [e["code"] for e in answer.json()["errors"]]  # type: ignore[attr-defined]


def email_subjects(database: Database, world: World, who: str = "maude") -> list[str]:
    """Return the subjects of the e-mail messages to someone."""
    with database.engine.connect() as owner:
        subjects = owner.execute(
            text("select subject from letter where recipient = :to order by id"), {"to": world.emails[who]}
        )
        return list(subjects.scalars())


# S7: a name that changed ---------------------------------------------------------------------------


class TestNameChange:
    def test_the_person_has_a_history_of_legal_names_and_every_screen_the_current_one(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        answer = client.put(legal_name_url(world), json=PROOF)
        assert answer.status_code == 200
        assert answer.json()["legal_first_name"] == "Maxime"
        [former] = answer.json()["former"]
        assert (former["legal_first_name"], former["legal_last_name"]) == ("Maude", "Bérubé")
        people = client.get(f"{API}/colleges/{world.alma}/people", params={"search": "berube-roy maxime"})
        assert [p["name"] for p in people.json()["items"]] == ["Maxime Bérubé-Roy"]
        assert client.get(f"{API}/colleges/{world.alma}/people", params={"search": "maude"}).json()["items"] == []

    def test_name_change_records_who_saw_the_proof_and_when(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        client.put(legal_name_url(world), json=PROOF)
        [former] = client.get(legal_name_url(world)).json()["former"]
        assert (former["seen_on"], former["seen_by"]) == (PROOF["seen_on"], "Régine Registraire")
        assert set(former) == {"legal_first_name", "legal_last_name", "until", "seen_on", "seen_by"}

    def test_the_replacement_has_a_number_of_its_own_and_the_old_one_is_superseded(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        fresh = replace_after_renaming(client, world, issued)
        assert (issued["number"], fresh["number"]) == ("ALM-2026-0001", "ALM-2026-0002")
        assert fresh["holder"] == "Maxime Bérubé-Roy"
        assert fresh["record"]["code"] != issued["record"]["code"]
        old = client.get(f"{API}/certificates/{issued['id']}").json()
        assert (old["state"], old["holder"]) == ("superseded", "Maude Bérubé")
        history = client.get(f"{API}/certificates/{fresh['id']}/history").json()
        assert history["replaces"]["number"] == issued["number"]
        assert history["reason"] == "Changement de nom."
        assert client.get(f"{API}/certificates/{issued['id']}/history").json()["replaced_by"]["id"] == fresh["id"]

    def test_the_old_code_answers_replaced_without_either_name(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        replace_after_renaming(client, world, issued)
        del client.headers["Authorization"]
        code = issued["record"]["code"]
        for where in (f"{API}/verify/{code}", f"/v/{code}"):
            answer = client.get(where)
            assert answer.status_code == 200
            assert not [w for w in ("Maude", "Maxime", "Bérubé", "ALM-2026") if w in answer.text]
        assert client.get(f"{API}/verify/{code}").json()["state"] == "superseded"
        assert "a été remplacé" in client.get(f"/v/{code}").text

    def test_both_dates_of_issue_are_shown_and_no_reason(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        with database.engine.begin() as owner:
            earlier = (today() - timedelta(days=40)).isoformat()
            owner.exec_driver_sql(
                "update certificate set issued_on = %s, record = jsonb_set(record, '{issued_on}', to_jsonb(%s::text))",
                (earlier, earlier),
            )
        fresh = replace_after_renaming(client, world, issued)
        assert (fresh["record"]["issued_on"], fresh["record"]["first_issued_on"]) == (today().isoformat(), earlier)
        assert "reason" not in fresh["record"]
        assert "Changement" not in client.get(f"/attestations/{fresh['id']}").text

    def test_name_correction_keeps_the_other_fields(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        with database.engine.begin() as owner:
            owner.exec_driver_sql("update certificate set record = jsonb_set(record, '{place}', '\"Ailleurs\"')")
        fresh = replace_after_renaming(client, world, issued)
        assert fresh["record"]["place"] == "Ailleurs"

    def test_the_old_document_is_for_the_registrar_alone(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        before = client.get(f"{API}/certificates/{issued['id']}/pdf").content
        replace_after_renaming(client, world, issued)
        assert client.get(f"{API}/certificates/{issued['id']}/pdf").content == before
        for who in ("maude", "coordinator"):
            refused = as_(client, database, world, who).get(f"{API}/certificates/{issued['id']}/pdf")
            assert (refused.status_code, refused.json()["code"]) == (409, "certificate_not_valid")

    def test_the_old_bytes_move_to_restricted_storage(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any], settings: Settings
    ) -> None:
        before = client.get(f"{API}/certificates/{issued['id']}/pdf").content
        replace_after_renaming(client, world, issued)
        assert restrict_ended_documents(database, FolderStore(settings.data_dir)) == 1
        assert restrict_ended_documents(database, FolderStore(settings.data_dir)) == 0
        assert digest(before) not in {path.name for path in (settings.data_dir / "files").rglob("*")}
        assert [path.name for path in (settings.data_dir / "restricted").rglob("*") if path.is_file()] == [
            digest(before)
        ]
        assert client.get(f"{API}/certificates/{issued['id']}/pdf").content == before
        assert sweep_files(database, FolderStore(settings.data_dir), age=timedelta(minutes=-1)) == 0

    def test_holder_is_notified_of_the_replacement(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        replace_after_renaming(client, world, issued)
        assert email_subjects(database, world) == ["Votre attestation ALM-2026-0001 est remplacée"]

    def test_a_correction_must_change_something_and_happens_once(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        path = f"{API}/certificates/{issued['id']}/reissue"
        same = client.post(path, json={"what": "name", "reason": "Pour voir."})
        assert (same.status_code, reason_codes(same)) == (409, ["certificate_says_the_same"])
        replace_after_renaming(client, world, issued)
        again = client.post(path, json={"what": "name", "reason": "Encore."})
        assert (again.status_code, reason_codes(again)) == (409, ["certificate_not_valid"])

    def test_correction_of_the_content_is_checked_again(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        command = {"what": "content", "reason": "Appel corrigé."}
        with database.engine.begin() as owner:
            owner.exec_driver_sql("delete from roll_call_entry")
        refused = client.post(f"{API}/certificates/{issued['id']}/reissue", json=command)
        assert refused.status_code == 409
        assert "certificate_says_the_same" not in reason_codes(refused)

    def test_name_change_of_oneself_to_the_same_or_on_a_future_proof_is_refused(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        own = client.put(legal_name_url(world, "registrar"), json=PROOF)
        assert (own.status_code, own.json()["code"]) == (403, "own_case")
        same = {"legal_first_name": "Maude", "legal_last_name": "Bérubé", "seen_on": PROOF["seen_on"]}
        assert client.put(legal_name_url(world), json=same).json()["code"] == "same_name"
        tomorrow = {**PROOF, "seen_on": (today() + timedelta(days=1)).isoformat()}
        assert client.put(legal_name_url(world), json=tomorrow).status_code == 422

    def test_pages_change_the_name_and_replace_the_certificate(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        page = f"/colleges/{world.alma}/personnes/{world.people['maude']}/nom"
        assert client.post(page, data=PROOF).headers["location"] == page
        assert "Maude Bérubé" in client.get(page).text
        sent = client.post(f"/attestations/{issued['id']}/remplacement", data={"what": "name", "reason": "Nom."})
        assert sent.status_code == 303
        assert "Maxime Bérubé-Roy" in client.get(sent.headers["location"]).text
        register = client.get(f"/attestations/{issued['id']}/registre").text
        assert "ALM-2026-0002" in register


def replace_after_renaming(client: TestClient, world: World, issued: dict[str, Any]) -> dict[str, Any]:
    """Change Maude's first name to Maxime and replace the certificate; return the new one."""
    assert client.put(legal_name_url(world), json=PROOF).status_code == 200
    command = {"what": "name", "reason": "Changement de nom."}
    answer = client.post(f"{API}/certificates/{issued['id']}/reissue", json=command)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


# S10: a certificate is revoked ----------------------------------------------------------------------


class TestRevocation:
    def test_holder_is_notified_first_and_nothing_is_revoked_yet(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        opened = open_revocation(client, issued)
        assert opened["answer_by"] == (today() + timedelta(days=DAYS_TO_ANSWER)).isoformat()
        assert email_subjects(database, world) == ["Votre attestation ALM-2026-0001 : un avis à lire"]
        assert client.get(f"{API}/certificates/{issued['id']}").json()["state"] == "valid"
        early = client.post(f"{API}/revocations/{opened['id']}/decision", json={"revoke": True})
        assert (early.status_code, reason_codes(early)) == (409, ["holder_not_heard"])

    def test_registrar_reads_that_the_notice_was_refused(
        self, client: TestClient, database: Database, settings: Settings, issued: dict[str, Any]
    ) -> None:
        """The holder has days to answer a letter: the decision waits for someone who may know nothing of it."""
        opened = open_revocation(client, issued)
        assert opened["delivery"] is None  # not tried yet
        with listening() as mail_server:
            mail_server.answers["RCPT"] = b"550 5.1.1 unknown"
            deliver(database, settings.model_copy(update={"smtp_url": mail_server.url}))
        page = client.get(f"/attestations/{issued['id']}/registre").text
        assert "Cette adresse n’existe pas, selon son serveur de courriel." in page
        [shown] = client.get(f"{API}/certificates/{issued['id']}/history").json()["revocations"]
        assert (shown["delivery"]["state"], shown["delivery"]["status"]) == ("refused", "550 5.1.1")

    def test_the_holder_comments_then_a_person_decides_then_the_holder_contests(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        revocation = open_revocation(client, issued)["id"]
        as_(client, database, world, "maude")
        [own] = client.get(f"{API}/me/revocations").json()["items"]
        assert (own["id"], own["reason"]) == (revocation, "Preuve empruntée.")
        answer = client.post(f"{API}/revocations/{revocation}/answer", json={"words": "C’est mon travail."})
        assert answer.json()["answer"] == "C’est mon travail."
        early = client.post(f"{API}/revocations/{revocation}/contest", json={"words": "Non."})
        assert (early.status_code, early.json()["code"]) == (409, "revocation_not_decided")
        as_(client, database, world, "registrar")
        decided = client.post(f"{API}/revocations/{revocation}/decision", json={"revoke": True})
        assert (decided.json()["revoked"], decided.json()["decided_by"]) == (True, "Régine Registraire")
        assert client.post(f"{API}/revocations/{revocation}/decision", json={"revoke": False}).status_code == 409
        assert email_subjects(database, world)[-1] == "Votre attestation ALM-2026-0001 est révoquée"
        as_(client, database, world, "maude")
        late = client.post(f"{API}/revocations/{revocation}/answer", json={"words": "Encore."})
        assert late.json()["code"] == "revocation_decided"
        contested = client.post(f"{API}/revocations/{revocation}/contest", json={"words": "Je conteste."})
        assert contested.json()["contest"] == "Je conteste."

    def test_public_verification_shows_revoked_with_its_date_and_no_reason(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        revoke(client, database, issued)
        del client.headers["Authorization"]
        code = issued["record"]["code"]
        day = issued["issued_on"]
        assert client.get(f"{API}/verify/{code}").json() == {
            "state": "revoked", "issued_on": day, "ended_on": today().isoformat(),
        }  # fmt: skip
        page = client.get(f"/v/{code}").text
        assert "a été révoqué" in page
        assert not [w for w in ("Maude", "Bérubé", "empruntée", "ALM-2026") if w in page]

    def test_after_ten_days_of_silence_the_decision_may_be_made(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        revoke(client, database, issued)
        assert client.get(f"{API}/certificates/{issued['id']}").json()["state"] == "revoked"

    def test_decision_may_leave_the_certificate_valid(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        revoke(client, database, issued, confirm=False)
        assert client.get(f"{API}/certificates/{issued['id']}").json()["state"] == "valid"
        assert email_subjects(database, world)[-1] == "Votre attestation ALM-2026-0001 demeure en vigueur"
        open_revocation(client, issued)

    def test_reissue_while_a_revocation_is_open_is_refused(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        open_revocation(client, issued)
        assert client.put(legal_name_url(world), json=PROOF).status_code == 200
        answer = client.post(f"{API}/certificates/{issued['id']}/reissue", json={"what": "name", "reason": "Nom."})
        assert (answer.status_code, answer.json()["code"]) == (409, "revocation_open")

    def test_deadline_of_an_answer_is_in_words(self, client: TestClient, issued: dict[str, Any]) -> None:
        opened = open_revocation(client, issued)
        early = client.post(f"{API}/revocations/{opened['id']}/decision", json={"revoke": True})
        assert day(date.fromisoformat(opened["answer_by"])) in early.json()["errors"][0]["message"]

    def test_after_a_revocation_for_cause_another_waits_for_a_second_person(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        revoke(client, database, issued)
        path = f"{API}/enrolments/{world.enrolments['maude']}/certificates"
        refused = client.post(path, json={"kind": "attestation_participation"})
        assert (refused.status_code, reason_codes(refused)) == (409, ["hold_open"])
        page = client.get(f"/colleges/{world.alma}/attestations?situation=pas_encore").text
        assert "document révoqué pour faute" in page
        eligible.attend(database, world, "yves")
        with database.transaction() as db:
            actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
            college = see_college(db, actor, world.alma)
            ready = list_candidate_page(db, actor, college, CandidatesQuery()).items
            assert [candidate.name for candidate in ready] == ["Yves O’Brien"]
        [revocation] = client.get(f"{API}/certificates/{issued['id']}/history").json()["revocations"]
        lift = f"{API}/holds/{revocation['hold_id']}/lift"
        own = client.post(lift, json={"reason": "Nouvelle preuve."})
        assert (own.status_code, own.json()["code"]) == (403, "second_person_needed")
        with database.transaction(colleges=[world.alma]) as db:
            grant_role(db, world.people["coordinator"], Role.REGISTRAR, college_id=world.alma)
        as_(client, database, world, "coordinator")
        lifted = client.post(lift, json={"reason": "Nouvelle preuve."}).json()
        assert (lifted["lifted_by"], lifted["lift_reason"]) == ("Corinne Coordination", "Nouvelle preuve.")
        again = client.post(lift, json={"reason": "Encore."})
        assert (again.status_code, again.json()["code"], reason_codes(again)) == (
            409,
            "hold_not_lifted",
            ["hold_lifted"],
        )
        assert f"/retenues/{revocation['hold_id']}" in client.get(f"/attestations/{issued['id']}/registre").text
        assert client.post(path, json={"kind": "attestation_participation"}).status_code == 201

    def test_after_a_revocation_for_an_error_another_may_be_issued(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        revocation = revoke(client, database, issued, ground="error")
        [shown] = client.get(f"{API}/certificates/{issued['id']}/history").json()["revocations"]
        assert (shown["id"], shown["hold_id"]) == (revocation, None)
        path = f"{API}/enrolments/{world.enrolments['maude']}/certificates"
        assert client.post(path, json={"kind": "attestation_participation"}).status_code == 201

    def test_second_open_revocation_is_refused(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        open_revocation(client, issued)
        path = f"{API}/certificates/{issued['id']}/revocations"
        again = client.post(path, json={"reason": "Encore."})
        assert (again.status_code, again.json()["code"]) == (409, "revocation_open")

    def test_history_is_for_the_registrar_and_the_reason_for_the_holder_too(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        revocation = open_revocation(client, issued)["id"]
        assert "Preuve empruntée." in client.get(f"/attestations/{issued['id']}/registre").text
        assert "Preuve empruntée." in as_(client, database, world, "maude").get(f"/attestations/{issued['id']}").text
        as_(client, database, world, "coordinator")
        assert "Preuve empruntée." not in client.get(f"/attestations/{issued['id']}").text
        assert client.get(f"{API}/certificates/{issued['id']}/history").status_code == 403
        assert client.get(f"{API}/revocations/{revocation}").status_code == 403

    def test_pages_open_answer_decide_and_contest_a_revocation(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        register = f"/attestations/{issued['id']}/registre"
        sent = client.post(f"/attestations/{issued['id']}/revocations", data={"reason": "Preuve empruntée."})
        assert sent.headers["location"] == register
        as_(client, database, world, "maude")
        [own] = client.get(f"{API}/me/revocations").json()["items"]
        page = f"/revocations/{own['id']}"
        assert client.post(f"{page}/reponse", data={"words": "Voici."}).status_code == 303
        as_(client, database, world, "registrar")
        assert client.post(f"{page}/decision", data={"revoke": "true"}).headers["location"] == register
        assert "révoqué le" in client.get(register).text
        as_(client, database, world, "maude")
        assert client.post(f"{page}/contestation", data={"words": "Non."}).status_code == 303
        assert "Non." in client.get(f"/attestations/{issued['id']}").text


def open_revocation(client: TestClient, issued: dict[str, Any], ground: str = "cause") -> dict[str, Any]:
    """Open a revocation as the registrar; return it."""
    path = f"{API}/certificates/{issued['id']}/revocations"
    answer = client.post(path, json={"reason": "Preuve empruntée.", "ground": ground})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def revoke(
    client: TestClient, database: Database, issued: dict[str, Any], *, confirm: bool = True, ground: str = "cause"
) -> int:
    """Open a revocation, let the ten days pass and decide: revoke, or leave valid; return its id."""
    revocation: int = open_revocation(client, issued, ground)["id"]
    with database.engine.begin() as owner:
        owner.execute(text("update revocation set answer_by = :yesterday"), {"yesterday": today() - timedelta(days=1)})
    answer = client.post(f"{API}/revocations/{revocation}/decision", json={"revoke": confirm})
    assert answer.status_code == 200, answer.text
    return revocation


# Comparison of a file ---------------------------------------------------------------------------


class TestFile:
    def test_only_the_issued_file_matches(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        content = client.get(f"{API}/certificates/{issued['id']}/pdf").content
        del client.headers["Authorization"]
        path = f"/v/{issued['record']['code']}/fichier"
        for sent, shown in ((content, "same"), (content[:-1] + b" ", "other"), (b"", "other")):
            page = client.post(path, files={"file": ("x.pdf", sent, "application/pdf")})
            assert page.status_code == 200
            hidden = {"same": "other", "other": "same"}[shown]
            assert f'data-compared="{shown}">' in page.text
            assert f'data-compared="{hidden}" hidden>' in page.text

    def test_uploaded_file_is_not_stored(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        root = client.app.state.settings.data_dir  # type: ignore[attr-defined]
        before = sorted(root.rglob("*"))
        path = f"/v/{issued['record']['code']}/fichier"
        client.post(path, files={"file": ("x.pdf", b"%PDF-1.7 autre", "application/pdf")})
        assert sorted(root.rglob("*")) == before

    def test_file_under_an_unknown_code_is_not_compared(self, client: TestClient, issued: dict[str, Any]) -> None:
        del client.headers["Authorization"]
        unknown = client.post(f"/v/{'0' * 32}/fichier", files={"file": ("x.pdf", b"x", "application/pdf")})
        assert unknown.status_code == 404
        assert unknown.content == client.get(f"/v/{'0' * 32}").content

    def test_api_gives_the_digest_to_compare(self, client: TestClient, issued: dict[str, Any]) -> None:
        verification = client.get(f"{API}/verify/{issued['record']['code']}").json()
        assert len(verification["document_sha256"]) == 64


class TestShortCode:
    def test_search_by_short_code_finds_the_certificate(
        self, client: TestClient, database: Database, world: World, issued: dict[str, Any]
    ) -> None:
        shown = client.get(f"/attestations/{issued['id']}").text
        register = f"{API}/colleges/{world.alma}/certificates"
        short = short_code(str(issued["record"]["code"]))
        assert short in shown
        for search in (short, short.lower(), short.replace("-", " "), short.replace("0", "O").replace("1", "l")):
            certificates = client.get(register, params={"search": search}).json()["items"]
            assert [c["id"] for c in certificates] == [issued["id"]]
        for other in ("00000000", "ZZZZ-ZZZZ", "xx", "%"):
            assert client.get(register, params={"search": other}).json()["items"] == []

    def test_search_by_number_or_unaccented_name_finds_the_certificate(
        self, client: TestClient, world: World, issued: dict[str, Any]
    ) -> None:
        register = f"{API}/colleges/{world.alma}/certificates"
        for search in ("alm-2026-0001", "berube", "Maude BÉRUBÉ", ""):
            assert len(client.get(register, params={"search": search}).json()["items"]) == 1
        page = client.get(f"/colleges/{world.alma}/attestations", params={"search": "personne"}).text
        assert "ALM-2026-0001" not in page

    def test_short_code_verifies_nothing(self, client: TestClient, issued: dict[str, Any]) -> None:
        del client.headers["Authorization"]
        short = short_code(str(issued["record"]["code"]))
        assert client.get(f"{API}/verify/{short}").status_code == 404


# The employer's list ----------------------------------------------------------------------


class TestEmployer:
    def list_attestations(self, client: TestClient, world: World, employer: str = "scierie beland") -> dict[str, Any]:
        path = f"{API}/colleges/{world.alma}/employer-attestations"
        answer = client.get(path, params={"employer": employer, "year": today().year})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @pytest.fixture
    def employed(self, database: Database, world: World, issued: dict[str, Any]) -> dict[str, Any]:
        """The certificate, with Maude's employer on the day of issue."""
        with database.engine.begin() as owner:
            owner.exec_driver_sql(
                "update certificate set record = jsonb_set(record, '{employer}', '\"Scierie Béland\"')"
            )
        return issued

    def test_without_consent_only_a_count(self, client: TestClient, world: World, employed: dict[str, Any]) -> None:
        assert self.list_attestations(client, world) == {"items": [], "withheld": 1}

    def test_with_consent_the_object_and_the_hours_and_no_level(
        self, client: TestClient, database: Database, world: World, employed: dict[str, Any]
    ) -> None:
        as_(client, database, world, "maude")
        agreed = client.post(f"{API}/me/consents", json={"purpose": "employer_list", "text_version": "1.0"})
        assert agreed.status_code == 201, agreed.text
        as_(client, database, world, "registrar")
        attestations = self.list_attestations(client, world)
        [line] = attestations["items"]
        assert (attestations["withheld"], line["number"], line["holder"]) == (0, "ALM-2026-0001", "Maude Bérubé")
        assert line["object"] == employed["record"]["object"]
        assert set(line) == {
            "number", "holder", "kind", "path_title", "object", "starts_on", "ends_on", "recognised_minutes", "ceu",
            "issued_on", "employer",
        }  # fmt: skip
        with database.engine.connect() as owner:
            views = text("select count(*) from view_log where subject_id = :who and permission = 'certificate:correct'")
            assert owner.execute(views, {"who": world.people["maude"]}).scalar_one() == 1
        as_(client, database, world, "maude").delete(f"{API}/me/consents/employer_list")
        as_(client, database, world, "registrar")
        assert self.list_attestations(client, world)["items"] == []

    def test_another_employer_has_nothing(self, client: TestClient, world: World, employed: dict[str, Any]) -> None:
        assert self.list_attestations(client, world, "Scierie") == {"items": [], "withheld": 0}


# Guessed codes -------------------------------------------------------------------------------------------


def test_ten_thousand_guessed_codes_find_nothing(
    client: TestClient, database: Database, issued: dict[str, Any]
) -> None:
    code = str(issued["record"]["code"])
    near = [code[:i] + other + code[i + 1 :] for i in range(32) for other in "0123456789abcdef" if other != code[i]]
    shapes = [code.upper(), code[:-1], code + "0", "%", "_" * 32, "", str(issued["number"]), short_code(code)]
    guessed = [secrets.token_hex(16) for _ in range(10_000 - len(near))] + near + shapes
    with database.transaction() as db:
        statement = text("select count(*) from unnest(cast(:codes as text[])) g, verify_certificate(g)")
        assert db.execute(statement, {"codes": guessed}).scalar_one() == 0
        assert db.execute(statement, {"codes": [code]}).scalar_one() == 1


def test_the_verification_page_shows_these_fields_and_no_other(client: TestClient, issued: dict[str, Any]) -> None:
    del client.headers["Authorization"]
    page = client.get(f"/v/{issued['record']['code']}")
    assert re.findall(r"<dt>([^<]*)</dt>", page.text) == [
        "Personne", "Document", "Parcours", "Collège", "Émis le", "Heures reconnues", "Numéro",
    ]  # fmt: skip
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert page.headers["cache-control"] == "no-store"
    assert "verify.js" in page.text
