"""Verifiable credentials: signing and verification with Data Integrity proofs (``eddsa-rdfc-2022``), off line.

A credential is a JSON-LD document; its RDF in canonical form (RDFC-1.0) is signed, so that the order of members does
not matter. Contexts are local files: an unknown one is refused without network access. Sources: W3C VC Data Model 2.0,
VC Data Integrity 1.0, Data Integrity EdDSA Cryptosuites 1.0 (3.2), Multikey.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import base58
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.platform.clock import now
from app.platform.documents.document_process import in_document_process

CONTEXTS = Path(__file__).parent / "contexts"
VC = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OPEN_BADGES_MORE = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
MULTIKEY = "https://w3id.org/security/multikey/v1"
DID = "https://www.w3.org/ns/did/v1"
DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"

LOCAL = {
    VC: "credentials-v2.json",
    OPEN_BADGES: "ob-v3p0-context-3.0.3.json",
    OPEN_BADGES_MORE: "ob-v3p0-extensions.json",
    MULTIKEY: "security-multikey-v1.json",
    DATA_INTEGRITY: "security-data-integrity-v2.json",
}
"""The only contexts that a credential may use, each with its local file."""

ED25519 = b"\xed\x01"
"""Multicodec prefix of an Ed25519 public key."""

RELATIVE_BASE = "https://relative.invalid/"
"""The base of relative identifiers, which are refused."""

Document = Mapping[str, Any]


class UnknownContext(ValueError):
    """A document uses a context without a local file."""


def add_proof(credential: Document, key: Ed25519PrivateKey, *, method: str, at: datetime) -> dict[str, Any]:
    """Return the credential with its proof in an array, as the Open Badges schema requires.

    A proof that it already has is kept beside the new one (a proof set, VC Data Integrity 2.1.1). ``method`` is the
    DID URL of the public key, ``at`` an aware moment. Raise ``UnknownContext`` for a context that is not local,
    ``ValueError`` for a member that no context defines, which would not be signed, and for a credential without a
    subject, which would say nothing of anyone.
    """
    if not has_subject(credential):
        raise ValueError("a credential needs a subject")
    unsecured = {name: member for name, member in credential.items() if name != "proof"}
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    value = multibase(key.sign(_signed_bytes(unsecured, proof)))
    return {**unsecured, "proof": [*_proofs(credential), {**proof, "proofValue": value}]}


def has_subject(credential: Document) -> bool:
    """Return whether a credential has a subject, or several, each an object that is not empty (VC 2.0, 4.8)."""
    subject = credential.get("credentialSubject")
    subjects = subject if isinstance(subject, list) else [subject]
    return bool(subjects) and all(isinstance(one, Mapping) and bool(one) for one in subjects)


def verify(document: Document, keys: Mapping[str, Ed25519PublicKey], *, at: datetime | None = None) -> bool:
    """Return whether the document is a credential with a subject, and each of its proofs is made over it.

    ``keys`` are the issuer's keys that may assert, by verification method; ``at``, now by default, is compared with
    the end that a proof may have. A chain of proofs (``previousProof``) is not accepted: nothing here makes one.
    """
    unsecured = {name: member for name, member in document.items() if name != "proof"}
    proofs = list(_proofs(document))
    moment = at or now()
    return bool(proofs) and has_subject(document) and all(_is_valid(proof, unsecured, keys, moment) for proof in proofs)


def _proofs(document: Document) -> Iterator[Any]:
    """Yield the proofs of a document, which are one object or an array of them."""
    proof = document.get("proof")
    if proof is not None:
        yield from proof if isinstance(proof, list) else [proof]


def _is_valid(proof: object, unsecured: Document, keys: Mapping[str, Ed25519PublicKey], at: datetime) -> bool:
    """Return whether a proof has what a proof of assertion must have, and its signature is that of its key."""
    if not isinstance(proof, Mapping):
        return False
    required = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "proofPurpose": "assertionMethod"}
    method, value = proof.get("verificationMethod"), proof.get("proofValue")
    if any(proof.get(name) != content for name, content in required.items()) or "previousProof" in proof:
        return False
    if not isinstance(method, str) or method not in keys or not isinstance(value, str) or not value.startswith("z"):
        return False
    options = {name: member for name, member in proof.items() if name != "proofValue"}
    with suppress(InvalidSignature, ValueError):
        if "created" in proof:
            _moment(proof["created"])
        if "expires" in proof and _moment(proof["expires"]) <= at:
            return False
        keys[method].verify(base58.b58decode(value[1:]), _signed_bytes(unsecured, options))
        return True
    return False


def _moment(stamp: object) -> datetime:
    """Return the moment of an XML Schema date-time, in UTC where it has no offset; raise ``ValueError``."""
    if not isinstance(stamp, str) or "T" not in stamp:
        raise ValueError("not a date-time")
    moment = datetime.fromisoformat(stamp)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def public_multikey(key: Ed25519PublicKey) -> str:
    """Return the key in the form of ``publicKeyMultibase``."""
    return multibase(ED25519 + key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def public_key(multikey: str) -> Ed25519PublicKey:
    """Return the key of a ``publicKeyMultibase``; raise ``ValueError`` for anything but an Ed25519 key."""
    raw = base58.b58decode(multikey.removeprefix("z"))
    if not multikey.startswith("z") or not raw.startswith(ED25519):
        raise ValueError("not an Ed25519 Multikey")
    return Ed25519PublicKey.from_public_bytes(raw.removeprefix(ED25519))


def multibase(raw: bytes) -> str:
    """Return bytes in multibase: the prefix ``z``, then base 58 with Bitcoin's alphabet."""
    return "z" + str(base58.b58encode(raw), "ascii")


