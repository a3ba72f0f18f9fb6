"""Two independent verifiers accept every credential, and refuse every damaged one."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient

from app.certificates.badges import college_keys
from app.certificates.badges.rules import (
    CredentialLinks,
    college_url,
    credential,
    did_document,
    did_key,
    did_web,
    status_list,
)
from app.certificates.badges.service import credential_wording
from app.certificates.enums import CertificateState
from app.platform.database.transaction import Database
from app.platform.documents.verifiable_credentials import add_proof, public_multikey
from tests.certificates.test_api import issue
from tests.certificates.test_badges import PUBLIC, end_certificate, get_anonymously, read_credential
from tests.certificates.test_badges import public as public  # noqa: PLC0414 - the fixture
from tests.conftest import RING
from tests.factories import certificates as samples
from tests.factories import eligible
from tests.factories.network import World, as_
from tests.proofs import tools

Credential: TypeAlias = dict[str, Any]
Verifier: TypeAlias = Callable[[Sequence[Credential], Mapping[str, Any]], tools.Verdicts]
VERIFIERS: tuple[Verifier, ...] = (tools.openbadgeslib, tools.digitalbazaar)
AT = datetime(2025, 6, 2, 15, 30, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MULTIKEY = public_multikey(KEY.public_key())
SLUG = "piekouagami"
LIST = college_url(PUBLIC, SLUG) + "/statuts/0"
ISSUERS = {"did:key": (did_key(MULTIKEY), MULTIKEY), "did:web": (did_web(PUBLIC, SLUG), "cle-1")}
RECORDS = {
    **samples.ALL,
    "whole_units": samples.sample(ceu="6.0"),
    "tenths_of_units": samples.sample(ceu="20.8"),
    "short": samples.sample(ceu="6.0", competencies=samples.competencies("Situer", count=1)),
}


def signed_credential(name: str, issuer: str) -> Credential:
    """Return a sample record's credential, signed by an issuer of ``ISSUERS``."""
    did, key = ISSUERS[issuer]
    place = CredentialLinks(issuer=did, site=PUBLIC, status_list=LIST, index=12)
    record = RECORDS[name].model_copy(update={"issued_on": AT.date()})
    return add_proof(credential(record, place, credential_wording(record)), KEY, method=f"{did}#{key}", at=AT)


def published_files(issuer: str, revoked: Sequence[int] = ()) -> dict[str, Any]:
    """Return the site's public files by URL: the college's DID document and its status list."""
    did, key = ISSUERS[issuer]
    list_credential = add_proof(status_list(LIST, did, revoked, at=AT), KEY, method=f"{did}#{key}", at=AT)
    document = did_document(did_web(PUBLIC, SLUG), {"cle-1": MULTIKEY})
    return {LIST: list_credential, college_url(PUBLIC, SLUG) + "/did.json": document}


CREDENTIALS = {name: json.dumps(signed_credential(name, "did:web"), ensure_ascii=False) for name in samples.ALL}


def as_received(credentials: Sequence[Credential]) -> list[Credential]:
    """Return credentials as a verifier receives them: written as JSON and read again."""
    return [json.loads(json.dumps(one)) for one in credentials]


@pytest.mark.parametrize("issuer", ISSUERS)
@pytest.mark.parametrize("verifier", VERIFIERS)
def test_every_kind_is_accepted(verifier: Verifier, issuer: str) -> None:
    verdicts = verifier(as_received([signed_credential(name, issuer) for name in RECORDS]), published_files(issuer))
    refused = {name: verdict["why"] for name, verdict in zip(RECORDS, verdicts, strict=True) if not verdict["accepted"]}
    assert refused == {}
    assert len(verdicts) == len(RECORDS)


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_changed_credential_is_refused(verifier: Verifier) -> None:
    whole = signed_credential("short", "did:web")
    damaged = [with_changed_value(whole, path) for path in value_paths(whole)]
    assert len(damaged) > 50
    verdicts = verifier([whole, *damaged], published_files("did:web"))
    assert verdicts[0]["accepted"]
    accepted = [path for path, verdict in zip(value_paths(whole), verdicts[1:], strict=True) if verdict["accepted"]]
    assert accepted == []


def value_paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every text and number of a document, its contexts aside."""
    if isinstance(value, dict):
        return [p for name, item in value.items() if name != "@context" for p in value_paths(item, (*path, name))]
    if isinstance(value, list):
        return [p for place, item in enumerate(value) for p in value_paths(item, (*path, place))]
    return [path]


def with_changed_value(whole: Credential, path: tuple[str | int, ...]) -> Credential:
    """Return a copy with one value slightly changed."""
    copy: Any = deepcopy(whole)
    parent = copy
    for step in path[:-1]:
        parent = parent[step]
    value = parent[path[-1]]
    if isinstance(value, bool):
        parent[path[-1]] = not value
    elif isinstance(value, str):
        parent[path[-1]] = value[:-1] + ("x" if value[-1] != "x" else "y")
    else:
        parent[path[-1]] = value + 1
    changed: Credential = copy
    return changed


@pytest.mark.parametrize("issuer", ISSUERS)
@pytest.mark.parametrize("verifier", VERIFIERS)
def test_revoked_credential_is_refused_and_its_neighbour_accepted(verifier: Verifier, issuer: str) -> None:
    credentials = as_received([signed_credential("sample", issuer)])
    assert verifier(credentials, published_files(issuer, revoked=[11, 13]))[0]["accepted"]
    verdict = verifier(credentials, published_files(issuer, revoked=[12]))[0]
    assert not verdict["accepted"]


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_tampered_status_list_is_refused(verifier: Verifier) -> None:
    files = published_files("did:web", revoked=[12])
    files[LIST]["credentialSubject"]["encodedList"] = published_files("did:web")[LIST]["credentialSubject"][
        "encodedList"
    ]
    assert not verifier(as_received([signed_credential("sample", "did:web")]), files)[0]["accepted"]


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_credentials_of_the_service_are_accepted(
    public: TestClient, database: Database, world: World, verifier: Verifier
) -> None:
    """Over HTTP: the credential inside the document, one signed after the key was rotated, and one revoked."""
    eligible.sign(database, world)
    eligible.achieve(database, world, "maude")
    eligible.attend(database, world, "karim")
    as_(public, database, world, "registrar")
    first = int(issue(public, world, kind="attestation_reussite")["id"])
    with pikepdf.open(io.BytesIO(public.get(f"/api/v1/certificates/{first}/pdf").content)) as file:
        embedded = json.loads(file.attachments["credential.json"].get_file().read_bytes())
    with database.as_owner() as db:
        college_keys.rotate(db, RING, "alma")
    second = read_credential(public, int(issue(public, world, "karim")["id"]))
    assert _accepted(public, verifier, embedded, second) == [True, True]
    end_certificate(database, world, first, CertificateState.REVOKED, PUBLIC)
    assert _accepted(public, verifier, embedded, second) == [False, True]


def _accepted(client: TestClient, verifier: Verifier, *credentials: Credential) -> list[bool]:
    """Return whether a verifier accepts each credential, with the site's public files."""
    files = {
        PUBLIC + path: get_anonymously(client, path).json()
        for path in ("/colleges/alma/did.json", "/colleges/alma/statuts/0")
    }
    return [verdict["accepted"] for verdict in verifier(credentials, files)]
