"""Credentials over HTTP: signed once, verified with the college's public files, and ended by the status list."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import select
from starlette.datastructures import State

from app.certificates.badges import college_keys
from app.certificates.badges import service as badges
from app.certificates.badges.models import CollegeKey
from app.certificates.badges.rules import is_status_bit_set
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.documents.verifiable_credentials import public_key, verify
from app.platform.errors import NotFound, Unavailable
from app.platform.messages.i18n import today
from app.platform.security.keyring import KeyPurpose
from tests.certificates.test_api import API, issue
from tests.conftest import RING
from tests.factories import eligible
from tests.factories.network import World, as_

PUBLIC = "https://escouade.example.org"
DID = "did:web:escouade.example.org:colleges:alma"


@pytest.fixture
def ready(database: Database, world: World) -> None:
    """Alma has a signatory, Maude and Karim their hours."""
    eligible.sign(database, world)
    for who in ("maude", "karim"):
        eligible.attend(database, world, who)


@pytest.fixture
def public(client: TestClient, settings: Settings) -> TestClient:
    """The client of the same deployment under a public host name."""
    state = client.app.state._state  # type: ignore[attr-defined]
    reachable = settings.model_copy(update={"base_url": PUBLIC})
    client.app.state = State({**state, "settings": reachable})  # type: ignore[attr-defined]
    return client


def issue_certificate(client: TestClient, database: Database, world: World, who: str = "maude") -> int:
    certificate_id: Any = issue(as_(client, database, world, "registrar"), world, who)["id"]
    return int(certificate_id)


def read_credential(client: TestClient, certificate_id: int) -> dict[str, Any]:
    answer = client.get(f"{API}/certificates/{certificate_id}/credential")
    assert answer.status_code == 200, answer.text
    credential: dict[str, Any] = answer.json()
    return credential


def get_anonymously(client: TestClient, path: str) -> Any:
    """Return the answer to a request without a sign-in."""
    authorization = client.headers.pop("Authorization", None)
    try:
        return client.get(path)
    finally:
        if authorization:
            client.headers["Authorization"] = authorization


def verification_key(document: dict[str, Any], method: str) -> Ed25519PublicKey:
    """Return the key of a DID document that a proof names, checked to be an assertion method."""
    assert method in document["assertionMethod"]
    [verification_method] = [m for m in document["verificationMethod"] if m["id"] == method]
    assert (verification_method["type"], verification_method["controller"]) == ("Multikey", document["id"])
    return public_key(verification_method["publicKeyMultibase"])


def is_proven(client: TestClient, credential: dict[str, Any]) -> bool:
    """Return whether a credential's proof is valid, from the public files alone."""
    [proof] = credential["proof"]
    method = proof["verificationMethod"]
    issuer = credential["issuer"]["id"] if isinstance(credential["issuer"], dict) else credential["issuer"]
    assert method.startswith(issuer + "#")
    if issuer.startswith("did:key:"):
        return verify(credential, {method: public_key(method.partition("#")[2])})
    _, _, _, *path = issuer.split(":")
    document = get_anonymously(client, "/" + "/".join(path) + "/did.json")
    assert document.json()["id"] == issuer
    return verify(credential, {method: verification_key(document.json(), method)})


def is_revoked(client: TestClient, credential: dict[str, Any]) -> bool:
    """Return whether a credential's bit is set in its status list, whose proof is checked."""
    status = credential["credentialStatus"]
    answer = get_anonymously(client, urlsplit(status["statusListCredential"]).path)
    assert answer.status_code == 200
    list_credential = answer.json()
    assert list_credential["id"] == status["statusListCredential"]
    assert is_proven(client, list_credential)
    return is_status_bit_set(list_credential["credentialSubject"]["encodedList"], int(status["statusListIndex"]))


def end_certificate(database: Database, world: World, certificate_id: int, state: CertificateState, site: str) -> None:
    """End a certificate, as a registrar's decision does."""
    with database.transaction(colleges=[world.alma]) as db:
        row = db.exec(select(Certificate).where(Certificate.id == certificate_id).with_for_update()).one()
        row.state, row.ended_on = state, today()
        db.add(row)
        badges.update_status_list(db, RING, row, site=site)


