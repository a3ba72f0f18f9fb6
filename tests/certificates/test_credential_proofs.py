"""The proof of a credential: what makes a verifier refuse it (VC Data Integrity 4.4, EdDSA Cryptosuites 3.2)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import base58
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.certificates.badges.rules import credential
from app.platform.documents.verifiable_credentials import add_proof, verify
from tests.certificates.test_badge_rules import AT, DID, KEY, KEYS, METHOD, PLACE, WORDS
from tests.factories import certificates as samples

Signed: TypeAlias = dict[str, Any]
UNSIGNED = credential(samples.PARTICIPATION, PLACE, WORDS)
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OTHER_METHOD = f"{DID}#1"


def signed(**changes: Any) -> Signed:
    """Return a signed credential, members of its proof changed after signing (``None`` removes one)."""
    document = add_proof(UNSIGNED, KEY, method=METHOD, at=AT)
    proof = {name: member for name, member in (document["proof"][0] | changes).items() if member is not None}
    return {**document, "proof": [proof]}


def signed_with(**options: Any) -> Signed:
    """Return a credential whose proof was made with other options, so that only its options are at fault."""
    from app.platform.documents import verifiable_credentials as module  # noqa: PLC0415

    proof = {k: v for k, v in (signed()["proof"][0] | options).items() if k != "proofValue" and v is not None}
    value = module.multibase(KEY.sign(module._signed_bytes(UNSIGNED, proof)))
    return {**UNSIGNED, "proof": [{**proof, "proofValue": value}]}


def test_verify_untouched_credential_accepts() -> None:
    assert verify(signed(), KEYS)
    assert verify(signed_with(), KEYS)


@pytest.mark.parametrize("member", ["type", "cryptosuite", "verificationMethod", "proofPurpose", "proofValue"])
def test_verify_proof_without_a_required_member_refuses(member: str) -> None:
    assert not verify(signed(**{member: None}), KEYS)
    if member not in {"type", "proofValue"}:  # without its type a proof has no RDF to sign
        assert not verify(signed_with(**{member: None}), KEYS), "signed without it, so the signature itself is right"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("cryptosuite", "eddsa-jcs-2022"),
        ("proofPurpose", "authentication"),
        ("created", "hier"),
        ("created", "2026-11-22"),
        ("previousProof", "urn:uuid:4d2e4e2a-8c5e-4f6b-9d3e-2f1a0b9c8d7e"),
    ],
)
def test_verify_proof_signed_with_a_wrong_option_refuses(member: str, value: str) -> None:
    assert not verify(signed_with(**{member: value}), KEYS)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("type", "Ed25519Signature2020"),
        ("type", 3),
        ("cryptosuite", None),
        ("proofPurpose", "assertion"),
        ("created", 7),
    ],
)
def test_verify_proof_changed_after_signing_refuses(member: str, value: object) -> None:
    assert not verify(signed(**{member: value}), KEYS)


@pytest.mark.parametrize("method", ["", "did:key:autre#0", 12, ["did:key:autre#0"], {"id": METHOD}])
def test_verify_proof_of_a_method_that_is_not_the_issuers_refuses(method: object) -> None:
    assert not verify(signed(verificationMethod=method), KEYS)


def test_verify_proof_value_that_is_no_signature_in_base_58_refuses() -> None:
    value = signed()["proof"][0]["proofValue"]
    longer = "z" + base58.b58encode(base58.b58decode(value[1:]) + bytes(32)).decode()
    for wrong in ("", "z", value[1:], "u" + value[1:], longer, value[:-1], "z0OIl", 5, ["z"]):
        assert not verify(signed(proofValue=wrong), KEYS), wrong


@pytest.mark.parametrize("proof", [None, [], "z", [None], ["z"], {}, [[]], 0])
def test_verify_document_without_a_proof_object_refuses(proof: object) -> None:
    assert not verify({**UNSIGNED, "proof": proof}, KEYS)
    assert not verify(UNSIGNED, KEYS)


def test_verify_proof_that_is_one_object_accepts() -> None:
    document = signed()
    assert verify({**document, "proof": document["proof"][0]}, KEYS)


def test_verify_proof_after_its_end_refuses() -> None:
    document = signed_with(expires="2026-12-01T00:00:00")
    end = datetime(2026, 12, 1, tzinfo=UTC)
    assert verify(document, KEYS, at=end - timedelta(seconds=1))
    assert not verify(document, KEYS, at=end)


@pytest.mark.parametrize("created", ["2026-11-20T13:00:00", "2026-11-20T13:00:00-05:00", "2025-11-20T13:00:00Z"])
def test_verify_proof_created_without_an_offset_or_long_ago_accepts(created: str) -> None:
    """A moment without its offset is one of UTC (VC Data Integrity 2.1), and a proof has no age of its own."""
    assert verify(signed_with(created=created), KEYS)


@pytest.mark.parametrize("subject", [None, {}, [], [{}], "", "titulaire", [None], [{"id": "urn:x:1"}, {}]])
def test_credential_without_a_subject_is_neither_signed_nor_accepted(subject: object) -> None:
    bare = {name: member for name, member in UNSIGNED.items() if name != "credentialSubject"}
    document = bare if subject is None else {**bare, "credentialSubject": subject}
    with pytest.raises(ValueError, match="subject"):
        add_proof(document, KEY, method=METHOD, at=AT)
    assert not verify({**document, "proof": signed()["proof"]}, KEYS)


def test_verify_set_of_proofs_accepts_only_when_each_is_right() -> None:
    both = add_proof(signed(), OTHER, method=OTHER_METHOD, at=AT)
    keys = KEYS | {OTHER_METHOD: OTHER.public_key()}
    assert len(both["proof"]) == 2
    assert verify(both, keys)
    assert not verify(both, KEYS), "the second is of a key that is not the issuer's"
    assert not verify(both, KEYS | {OTHER_METHOD: KEY.public_key()})
    assert not verify({**both, "proof": [both["proof"][0], {**both["proof"][1], "proofValue": "z" + "1" * 64}]}, keys)


CHANGES: list[Callable[[Signed], object]] = [
    lambda c: c.update(name="Autre"),
    lambda c: c["credentialSubject"].update(id="urn:x:autre"),
    lambda c: c.pop("credentialStatus"),
    lambda c: c["proof"][0].update(created="2020-01-01T00:00:00Z"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_verify_changed_credential_refuses(change: Callable[[Signed], object]) -> None:
    document = signed()
    document["credentialSubject"] = dict(document["credentialSubject"])
    change(document)
    assert not verify(document, KEYS)
