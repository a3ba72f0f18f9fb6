"""Asking an issuer: what it publishes of itself, its keys, a code for an ID token. All it says may be hostile.

Each answer is small, comes soon and from the very address asked (no redirect is followed). Nothing is kept from
one visit to the next: a key that the issuer withdraws is refused at once.
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from app.identity.oidc.rules import ALGORITHMS, is_loopback, metadata_fault, usable_keys
from app.platform.errors import Forbidden, Unavailable

SECONDS = 5.0
"""Longest an issuer may take to answer one question."""
BYTES = 256 * 1024
"""Longest answer."""
VISITS = BoundedSemaphore(3)
"""Visits at once: each holds a database connection meanwhile, and a slow issuer must not hold them all."""

log = logging.getLogger("escouade.oidc")


class Refused(Forbidden):
    """What came back does not hold; ``why`` names the check for the log, people are told to start again."""

    code = "oidc_refused"

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to an issuer; ``loopback`` allows an issuer on this machine (never in production)."""

    issuer: str
    client_id: str
    secret: str
    redirect_uri: str
    loopback: bool = False


def unavailable(why: str) -> Unavailable:
    """The issuer is away, or answers so that nothing can be done with it."""
    log.warning("issuer unavailable: %s", why)
    return Unavailable("oidc_unavailable", retry_after=60)


@contextmanager
def visit() -> Iterator[None]:
    """One of the few visits at a time; refused at once when all are under way."""
    if not VISITS.acquire(blocking=False):
        raise unavailable("crowd")
    try:
        yield
    finally:
        VISITS.release()


def discover(issuer: str, *, loopback: bool) -> dict[str, Any]:
    """What the issuer publishes of itself, checked against its pinned name."""
    metadata = _published(get_well_known_url(issuer, external=True))
    fault = metadata_fault(metadata, issuer, loopback=loopback)
    if fault is not None:
        raise unavailable(fault)
    return metadata


def claims_for(client: Client, metadata: Mapping[str, Any], code: str, verifier: str) -> dict[str, Any]:
    """The claims of the ID token that a code is worth, its signature verified, nothing else yet."""
    token = _exchanged(client, metadata, code, verifier)
    for published in usable_keys(_published(metadata["jwks_uri"])):
        key = _imported(published)
        if key is None:
            continue
        try:
            return dict(jwt.decode(token, key, algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError):
            continue
    raise Refused("signature")


def _imported(published: dict[str, Any]) -> Key | None:
    try:
        return JWKRegistry.import_key(published)
    except (JoseError, ValueError, KeyError, TypeError):
        return None


def _exchanged(client: Client, metadata: Mapping[str, Any], code: str, verifier: str) -> str:
    """The ID token, still to be verified."""
    body = prepare_token_request(
        "authorization_code", code=code, redirect_uri=client.redirect_uri, code_verifier=verifier
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    # Without a word the issuer takes Basic; the other way spares its two readings of escapes in a header.
    methods = metadata.get("token_endpoint_auth_methods_supported") or ()
    if "client_secret_post" in methods:
        proof = ClientAuth(client.client_id, client.secret, "client_secret_post")
    else:
        proof = ClientAuth(quote(client.client_id, safe=""), quote(client.secret, safe=""), "client_secret_basic")
    address, headers, body = proof.prepare("POST", metadata["token_endpoint"], headers, body)
    status, answer = _ask("POST", address, headers=headers, content=body)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise unavailable(f"token endpoint {status}")
    token = answer.get("id_token") if status == HTTPStatus.OK else None
    if not isinstance(token, str):
        raise Refused(f"code {status}")
    return token


def _published(address: str) -> dict[str, Any]:
    status, answer = _ask("GET", address)
    if status != HTTPStatus.OK:
        raise unavailable(f"status {status}")
    return answer


def _ask(
    method: str, address: str, *, headers: Mapping[str, str] | None = None, content: str = ""
) -> tuple[int, dict[str, Any]]:
    """``(status, JSON object)``; a deadline for the whole, which a slow drip of bytes does not move."""
    until = time.monotonic() + SECONDS
    asked = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
    body = bytearray()
    try:
        with (
            # A proxy of the environment is the way out, never the way to this machine.
            httpx.Client(timeout=SECONDS, follow_redirects=False, trust_env=not is_loopback(address)) as http,
            http.stream(method, address, headers=asked, content=content.encode()) as response,
        ):
            for piece in response.iter_raw():
                body += piece
                if len(body) > BYTES or time.monotonic() > until:
                    raise unavailable("answer too long")
        answer = json.loads(body) if body else {}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        raise unavailable(type(error).__name__) from None
    return response.status_code, answer if isinstance(answer, dict) else {}