@pytest.mark.usefixtures("ready")
class TestCredential:
    def test_credential_has_the_same_bytes_for_every_reader_and_in_the_document(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        certificate_id = issue_certificate(client, database, world)
        first = client.get(f"{API}/certificates/{certificate_id}/credential")
        assert first.headers["content-type"] == "application/vc+ld+json"
        assert first.headers["content-disposition"].startswith('attachment; filename="alm-')
        assert first.headers["cache-control"] == "no-store"
        as_(client, database, world, "maude")
        assert client.get(f"/attestations/{certificate_id}/justificatif").content == first.content
        document = client.get(f"{API}/certificates/{certificate_id}/pdf").content
        with pikepdf.open(io.BytesIO(document)) as file:
            assert list(file.attachments) == ["credential.json"]
            inside = file.attachments["credential.json"]
            assert inside.get_file().read_bytes() == first.content
            assert inside.obj["/AFRelationship"] == "/Source"

    def test_document_downloaded_first_embeds_the_same_credential(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        certificate_id = issue_certificate(client, database, world)
        document = client.get(f"{API}/certificates/{certificate_id}/pdf").content
        with pikepdf.open(io.BytesIO(document)) as file:
            inside = file.attachments["credential.json"].get_file().read_bytes()
        assert client.get(f"{API}/certificates/{certificate_id}/credential").content == inside

    def test_issuer_is_did_key_without_a_public_host_name(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        credential = read_credential(client, issue_certificate(client, database, world))
        assert credential["issuer"]["id"].startswith("did:key:z6Mk")
        assert is_proven(client, credential)
        assert not is_revoked(client, credential)

    def test_issuer_is_did_web_with_a_public_host_name(
        self, public: TestClient, database: Database, world: World
    ) -> None:
        credential = read_credential(public, issue_certificate(public, database, world))
        assert credential["issuer"]["id"] == DID
        assert credential["proof"][0]["verificationMethod"] == f"{DID}#cle-1"
        assert is_proven(public, credential)
        assert not is_proven(public, {**credential, "name": "Autre"})
        assert not is_revoked(public, credential)

    def test_credential_contains_no_email_address(self, client: TestClient, database: Database, world: World) -> None:
        content = json.dumps(read_credential(client, issue_certificate(client, database, world)), ensure_ascii=False)
        assert "escouade.example.com" not in content
        assert "Hélène Castonguay" not in content, "signatories are on the document, not in the credential"

    def test_concurrent_requests_create_one_key_and_one_list(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        ids = [issue_certificate(client, database, world, who) for who in ("maude", "karim")]

        def ask(certificate_id: int) -> str:
            with database.transaction(colleges=[world.alma]) as db:
                row = db.exec(select(Certificate).where(Certificate.id == certificate_id).with_for_update()).one()
                return badges.ensure_credential(db, RING, row, site=PUBLIC)

        with ThreadPoolExecutor(4) as pool:
            credentials = list(pool.map(ask, ids * 2))
        assert credentials[:2] == credentials[2:]
        with database.as_owner() as db:
            counts = "select (select count(*) from college_key), (select count(*) from status_list)"
            assert tuple(db.execute(text(counts)).one()) == (1, 1)

    @pytest.mark.parametrize("who", ["karim", "other_registrar"])
    def test_credential_out_of_reach_is_not_found(
        self, client: TestClient, database: Database, world: World, who: str
    ) -> None:
        certificate_id = issue_certificate(client, database, world)
        as_(client, database, world, who)
        missing = client.get(f"{API}/certificates/999999/credential").content
        answer = client.get(f"{API}/certificates/{certificate_id}/credential")
        assert (answer.status_code, answer.content) == (404, missing)


def test_every_url_in_a_credential_resolves(public: TestClient, database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.achieve(database, world, "maude")
    as_(public, database, world, "registrar")
    credential = read_credential(public, int(issue(public, world, kind="attestation_reussite")["id"]))
    urls = {a for a in strings(credential) if a.startswith(PUBLIC)}
    assert len(urls) > 20
    for url in sorted(urls):
        page, _, fragment = url.removeprefix(PUBLIC).partition("#")
        answer = get_anonymously(public, page)
        assert answer.status_code == 200, url
        if answer.headers["content-type"].startswith("text/html") and fragment != "titulaire":
            assert f'id="{fragment}"' in answer.text, url


def strings(value: object) -> list[str]:
    """Return all texts of a JSON document."""
    if isinstance(value, dict):
        return [s for item in value.values() for s in strings(item)]
    if isinstance(value, list):
        return [s for item in value for s in strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.usefixtures("ready")
class TestEnds:
    @pytest.mark.parametrize("state", [CertificateState.SUPERSEDED, CertificateState.REVOKED])
    def test_ended_certificate_is_listed_and_its_credential_refused(
        self, public: TestClient, database: Database, world: World, state: CertificateState
    ) -> None:
        ended, other = (issue_certificate(public, database, world, who) for who in ("maude", "karim"))
        credential, other_credential = read_credential(public, ended), read_credential(public, other)
        end_certificate(database, world, ended, state, PUBLIC)
        assert is_revoked(public, credential)
        assert is_proven(public, credential), "its signature stays valid after it ended"
        assert not is_revoked(public, other_credential)
        answer = public.get(f"{API}/certificates/{ended}/credential")
        assert (answer.status_code, answer.json()["code"]) == (409, "certificate_not_valid")

    def test_new_status_list_includes_certificates_ended_before(
        self, public: TestClient, database: Database, world: World
    ) -> None:
        ended, other = (issue_certificate(public, database, world, who) for who in ("maude", "karim"))
        end_certificate(database, world, ended, CertificateState.REVOKED, PUBLIC)
        status = read_credential(public, other)["credentialStatus"]
        list_credential = get_anonymously(public, "/colleges/alma/statuts/0").json()
        assert is_status_bit_set(list_credential["credentialSubject"]["encodedList"], ended)
        assert not is_status_bit_set(
            list_credential["credentialSubject"]["encodedList"], int(status["statusListIndex"])
        )

    def test_two_concurrent_revocations_are_both_listed(
        self, public: TestClient, database: Database, world: World
    ) -> None:
        ids = [issue_certificate(public, database, world, who) for who in ("maude", "karim")]
        credentials = [read_credential(public, id_) for id_ in ids]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda id_: end_certificate(database, world, id_, CertificateState.REVOKED, PUBLIC), ids))
        assert [is_revoked(public, credential) for credential in credentials] == [True, True]

    def test_public_files_may_be_cached_for_five_minutes(
        self, public: TestClient, database: Database, world: World
    ) -> None:
        read_credential(public, issue_certificate(public, database, world))
        for path in ("/colleges/alma/statuts/0", "/colleges/alma/did.json"):
            answer = get_anonymously(public, path)
            assert answer.headers["cache-control"] == "public, max-age=300"
            assert answer.headers["access-control-allow-origin"] == "*"
            again = public.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])

    @pytest.mark.parametrize(
        "path",
        [
            "/colleges/alma/statuts/1", "/colleges/alma/statuts/-1", "/colleges/alma/statuts/99999999999",
            "/colleges/alma/statuts/x", "/colleges/nulle-part/statuts/0", "/colleges/nulle-part/did.json",
            "/colleges/rouyn/did.json",
        ],
    )  # fmt: skip
    def test_unknown_status_list_or_did_document_is_not_found(
        self, public: TestClient, database: Database, world: World, path: str
    ) -> None:
        read_credential(public, issue_certificate(public, database, world))
        assert get_anonymously(public, path).status_code == 404


@pytest.mark.usefixtures("ready")
class TestKeys:
    @pytest.mark.parametrize("host", ["local", "public"])
    def test_credential_of_a_retired_key_stays_valid(
        self, request: pytest.FixtureRequest, client: TestClient, database: Database, world: World, host: str
    ) -> None:
        if host == "public":
            request.getfixturevalue("public")
        before = read_credential(client, issue_certificate(client, database, world))
        with database.as_owner() as db:
            assert college_keys.rotate(db, RING, "alma").name == "cle-2"
            assert [k.retired_at is None for k in college_keys.list_keys(db, "alma")] == [False, True]
        after = read_credential(client, issue_certificate(client, database, world, "karim"))
        methods = [credential["proof"][0]["verificationMethod"] for credential in (before, after)]
        assert methods[0] != methods[1]
        assert is_proven(client, before)
        assert is_proven(client, after)
        assert not is_revoked(client, before)
        assert not is_revoked(client, after)
        assert len(get_anonymously(client, "/colleges/alma/did.json").json()["verificationMethod"]) == 2

    def test_private_key_is_encrypted_for_its_college_and_name(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        read_credential(client, issue_certificate(client, database, world))
        with database.as_owner() as db:
            row = db.exec(select(CollegeKey)).one()
            opened = RING.decrypt(KeyPurpose.BADGE, row.private_sealed, bound=college_keys.key_binding(row))
            assert opened not in row.private_sealed
            for change in ({"name": "cle-9"}, {"college_id": world.rouyn}):
                moved = row.model_copy(update=change)
                with pytest.raises(Unavailable):
                    RING.decrypt(KeyPurpose.BADGE, row.private_sealed, bound=college_keys.key_binding(moved))

    def test_reencryption_keeps_the_key(self, client: TestClient, database: Database, world: World) -> None:
        read_credential(client, issue_certificate(client, database, world))
        turned = RING.rotated()
        with database.as_owner() as db:
            row = db.exec(select(CollegeKey)).one()
            before = RING.decrypt(KeyPurpose.BADGE, row.private_sealed, bound=college_keys.key_binding(row))
            assert [college_keys.reencrypt_keys(db, turned) for _ in range(2)] == [1, 0]
            assert row.private_sealed.startswith("v2.")
            assert turned.decrypt(KeyPurpose.BADGE, row.private_sealed, bound=college_keys.key_binding(row)) == before

    def test_keys_of_an_unknown_college_are_not_found(self, database: Database) -> None:
        with database.as_owner() as db:
            for ask in (college_keys.list_keys, lambda s, slug: college_keys.rotate(s, RING, slug)):
                with pytest.raises(NotFound):
                    ask(db, "nulle-part")