def _signed_bytes(document: Document, proof: Document) -> bytes:
    """Return the signed bytes: the digests of the proof's options and of the document (vc-di-eddsa 3.2.4)."""
    return in_document_process(_digests, document, proof)


def _digests(document: Document, proof: Document) -> bytes:
    options = {"@context": document["@context"], **proof}
    return sha256(_canonical(options)).digest() + sha256(_canonical(document)).digest()


def _canonical(document: Document) -> bytes:
    """Return the document's RDF in canonical N-Quads; raise for a member without RDF: it would not be signed."""
    from pyld import jsonld  # noqa: PLC0415 - half a second, where a credential is made

    processor = jsonld.JsonLdProcessor(on_property_dropped=_refuse_undefined)
    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": _load,
        "base": RELATIVE_BASE,
    }
    plain = json.loads(json.dumps(document))
    try:
        _refuse_relative(processor.expand(plain, {"documentLoader": _load, "base": RELATIVE_BASE}))
        return str(processor.normalize(plain, options)).encode()
    except jsonld.JsonLdError as error:  # the library's wraps ours, and no other process could read it
        cause = error.__cause__
        raise cause if isinstance(cause, UnknownContext) else ValueError(str(error)) from None


def _refuse_relative(node: object) -> None:
    """Raise ``ValueError`` for a relative identifier or type: the conversion to RDF would drop it."""
    if isinstance(node, list):
        for item in node:
            _refuse_relative(item)
    elif isinstance(node, dict):
        identifiers = [node["@id"]] if "@id" in node else []
        for name in [*identifiers, *(node.get("@type", []) if "@value" not in node else [])]:
            if name.startswith(RELATIVE_BASE):
                raise ValueError(f"{name} is defined by no context")
        for item in node.values():
            _refuse_relative(item)


def _refuse_undefined(name: object) -> None:
    raise ValueError(f"{name} is defined by no context")


def _load(address: str, _options: object) -> dict[str, object]:
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": address,
        "document": _context(address),
    }


@cache
def _context(address: str) -> Any:  # noqa: ANN401 - JSON
    if address not in LOCAL:
        raise UnknownContext(address)
    return json.loads((CONTEXTS / LOCAL[address]).read_text(encoding="utf-8"))
