"""Signing credentials: what is signed is all of the document, by one key, and nothing is fetched."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyld.jsonld import JsonLdError

from app.platform.documents.verifiable_credentials import (
    CONTEXTS,
    LOCAL,
    OPEN_BADGES,
    OPEN_BADGES_MORE,
    VC,
    holds,
    public_multikey,
    signed,
)

AT = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = public_multikey(KEY.public_key())
METHOD = f"did:key:{PUBLIC}#{PUBLIC}"
BARE: dict[str, Any] = {
    "@context": [VC, OPEN_BADGES, OPEN_BADGES_MORE],
    "id": "urn:uuid:0b1c1a2e-8d0f-4f39-9d0b-6d1f7b1f6f10",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": f"did:key:{PUBLIC}", "type": ["Profile"], "name": "Cégep d’essai"},
    "name": "Attestation",
    "validFrom": "2026-11-22T05:00:00Z",
    "credentialSubject": {"type": ["AchievementSubject"], "activityStartDate": "2026-01-05T05:00:00Z"},
}


def test_a_signed_document_holds_whatever_the_order_of_its_members() -> None:
    found = signed(BARE, KEY, method=METHOD, at=AT)
    assert holds(found, KEY.public_key())
    turned = json.loads(json.dumps(dict(reversed(found.items()))))
    assert holds(turned, KEY.public_key())


def test_the_same_document_is_signed_the_same() -> None:
    assert signed(BARE, KEY, method=METHOD, at=AT) == signed(BARE, KEY, method=METHOD, at=AT)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), "Autre"),
        (("issuer", "name"), "Autre"),
        (("issuer", "id"), "did:key:z6MkAutre"),
        (("validFrom",), "2026-11-23T05:00:00Z"),
        (("credentialSubject", "activityStartDate"), "2025-01-05T05:00:00Z"),
        (("proof", 0, "created"), "2026-11-23T15:30:00Z"),
        (("proof", 0, "verificationMethod"), "did:key:z6MkAutre#z6MkAutre"),
        (("proof", 0, "proofPurpose"), "authentication"),
        (("proof", 0, "proofValue"), "z3"),
    ],
)
def test_no_part_of_it_can_change(path: tuple[str | int, ...], value: str) -> None:
    found: Any = json.loads(json.dumps(signed(BARE, KEY, method=METHOD, at=AT)))
    place = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not holds(found, KEY.public_key())


def test_another_key_or_no_proof_or_two_do_not_hold() -> None:
    found = signed(BARE, KEY, method=METHOD, at=AT)
    assert not holds(found, Ed25519PrivateKey.generate().public_key())
    assert not holds(BARE, KEY.public_key())
    assert not holds({**found, "proof": found["proof"] * 2}, KEY.public_key())
    assert not holds({**found, "proof": found["proof"][0]}, KEY.public_key())


@pytest.mark.parametrize(
    "change", [{"remarque": "x"}, {"type": ["VerifiableCredential", "Inconnu"]}, {"issuer": {"id": "relatif"}}]
)
def test_what_would_not_be_signed_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, JsonLdError)):
        signed({**BARE, **change}, KEY, method=METHOD, at=AT)


def test_a_context_from_elsewhere_is_not_fetched() -> None:
    with pytest.raises(JsonLdError):
        signed({**BARE, "@context": [VC, "https://example.org/contexte"]}, KEY, method=METHOD, at=AT)


def test_all_contexts_are_here() -> None:
    for name in LOCAL.values():
        assert "@context" in json.loads((CONTEXTS / name).read_text(encoding="utf-8"))
