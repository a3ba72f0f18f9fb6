"""Credentials over HTTP: made once, checked by anyone with what the college shows, and what ends them."""

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
from app.certificates.badges.rules import is_ended
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.documents.verifiable_credentials import holds, public_key
from app.platform.errors import NotFound, Unavailable
from app.platform.messages.i18n import today
from app.platform.security.keyring import Use
from tests.certificates.test_api import API, issue
from tests.conftest import RING
from tests.factories import eligible as story
from tests.factories.network import World, as_

PUBLIC = "https://escouade.example.org"
DID = "did:web:escouade.example.org:colleges:alma"


@pytest.fixture
def ready(database: Database, world: World) -> None:
    """Alma has a signatory, Maude and Karim their hours."""
    story.sign(database, world)
    for who in ("maude", "karim"):
        story.attend(database, world, who)


@pytest.fixture
def public(client: TestClient, settings: Settings) -> TestClient:
    """The same deployment under a name that anyone can ask."""
    known = client.app.state._state  # type: ignore[attr-defined]
    here = settings.model_copy(update={"base_url": PUBLIC})
    client.app.state = State({**known, "settings": here})  # type: ignore[attr-defined]
    return client


def issued(client: TestClient, database: Database, world: World, who: str = "maude") -> int:
    found: Any = issue(as_(client, database, world, "registrar"), world, who)["id"]
    return int(found)


def badge(client: TestClient, certificate_id: int) -> dict[str, Any]:
    answer = client.get(f"{API}/certificates/{certificate_id}/credential")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def stranger(client: TestClient, path: str) -> Any:
    """What anyone gets."""
    known = client.headers.pop("Authorization", None)
    try:
        return client.get(path)
    finally:
        if known:
            client.headers["Authorization"] = known


def key_in(document: dict[str, Any], method: str) -> Ed25519PublicKey:
    """The key of a DID document that a proof names, if it may prove."""
    assert method in document["assertionMethod"]
    [found] = [m for m in document["verificationMethod"] if m["id"] == method]
    assert (found["type"], found["controller"]) == ("Multikey", document["id"])
    return public_key(found["publicKeyMultibase"])


def proven(client: TestClient, credential: dict[str, Any]) -> bool:
    """Whether a stranger finds that a credential holds, with what the site shows."""
    [proof] = credential["proof"]
    method = proof["verificationMethod"]
    issuer = credential["issuer"]["id"] if isinstance(credential["issuer"], dict) else credential["issuer"]
    assert method.startswith(issuer + "#")
    if issuer.startswith("did:key:"):
        return holds(credential, public_key(method.partition("#")[2]))
    _, _, _, *path = issuer.split(":")
    document = stranger(client, "/" + "/".join(path) + "/did.json")
    assert document.json()["id"] == issuer
    return holds(credential, key_in(document.json(), method))


def is_revoked(client: TestClient, credential: dict[str, Any]) -> bool:
    """What a stranger reads in the status list, once its proof holds."""
    status = credential["credentialStatus"]
    answer = stranger(client, urlsplit(status["statusListCredential"]).path)
    assert answer.status_code == 200
    listed = answer.json()
    assert listed["id"] == status["statusListCredential"]
    assert proven(client, listed)
    return is_ended(listed["credentialSubject"]["encodedList"], int(status["statusListIndex"]))


def end(database: Database, world: World, certificate_id: int, state: CertificateState, site: str) -> None:
    """As a registrar's decision does."""
    with database.transaction(colleges=[world.alma]) as db:
        row = db.exec(select(Certificate).where(Certificate.id == certificate_id).with_for_update()).one()
        row.state, row.ended_on = state, today()
        db.add(row)
        badges.mark_ended(db, RING, row, site=site)


