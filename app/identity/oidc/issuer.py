"""Requests to an OpenID Connect issuer: its metadata, its keys, a code for an ID token. No response is trusted.

Requests go through the one client of outgoing requests (``app/platform/outgoing``). Nothing is cached between
exchanges: a key that the issuer withdraws is refused at once.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from app.identity.oidc.rules import ALGORITHMS, metadata_fault, usable_keys
from app.platform.errors import Forbidden, Unavailable
from app.platform.outgoing.client import Unanswered, fetch

ISSUER_SLOTS = BoundedSemaphore(3)
"""Limit of concurrent exchanges: each holds a database connection, and a slow issuer must not hold them all."""

log = logging.getLogger("escouade.oidc")


class AnswerRefused(Forbidden):
    """An issuer's answer failed a check; ``check`` names it for the log, and the person must start again."""

    code = "oidc_refused"

    def __init__(self, check: str) -> None:
        super().__init__()
        self.check = check


@dataclass(frozen=True, slots=True)
class Client:
    """Our registration at an issuer; ``loopback`` allows an issuer on this machine (never in production)."""

    issuer: str
    client_id: str
    secret: str
    redirect_uri: str
    loopback: bool = False


def unavailable(cause: str) -> Unavailable:
    """Log the cause and return the error for an issuer that is down, or whose response is unusable."""
    log.warning("issuer unavailable: %s", cause)
    return Unavailable("oidc_unavailable", retry_after=60)


@contextmanager
def issuer_slot() -> Iterator[None]:
    """Hold one of the few slots for an exchange with an issuer; raise ``Unavailable`` when all are taken."""
    if not ISSUER_SLOTS.acquire(blocking=False):
        raise unavailable("too many exchanges at once")
    try:
        yield
    finally:
        ISSUER_SLOTS.release()


def discover(issuer: str, *, loopback: bool) -> dict[str, Any]:
    """Return the issuer's metadata, checked against its pinned name (OIDC Discovery 1.0, section 4)."""
    metadata = _fetch_json(get_well_known_url(issuer, external=True), loopback=loopback)
    fault = metadata_fault(metadata, issuer, loopback=loopback)
    if fault is not None:
        raise unavailable(fault)
    return metadata


def fetch_claims(client: Client, metadata: Mapping[str, Any], code: str, verifier: str) -> dict[str, Any]:
    """Return the claims of the ID token that a code is exchanged for; only its signature is verified."""
    token = _exchange_code(client, metadata, code, verifier)
    for jwk in usable_keys(_fetch_json(metadata["jwks_uri"], loopback=client.loopback)):
        key = _import_key(jwk)
        if key is None:
            continue
        try:
            return dict(jwt.decode(token, key, algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError):
            continue
    raise AnswerRefused("signature")


def _import_key(jwk: dict[str, Any]) -> Key | None:
    """Return the key, or ``None`` when it cannot be used."""
    try:
        return JWKRegistry.import_key(jwk)
    except (JoseError, ValueError, KeyError, TypeError):
        return None


def _exchange_code(client: Client, metadata: Mapping[str, Any], code: str, verifier: str) -> str:
    """Return the ID token of a code, not verified yet."""
    body = prepare_token_request(
        "authorization_code", code=code, redirect_uri=client.redirect_uri, code_verifier=verifier
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    # Basic is the default (OIDC Discovery 3); client_secret_post avoids the two ways issuers unescape a header.
    methods = metadata.get("token_endpoint_auth_methods_supported") or ()
    if "client_secret_post" in methods:
        auth = ClientAuth(client.client_id, client.secret, "client_secret_post")
    else:
        auth = ClientAuth(quote(client.client_id, safe=""), quote(client.secret, safe=""), "client_secret_basic")
    address, headers, body = auth.prepare("POST", metadata["token_endpoint"], headers, body)
    status, answer = _request(address, method="POST", headers=headers, content=body, loopback=client.loopback)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise unavailable(f"token endpoint {status}")
    token = answer.get("id_token") if status == HTTPStatus.OK else None
    if not isinstance(token, str):
        raise AnswerRefused(f"code {status}")
    return token


def _fetch_json(address: str, *, loopback: bool) -> dict[str, Any]:
    """Return the JSON object at an address; raise ``Unavailable`` for any status but 200."""
    status, answer = _request(address, loopback=loopback)
    if status != HTTPStatus.OK:
        raise unavailable(f"status {status}")
    return answer


def _request(
    address: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, content: str = "", loopback: bool
) -> tuple[int, dict[str, Any]]:
    """Return ``(status, JSON object)``, empty for other JSON; raise ``Unavailable`` without a usable response."""
    try:
        answer = fetch(
            method,
            address,
            headers={"Accept": "application/json", **(headers or {})},
            content=content.encode(),
            loopback=loopback,
        )
        document = json.loads(answer.body) if answer.body else {}
    except (Unanswered, ValueError, RecursionError) as error:
        raise unavailable(type(error).__name__) from None
    return answer.status, document if isinstance(document, dict) else {}
