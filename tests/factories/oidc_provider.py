"""An OpenID provider on loopback whose responses a test may alter, and a browser's sign-in through one.

It checks what a real one checks (client secret, single use of codes, PKCE, redirect address), so that the application
refuses a response only for the reason that the test gives.
"""

import base64
import hashlib
import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import select

from app.identity.account.models import Account
from app.identity.oidc.models import OidcIdentity
from app.platform.clock import now
from app.platform.database.session import open_credentials
from app.platform.database.transaction import Database
from tests.factories.network import World, token
from tests.factories.oidc_keys import EC, RSA, Claims, signed

CLIENT, SECRET = "escouade-essai", "un secret d'essai: +/= %"
Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class Provider:
    """The provider's state; ``bend`` makes the token from valid claims, ``replies`` replaces the response of a path."""

    issuer: str = ""
    subject: str = "s-1"
    extra: Claims = field(default_factory=dict)
    bend: Callable[[Claims], str] = signed
    replies: dict[str, Answer] = field(default_factory=dict)
    metadata: Claims = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    auth_header: str = ""

    def describe(self) -> Claims:
        """Return its metadata."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + "/authorize?lieu=essai",
            "token_endpoint": self.issuer + "/token",
            "jwks_uri": self.issuer + "/jwks",
            **self.metadata,
        }

    def keys(self) -> Claims:
        """Return its public keys, among invalid ones."""
        odd = [{"kty": "RSA", "n": "!!" * 200, "e": "AQAB"}, {"kty": "EC", "crv": "P-9", "x": "a", "y": "b"}, "x"]
        return {"keys": [*odd, RSA.as_dict(private=False), EC.as_dict(private=False)]}

    def authorize(self, query: dict[str, str]) -> str:
        """Authorise as the subject; return the address to which the browser is redirected."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"], "session_state": "x"})

    def token(self, form: dict[str, str], header: str) -> tuple[int, Claims]:
        """Return an ID token for a code, once, to the client that it was issued to."""
        self.auth_header = header
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        proof = (
            form.get("client_secret") == SECRET
            or header
            == "Basic " + base64.b64encode(f"{CLIENT}:un%20secret%20d%27essai%3A%20%2B%2F%3D%20%25".encode()).decode()
        )
        fine = (
            asked is not None
            and proof
            and asked["code_challenge"] == challenge.decode()
            and asked["code_challenge_method"] == "S256"
            and asked["redirect_uri"] == form["redirect_uri"]
        )
        if asked is None or not fine:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": self.subject, "aud": CLIENT, "exp": now + 300, "iat": now,
            "nonce": asked["nonce"], **self.extra,
        }  # fmt: skip
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.bend(claims)}


@contextmanager
def serving() -> Iterator[Provider]:
    """Yield a provider on a free loopback port."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        """The handler of the provider's four addresses."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path in provider.replies:
                self.answer(*provider.replies[parts.path])
            elif parts.path == "/authorize":
                query = {k: v[0] for k, v in parse_qs(parts.query).items()}
                self.answer(302, {"Location": provider.authorize(query)}, b"")
            elif parts.path == "/jwks":
                self.json(200, provider.keys())
            else:
                self.json(200, provider.describe())

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            if self.path in provider.replies:
                self.answer(*provider.replies[self.path])
                return
            form = {k: v[0] for k, v in parse_qs(body, strict_parsing=True).items()}
            self.json(*provider.token(form, self.headers.get("Authorization", "")))

        def json(self, status: int, document: Claims) -> None:
            self.answer(status, {"Content-Type": "application/json"}, json.dumps(document).encode())

        def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        """A server that does not report clients that disconnect during a long response."""

        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Log nothing."""

    server = Server(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def mock_provider(*users: Claims) -> Iterator[str]:
    """Yield the issuer of a third-party provider (``oidc-provider-mock``), in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = [word for user in users for word in ("--user-claims", json.dumps(user))]
    command = [sys.executable, "-m", "oidc_provider_mock", "-p", str(port), "-r", "true", "-n", "true", *flags]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        issuer = f"http://127.0.0.1:{port}"
        try:
            _await(issuer, process)
            yield issuer
        finally:
            process.terminate()
            process.wait(10)


def _await(issuer: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert process.poll() is None, "the provider stopped"
        try:
            httpx.get(issuer + "/jwks", trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the provider does not answer")


# In our own site --------------------------------------------------------------------------------


def offered(
    client: TestClient,
    database: Database,
    world: World,
    issuer: str,
    *,
    client_id: str = CLIENT,
    secret: str = SECRET,
    label: str = "Alma",
) -> int:
    """Add an issuer as the registrar of Alma; return the provider's id."""
    answer = client.post(
        f"/api/v1/colleges/{world.alma}/oidc-providers",
        json={"label": label, "issuer": issuer, "client_id": client_id, "client_secret": secret},
        headers={"Authorization": f"Bearer {token(database, world, 'registrar')}"},
    )
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def linked(database: Database, world: World, who: str, issuer: str, subject: str = "s-1") -> None:
    """Link someone's account to a subject of an issuer."""
    with database.transaction() as db:
        account = db.exec(select(Account.id).where(Account.person_id == world.people[who])).one()
        open_credentials(db, account)
        row = OidcIdentity(account_id=account, issuer=issuer, subject=subject, linked_at=now())
        db.add(row)


# A browser's walk -------------------------------------------------------------------------------


def departed(page: Response) -> str:
    """Return the address that the page of departure redirects to."""
    assert page.status_code == 200, page.text
    delay, _, address = page.headers["refresh"].partition(";url=")
    assert delay == "0"
    return address


def returned(address: str, **form: str) -> str:
    """Authenticate at the provider; return the path and query that the browser is redirected to."""
    call = httpx.post(address, data=form, trust_env=False) if form else httpx.get(address, trust_env=False)
    assert call.status_code in {302, 303}, call.text
    back = urlsplit(call.headers["location"])
    return f"{back.path}?{back.query}"


def walk(client: TestClient, provider_id: int, suite: str = "/") -> Response:
    """Sign in through a provider, from the button to the response of the callback."""
    page = client.post(f"/connexion/oidc/{provider_id}", params={"suite": suite})
    return client.get(returned(departed(page)))
