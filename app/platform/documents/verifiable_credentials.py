"""Verifiable credentials: signing and verification with Data Integrity proofs (``eddsa-rdfc-2022``), off line.

A credential is a JSON-LD document; its RDF in canonical form (RDFC-1.0) is signed, so that the order of members does
not matter. Contexts are local files: an unknown one is refused without network access. Sources: W3C VC Data Model 2.0,
VC Data Integrity 1.0, Data Integrity EdDSA Cryptosuites 1.0 (3.2), Multikey.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import base58
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

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
    """Return the credential with its proof (an array of one, as the Open Badges schema requires).

    ``method`` is the DID URL of the public key, ``at`` an aware moment. Raise ``UnknownContext`` for a context that
    is not local, ``ValueError`` for a member that no context defines: it would not be signed.
    """
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    value = multibase(key.sign(_signed_bytes(credential, proof)))
    return {**credential, "proof": [{**proof, "proofValue": value}]}


def verify(document: Document, key: Ed25519PublicKey) -> bool:
    """Return whether the document has exactly one proof, made over it by the key."""
    proofs = document.get("proof")
    if not isinstance(proofs, list) or len(proofs) != 1:
        return False
    proof = dict(proofs[0])
    value = str(proof.pop("proofValue", ""))
    if proof.get("cryptosuite") != "eddsa-rdfc-2022" or not value.startswith("z"):
        return False
    bare = {name: member for name, member in document.items() if name != "proof"}
    try:
        key.verify(base58.b58decode(value[1:]), _signed_bytes(bare, proof))
    except (InvalidSignature, ValueError):
        return False
    return True


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
    _refuse_relative(processor.expand(plain, {"documentLoader": _load, "base": RELATIVE_BASE}))
    return str(processor.normalize(plain, options)).encode()


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
