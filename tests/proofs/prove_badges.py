"""Every credential is an Open Badge to two programs that know nothing of us, and no damaged one is."""

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
    Place,
    college_address,
    credential,
    did_document,
    did_key,
    did_web,
    status_list,
)
from app.certificates.badges.service import wording
from app.certificates.enums import CertificateState
from app.platform.database.transaction import Database
from app.platform.documents.verifiable_credentials import public_multikey, signed
from tests.certificates.test_api import issue
from tests.certificates.test_badges import PUBLIC, badge, end, stranger
from tests.conftest import RING
from tests.factories import certificates as samples
from tests.factories import eligible as story
from tests.factories.network import World, as_
from tests.proofs import tools

Credential: TypeAlias = dict[str, Any]
Verifier: TypeAlias = Callable[[Sequence[Credential], Mapping[str, Any]], tools.Verdicts]
VERIFIERS: tuple[Verifier, ...] = (tools.openbadgeslib, tools.digitalbazaar)
AT = datetime(2025, 6, 2, 15, 30, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MULTIKEY = public_multikey(KEY.public_key())
SLUG = "piekouagami"
LIST = college_address(PUBLIC, SLUG) + "/statuts/0"
ISSUERS = {"did:key": (did_key(MULTIKEY), MULTIKEY), "did:web": (did_web(PUBLIC, SLUG), "cle-1")}
RECORDS = {
    **samples.ALL,
    "whole_units": samples.sample(ceu="6.0"),
    "tenths_of_units": samples.sample(ceu="20.8"),
    "short": samples.sample(ceu="6.0", competencies=samples.competencies("Situer", count=1)),
}


def made(name: str, issuer: str) -> Credential:
    """A record's credential, by a name of the college."""
    did, key = ISSUERS[issuer]
    place = Place(issuer=did, site=PUBLIC, status_list=LIST, index=12)
    record = RECORDS[name].model_copy(update={"issued_on": AT.date()})
    return signed(credential(record, place, wording(record)), KEY, method=f"{did}#{key}", at=AT)


def web(issuer: str, revoked: Sequence[int] = ()) -> dict[str, Any]:
    """What the site shows: the college's keys and its list."""
    did, key = ISSUERS[issuer]
    listed = signed(status_list(LIST, did, revoked, at=AT), KEY, method=f"{did}#{key}", at=AT)
    document = did_document(did_web(PUBLIC, SLUG), {"cle-1": MULTIKEY})
    return {LIST: listed, college_address(PUBLIC, SLUG) + "/did.json": document}


CREDENTIALS = {name: json.dumps(made(name, "did:web"), ensure_ascii=False) for name in samples.ALL}


def sent(credentials: Sequence[Credential]) -> list[Credential]:
    """As they leave the service: text, read again."""
    return [json.loads(json.dumps(one)) for one in credentials]


@pytest.mark.parametrize("issuer", ISSUERS)
@pytest.mark.parametrize("verifier", VERIFIERS)
def test_every_kind_is_accepted(verifier: Verifier, issuer: str) -> None:
    found = verifier(sent([made(name, issuer) for name in RECORDS]), web(issuer))
    refused = {name: said["why"] for name, said in zip(RECORDS, found, strict=True) if not said["accepted"]}
    assert refused == {}
    assert len(found) == len(RECORDS)


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_no_member_can_change(verifier: Verifier) -> None:
    whole = made("short", "did:web")
    damaged = [changed(whole, path) for path in members(whole)]
    assert len(damaged) > 50
    found = verifier([whole, *damaged], web("did:web"))
    assert found[0]["accepted"]
    accepted = [path for path, said in zip(members(whole), found[1:], strict=True) if said["accepted"]]
    assert accepted == []


def members(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The place of every text and number of a document, its contexts aside."""
    if isinstance(value, dict):
        return [p for name, item in value.items() if name != "@context" for p in members(item, (*path, name))]
    if isinstance(value, list):
        return [p for place, item in enumerate(value) for p in members(item, (*path, place))]
    return [path]


def changed(whole: Credential, path: tuple[str | int, ...]) -> Credential:
    """The same with one value slightly other."""
    found: Any = deepcopy(whole)
    place = found
    for step in path[:-1]:
        place = place[step]
    value = place[path[-1]]
    if isinstance(value, bool):
        place[path[-1]] = not value
    elif isinstance(value, str):
        place[path[-1]] = value[:-1] + ("x" if value[-1] != "x" else "y")
    else:
        place[path[-1]] = value + 1
    copy: Credential = found
    return copy


@pytest.mark.parametrize("issuer", ISSUERS)
@pytest.mark.parametrize("verifier", VERIFIERS)
def test_one_that_ended_is_refused_and_its_neighbour_is_not(verifier: Verifier, issuer: str) -> None:
    one = sent([made("sample", issuer)])
    assert verifier(one, web(issuer, revoked=[11, 13]))[0]["accepted"]
    said = verifier(one, web(issuer, revoked=[12]))[0]
    assert not said["accepted"]


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_a_list_that_nobody_signed_is_not_believed(verifier: Verifier) -> None:
    shown = web("did:web", revoked=[12])
    shown[LIST]["credentialSubject"]["encodedList"] = web("did:web")[LIST]["credentialSubject"]["encodedList"]
    assert not verifier(sent([made("sample", "did:web")]), shown)[0]["accepted"]


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_what_the_service_gives_is_accepted(
    public: TestClient, database: Database, world: World, verifier: Verifier
) -> None:
    """From the decision to the wallet, over HTTP: inside the document, after the key was replaced, and once revoked."""
    story.sign(database, world)
    story.achieve(database, world, "maude")
    story.attend(database, world, "karim")
    as_(public, database, world, "registrar")
    first = int(issue(public, world, kind="attestation_reussite")["id"])  # type: ignore[call-overload]
    with pikepdf.open(io.BytesIO(public.get(f"/api/v1/certificates/{first}/pdf").content)) as file:
        inside = json.loads(file.attachments["credential.json"].get_file().read_bytes())
    with database.as_owner() as db:
        college_keys.rotate(db, RING, "alma")
    second = badge(public, int(issue(public, world, "karim")["id"]))  # type: ignore[call-overload]
    assert _verdicts(public, verifier, inside, second) == [True, True]
    end(database, world, first, CertificateState.REVOKED, PUBLIC)
    assert _verdicts(public, verifier, inside, second) == [False, True]


def _verdicts(client: TestClient, verifier: Verifier, *credentials: Credential) -> list[bool]:
    shown = {
        PUBLIC + path: stranger(client, path).json() for path in ("/colleges/alma/did.json", "/colleges/alma/statuts/0")
    }
    return [said["accepted"] for said in verifier(credentials, shown)]
