"""Pure rules of OpenID Connect: which addresses, metadata, keys and tokens are valid (OIDC Core 1.0, RFC 8725).

A rule returns the name of the first failed check, for the log; ``None`` when all pass.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Asymmetric signatures only: never ``none``, never an HMAC that the public key could compute."""
KEY_TYPES = frozenset({"RSA", "EC"})
MAX_KEYS = 20
RSA_BYTES = 256
"""Shortest RSA modulus, in bytes (2048 bits, NIST SP 800-131A)."""
LEEWAY = timedelta(seconds=60)
"""Largest difference allowed between two clocks."""
MAX_TIMESTAMP = 2**53
"""Larger numbers are not timestamps (Python's JSON parser accepts infinity)."""
FLOW_LIFETIME = timedelta(minutes=10)
MAX_SUBJECT = 255
"""Longest ``sub``, in characters (OIDC Core 2)."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
TENANT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ExpectedClaims:
    """What the ID token of one flow must hold."""

    issuer: str
    client_id: str
    nonce: str


def is_safe_address(address: object, *, loopback: bool) -> bool:
    """Return whether an absolute address is over TLS, or (``loopback``) on this machine."""
    if not isinstance(address, str) or not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc or "#" in address:
        return False
    return parts.scheme == "https" or (loopback and parts.scheme == "http" and parts.hostname in LOOPBACK)


def is_issuer(address: str, *, loopback: bool) -> bool:
    """Return whether an address may identify an issuer: safe, without a query (OIDC Discovery 1.0, section 3)."""
    return is_safe_address(address, loopback=loopback) and "?" not in address


def metadata_fault(metadata: Mapping[str, Any], issuer: str, *, loopback: bool) -> str | None:
    """Return what is wrong in an issuer's metadata, or ``None``.

    Its endpoints may be on other hosts, as with large issuers: the document comes from the pinned issuer and vouches
    for them, so only their safety is checked here.
    """
    if metadata.get("issuer") != issuer:
        return "metadata_issuer"
    wrong = (name for name in ENDPOINTS if not is_safe_address(metadata.get(name), loopback=loopback))
    return next(wrong, None)


def usable_keys(key_set: object) -> list[dict[str, Any]]:
    """Return the keys of a JWK set that may have signed a token: public, of our types, long enough, for signing."""
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    usable = [key for key in keys if isinstance(key, dict) and _may_sign(key)] if isinstance(keys, list) else []
    return usable[:MAX_KEYS]


def _may_sign(key: Mapping[str, Any]) -> bool:
    """Return whether a key may have signed a token."""
    modulus = key.get("n")
    long_enough = key.get("kty") != "RSA" or (isinstance(modulus, str) and len(modulus) * 3 // 4 >= RSA_BYTES)
    return (
        key.get("kty") in KEY_TYPES
        and key.get("use", "sig") == "sig"
        and key.get("alg", ALGORITHMS[0]) in ALGORITHMS
        and long_enough
    )


def token_fault(claims: Mapping[str, Any], expected: ExpectedClaims, at: datetime) -> str | None:
    """Return the first claim of a verified ID token that is wrong (OIDC Core 3.1.3.7), or ``None``.

    The nonce is always required, even if the issuer does not support one.
    """
    checks = {
        "iss": claims.get("iss") == expected.issuer,
        "tid": _is_tenant_of(claims.get("tid"), expected.issuer),
        "aud": _is_audience(claims, expected.client_id),
        "nonce": _is_nonce(claims.get("nonce"), expected.nonce),
        "exp": (ends := _timestamp(claims.get("exp"))) is not None and at.timestamp() < ends + LEEWAY.total_seconds(),
        "nbf": "nbf" not in claims or _has_begun(claims["nbf"], at),
        "iat": _has_begun(claims.get("iat"), at),
        "sub": isinstance(claims.get("sub"), str) and _is_subject(claims["sub"]),
    }
    return next((name for name, is_valid in checks.items() if not is_valid), None)


def _is_tenant_of(tenant: object, issuer: str) -> bool:
    """Return whether ``tid`` is the tenant in the issuer's address, where it names one (Microsoft Entra)."""
    issuer_tenant = TENANT.search(urlsplit(issuer).path)
    return tenant is None or issuer_tenant is None or tenant == issuer_tenant[1]


def _is_audience(claims: Mapping[str, Any], client_id: str) -> bool:
    """Return whether the token is for us; with several audiences, whether we asked for it (``azp``)."""
    audience = claims.get("aud")
    audiences: Sequence[object] = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp", client_id if len(audiences) == 1 else None)
    return client_id in audiences and bool(party == client_id)


def _is_nonce(sent: object, expected: str) -> bool:
    """Compare the nonces in constant time."""
    return isinstance(sent, str) and hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())


def _timestamp(value: object) -> float | None:
    """Return seconds since 1970, or ``None`` for a value that is not a timestamp."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) < MAX_TIMESTAMP else None


def _has_begun(value: object, at: datetime) -> bool:
    """Return whether a timestamp is past, within the leeway."""
    timestamp = _timestamp(value)
    return timestamp is not None and timestamp <= at.timestamp() + LEEWAY.total_seconds()


def _is_subject(subject: str) -> bool:
    """Return whether ``sub`` is printable and of a valid length."""
    return 0 < len(subject) <= MAX_SUBJECT and subject.isprintable()