@pytest.mark.usefixtures("ready")
class TestCredential:
    def test_the_same_bytes_whoever_asks_and_inside_the_document(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        made = issued(client, database, world)
        first = client.get(f"{API}/certificates/{made}/credential")
        assert first.headers["content-type"] == "application/vc+ld+json"
        assert first.headers["content-disposition"].startswith('attachment; filename="alm-')
        assert first.headers["cache-control"] == "no-store"
        as_(client, database, world, "maude")
        assert client.get(f"/attestations/{made}/justificatif").content == first.content
        document = client.get(f"{API}/certificates/{made}/pdf").content
        with pikepdf.open(io.BytesIO(document)) as file:
            assert list(file.attachments) == ["credential.json"]
            inside = file.attachments["credential.json"]
            assert inside.get_file().read_bytes() == first.content
            assert inside.obj["/AFRelationship"] == "/Source"

    def test_the_document_alone_makes_the_same_credential(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        made = issued(client, database, world)
        document = client.get(f"{API}/certificates/{made}/pdf").content
        with pikepdf.open(io.BytesIO(document)) as file:
            inside = file.attachments["credential.json"].get_file().read_bytes()
        assert client.get(f"{API}/certificates/{made}/credential").content == inside

    def test_without_a_public_name_the_key_is_the_issuer(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        found = badge(client, issued(client, database, world))
        assert found["issuer"]["id"].startswith("did:key:z6Mk")
        assert proven(client, found)
        assert not is_revoked(client, found)

    def test_with_a_public_name_the_college_is(self, public: TestClient, database: Database, world: World) -> None:
        found = badge(public, issued(public, database, world))
        assert found["issuer"]["id"] == DID
        assert found["proof"][0]["verificationMethod"] == f"{DID}#cle-1"
        assert proven(public, found)
        assert not proven(public, {**found, "name": "Autre"})
        assert not is_revoked(public, found)

    def test_it_holds_no_address_of_anyone(self, client: TestClient, database: Database, world: World) -> None:
        found = json.dumps(badge(client, issued(client, database, world)), ensure_ascii=False)
        assert "escouade.example.com" not in found
        assert "Hélène Castonguay" not in found, "who signs is on the document, not here"

    def test_one_key_and_one_list_though_several_ask_at_once(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        ids = [issued(client, database, world, who) for who in ("maude", "karim")]

        def ask(certificate_id: int) -> str:
            with database.transaction(colleges=[world.alma]) as db:
                row = db.exec(select(Certificate).where(Certificate.id == certificate_id).with_for_update()).one()
                return badges.credential_of(db, RING, row, site=PUBLIC)

        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(ask, ids * 2))
        assert made[:2] == made[2:]
        with database.as_owner() as db:
            counts = "select (select count(*) from college_key), (select count(*) from status_list)"
            assert tuple(db.execute(text(counts)).one()) == (1, 1)

    @pytest.mark.parametrize("who", ["karim", "other_registrar"])
    def test_who_may_not_see_the_certificate_finds_nothing(
        self, client: TestClient, database: Database, world: World, who: str
    ) -> None:
        made = issued(client, database, world)
        as_(client, database, world, who)
        missing = client.get(f"{API}/certificates/999999/credential").content
        answer = client.get(f"{API}/certificates/{made}/credential")
        assert (answer.status_code, answer.content) == (404, missing)


def test_every_address_in_it_leads_somewhere(public: TestClient, database: Database, world: World) -> None:
    story.sign(database, world)
    story.achieve(database, world, "maude")
    as_(public, database, world, "registrar")
    found = badge(public, int(issue(public, world, kind="attestation_reussite")["id"]))
    addresses = {a for a in strings(found) if a.startswith(PUBLIC)}
    assert len(addresses) > 20
    for address in sorted(addresses):
        page, _, place = address.removeprefix(PUBLIC).partition("#")
        answer = stranger(public, page)
        assert answer.status_code == 200, address
        if answer.headers["content-type"].startswith("text/html") and place != "titulaire":
            assert f'id="{place}"' in answer.text, address


def strings(value: object) -> list[str]:
    """All texts of a document."""
    if isinstance(value, dict):
        return [s for item in value.values() for s in strings(item)]
    if isinstance(value, list):
        return [s for item in value for s in strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.usefixtures("ready")
class TestEnds:
    @pytest.mark.parametrize("state", [CertificateState.SUPERSEDED, CertificateState.REVOKED])
    def test_the_list_says_so_and_nothing_is_given_any_more(
        self, public: TestClient, database: Database, world: World, state: CertificateState
    ) -> None:
        mine, other = (issued(public, database, world, who) for who in ("maude", "karim"))
        kept, untouched = badge(public, mine), badge(public, other)
        end(database, world, mine, state, PUBLIC)
        assert is_revoked(public, kept)
        assert proven(public, kept), "it was signed, and it ended: both stay true"
        assert not is_revoked(public, untouched)
        answer = public.get(f"{API}/certificates/{mine}/credential")
        assert (answer.status_code, answer.json()["code"]) == (409, "certificate_not_valid")

    def test_what_ended_before_the_list_was_made_is_in_it(
        self, public: TestClient, database: Database, world: World
    ) -> None:
        mine, other = (issued(public, database, world, who) for who in ("maude", "karim"))
        end(database, world, mine, CertificateState.REVOKED, PUBLIC)
        status = badge(public, other)["credentialStatus"]
        listed = stranger(public, "/colleges/alma/statuts/0").json()
        assert is_ended(listed["credentialSubject"]["encodedList"], mine)
        assert not is_ended(listed["credentialSubject"]["encodedList"], int(status["statusListIndex"]))

    def test_two_that_end_at_once_are_both_said(self, public: TestClient, database: Database, world: World) -> None:
        ids = [issued(public, database, world, who) for who in ("maude", "karim")]
        kept = [badge(public, id_) for id_ in ids]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda id_: end(database, world, id_, CertificateState.REVOKED, PUBLIC), ids))
        assert [is_revoked(public, one) for one in kept] == [True, True]

    def test_programs_may_keep_it_five_minutes(self, public: TestClient, database: Database, world: World) -> None:
        badge(public, issued(public, database, world))
        for path in ("/colleges/alma/statuts/0", "/colleges/alma/did.json"):
            answer = stranger(public, path)
            assert answer.headers["cache-control"] == "public, max-age=300"
            assert answer.headers["access-control-allow-origin"] == "*"

    @pytest.mark.parametrize(
        "path",
        [
            "/colleges/alma/statuts/1", "/colleges/alma/statuts/-1", "/colleges/alma/statuts/99999999999",
            "/colleges/alma/statuts/x", "/colleges/nulle-part/statuts/0", "/colleges/nulle-part/did.json",
            "/colleges/rouyn/did.json",
        ],
    )  # fmt: skip
    def test_what_is_not_there_is_not_found(
        self, public: TestClient, database: Database, world: World, path: str
    ) -> None:
        badge(public, issued(public, database, world))
        assert stranger(public, path).status_code == 404


@pytest.mark.usefixtures("ready")
class TestKeys:
    @pytest.mark.parametrize("where", ["here", "public"])
    def test_what_a_retired_key_signed_goes_on_holding(
        self, request: pytest.FixtureRequest, client: TestClient, database: Database, world: World, where: str
    ) -> None:
        if where == "public":
            request.getfixturevalue("public")
        before = badge(client, issued(client, database, world))
        with database.as_owner() as db:
            assert college_keys.rotate(db, RING, "alma").name == "cle-2"
            assert [k.retired_at is None for k in college_keys.keys_of(db, "alma")] == [False, True]
        after = badge(client, issued(client, database, world, "karim"))
        methods = [one["proof"][0]["verificationMethod"] for one in (before, after)]
        assert methods[0] != methods[1]
        assert proven(client, before)
        assert proven(client, after)
        assert not is_revoked(client, before)
        assert not is_revoked(client, after)
        assert len(stranger(client, "/colleges/alma/did.json").json()["verificationMethod"]) == 2

    def test_the_private_key_is_sealed_and_bound_to_its_place(
        self, client: TestClient, database: Database, world: World
    ) -> None:
        badge(client, issued(client, database, world))
        with database.as_owner() as db:
            row = db.exec(select(CollegeKey)).one()
            opened = RING.decrypt(Use.BADGE, row.private_sealed, bound=college_keys.place_of(row))
            assert opened not in row.private_sealed
            for change in ({"name": "cle-9"}, {"college_id": world.rouyn}):
                moved = row.model_copy(update=change)
                with pytest.raises(Unavailable):
                    RING.decrypt(Use.BADGE, row.private_sealed, bound=college_keys.place_of(moved))

    def test_sealing_again_keeps_the_key(self, client: TestClient, database: Database, world: World) -> None:
        badge(client, issued(client, database, world))
        turned = RING.rotated()
        with database.as_owner() as db:
            row = db.exec(select(CollegeKey)).one()
            before = RING.decrypt(Use.BADGE, row.private_sealed, bound=college_keys.place_of(row))
            assert [college_keys.reseal(db, turned) for _ in range(2)] == [1, 0]
            assert row.private_sealed.startswith("v2.")
            assert turned.decrypt(Use.BADGE, row.private_sealed, bound=college_keys.place_of(row)) == before

    def test_no_key_of_a_college_that_there_is_not(self, database: Database) -> None:
        with database.as_owner() as db:
            for ask in (college_keys.keys_of, lambda s, slug: college_keys.rotate(s, RING, slug)):
                with pytest.raises(NotFound):
                    ask(db, "nulle-part")
