"""Verifiable credentials: the proof covers the whole document, by one key, without network access."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.platform.documents.verifiable_credentials import (
    CONTEXTS,
    LOCAL,
    OPEN_BADGES,
    OPEN_BADGES_MORE,
    VC,
    UnknownContext,
    add_proof,
    public_multikey,
    verify,
)

AT = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = public_multikey(KEY.public_key())
METHOD = f"did:key:{PUBLIC}#{PUBLIC}"
KEYS = {METHOD: KEY.public_key()}
BARE: dict[str, Any] = {
    "@context": [VC, OPEN_BADGES, OPEN_BADGES_MORE],
    "id": "urn:uuid:0b1c1a2e-8d0f-4f39-9d0b-6d1f7b1f6f10",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": f"did:key:{PUBLIC}", "type": ["Profile"], "name": "Cégep d’essai"},
    "name": "Attestation",
    "validFrom": "2026-11-22T05:00:00Z",
    "credentialSubject": {"type": ["AchievementSubject"], "activityStartDate": "2026-01-05T05:00:00Z"},
}


def test_signed_document_verifies_whatever_the_order_of_its_members() -> None:
    document = add_proof(BARE, KEY, method=METHOD, at=AT)
    assert verify(document, KEYS)
    reordered = json.loads(json.dumps(dict(reversed(document.items()))))
    assert verify(reordered, KEYS)


def test_signature_is_deterministic() -> None:
    assert add_proof(BARE, KEY, method=METHOD, at=AT) == add_proof(BARE, KEY, method=METHOD, at=AT)


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
def test_altered_document_does_not_verify(path: tuple[str | int, ...], value: str) -> None:
    document: Any = json.loads(json.dumps(add_proof(BARE, KEY, method=METHOD, at=AT)))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not verify(document, KEYS)


def test_other_key_or_missing_proof_does_not_verify() -> None:
    document = add_proof(BARE, KEY, method=METHOD, at=AT)
    assert not verify(document, {METHOD: Ed25519PrivateKey.generate().public_key()})
    assert not verify(document, {})
    assert not verify(BARE, KEYS)


@pytest.mark.parametrize(
    "change", [{"remarque": "x"}, {"type": ["VerifiableCredential", "Inconnu"]}, {"issuer": {"id": "relatif"}}]
)
def test_member_outside_the_contexts_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"context|property|relative"):
        add_proof({**BARE, **change}, KEY, method=METHOD, at=AT)


def test_unknown_context_is_refused_without_fetching_it() -> None:
    with pytest.raises(UnknownContext, match=r"example\.org"):
        add_proof({**BARE, "@context": [VC, "https://example.org/contexte"]}, KEY, method=METHOD, at=AT)


def test_every_context_has_its_file() -> None:
    for name in LOCAL.values():
        assert "@context" in json.loads((CONTEXTS / name).read_text(encoding="utf-8"))
