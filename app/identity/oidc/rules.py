"""Pure rules of OpenID Connect: which addresses, metadata, keys and tokens are good (OIDC Core 1.0, RFC 8725).

A rule answers with the word of the first thing that is wrong, for the log; ``None`` when nothing is.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signatures by a key that only the issuer has: never ``none``, never one that its public key could make."""
KEY_KINDS = frozenset({"RSA", "EC"})
MOST_KEYS = 20
RSA_BYTES = 256
"""Shortest RSA modulus, in bytes (2048 bits, NIST SP 800-131A)."""
LEEWAY = timedelta(seconds=60)
"""How far two clocks may be apart."""
MOST_SECONDS = 2**53
"""Beyond, a number of seconds is no moment (and JSON here knows infinity)."""
FLOW_LASTS = timedelta(minutes=10)
MAX_SUBJECT = 255
"""Longest ``sub``, in characters (OIDC Core 2)."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
TENANT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token of one flow must say."""

    issuer: str
    client_id: str
    nonce: str


def is_loopback(address: str) -> bool:
    """Whether an address leads to this very machine."""
    return (urlsplit(address).hostname or "") in LOOPBACK


def is_safe_address(address: object, *, loopback: bool) -> bool:
    """An absolute address that nobody on the way can change: over TLS, or (``loopback``) of this machine."""
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
    """An issuer's identifier: a safe address without a query (OIDC Discovery 1.0, section 3)."""
    return is_safe_address(address, loopback=loopback) and "?" not in address


def metadata_fault(metadata: Mapping[str, Any], issuer: str, *, loopback: bool) -> str | None:
    """What is wrong with what an issuer publishes of itself.

    Its endpoints may be on other hosts (large issuers do so): what vouches for them is that this document came from
    the pinned issuer and says so, hence only their safety is asked here.
    """
    if metadata.get("issuer") != issuer:
        return "metadata_issuer"
    wrong = (name for name in ENDPOINTS if not is_safe_address(metadata.get(name), loopback=loopback))
    return next(wrong, None)


def usable_keys(published: object) -> list[dict[str, Any]]:
    """The keys of a JWK set that may have signed a token: public, of our kinds, long enough, meant for it."""
    keys = published.get("keys") if isinstance(published, dict) else None
    found = [key for key in keys if isinstance(key, dict) and _signs(key)] if isinstance(keys, list) else []
    return found[:MOST_KEYS]


def _signs(key: Mapping[str, Any]) -> bool:
    modulus = key.get("n")
    long_enough = key.get("kty") != "RSA" or (isinstance(modulus, str) and len(modulus) * 3 // 4 >= RSA_BYTES)
    return (
        key.get("kty") in KEY_KINDS
        and key.get("use", "sig") == "sig"
        and key.get("alg", ALGORITHMS[0]) in ALGORITHMS
        and long_enough
    )


def token_fault(claims: Mapping[str, Any], expected: Expected, at: datetime) -> str | None:
    """The first claim of a verified ID token that does not hold (OIDC Core 3.1.3.7), or ``None``.

    The nonce is always asked for and compared here, whatever the token says of its support for one.
    """
    holds = {
        "iss": claims.get("iss") == expected.issuer,
        "tid": _is_of_tenant(claims.get("tid"), expected.issuer),
        "aud": _is_for(claims, expected.client_id),
        "nonce": _is_nonce(claims.get("nonce"), expected.nonce),
        "exp": (ends := _moment(claims.get("exp"))) is not None and at.timestamp() < ends + LEEWAY.total_seconds(),
        "nbf": "nbf" not in claims or _has_begun(claims["nbf"], at),
        "iat": _has_begun(claims.get("iat"), at),
        "sub": isinstance(claims.get("sub"), str) and _is_subject(claims["sub"]),
    }
    return next((name for name, holding in holds.items() if not holding), None)


def _is_of_tenant(tenant: object, issuer: str) -> bool:
    """Where the issuer's address names a tenant (Entra), a ``tid`` must be that one."""
    named = TENANT.search(urlsplit(issuer).path)
    return tenant is None or named is None or tenant == named[1]


def _is_for(claims: Mapping[str, Any], client_id: str) -> bool:
    """Made for us; with several audiences, at our own request (``azp``)."""
    audience = claims.get("aud")
    several: Sequence[object] = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp", client_id if len(several) == 1 else None)
    return client_id in several and bool(party == client_id)


def _is_nonce(sent: object, expected: str) -> bool:
    return isinstance(sent, str) and hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())


def _moment(value: object) -> float | None:
    """Seconds since 1970; ``None`` for what is no moment."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) < MOST_SECONDS else None


def _has_begun(value: object, at: datetime) -> bool:
    moment = _moment(value)
    return moment is not None and moment <= at.timestamp() + LEEWAY.total_seconds()


def _is_subject(subject: str) -> bool:
    return 0 < len(subject) <= MAX_SUBJECT and subject.isprintable()
