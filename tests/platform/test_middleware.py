"""The request middleware: hostile bodies, sizes as received, hosts, headers of every response; never a 500."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import quote

import pytest
import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response

from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Addresses, Database
from app.platform.messages import i18n as text
from app.platform.security.keyring import new_keyring
from app.platform.web.assets import asset_url
from app.platform.web.forms import form_on
from app.platform.web.middleware import BODY_BYTES, MEGABYTE
from app.platform.web.problems import problem
from tests.conftest import RING
from tests.factories.activities import row_counts
from tests.factories.forms import form_to
from tests.factories.learning import PDF
from tests.factories.network import World, as_, token

NOTHING = {"activity_completion": 0, "hand_in": 0, "field_hours": 0, "countersignature": 0}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
START = b'{"activity_code": "GEN-1.C", "body": '

HOSTILE: dict[str, tuple[bytes, int, str, str | None]] = {
    "nul": (START + rb'"a\u0000b"}', 422, "invalid", "refused_character"),
    "half a character": (START + rb'"a\ud800b"}', 422, "bad_json", "json_half_character"),
    "900 deep": (START + b"[" * 900 + b"]" * 900 + b"}", 422, "bad_json", "json_too_deep"),
    "100 000 deep": (START + b"[" * 100_000 + b"]" * 100_000 + b"}", 422, "bad_json", "json_too_deep"),
    "not a number": (START + b"NaN}", 422, "bad_json", "json_number"),
    "a key twice": (START + b'"a", "body": "b"}', 422, "bad_json", "json_duplicate"),
    "50 MB": (START + b'"' + b"a" * 50_000_000 + b'"}', 413, "too_large", None),
    "5000 digits": (START + b"1" * 5000 + b"}", 422, "bad_json", "json_number"),
}
MORE: dict[str, tuple[bytes, int, str, str | None]] = {
    "empty": (b"", 422, "invalid", "missing"),
    "byte order mark": (b"\xef\xbb\xbf{}", 422, "bad_json", "json_invalid"),
    "utf-16": ('{"body": "é"}'.encode("utf-16"), 422, "bad_json", "json_invalid"),
    "latin-1": ('{"body": "é"}'.encode("latin-1"), 422, "bad_json", "json_invalid"),
    "a raw half character": (START + b'"\xed\xa0\x80"}', 422, "bad_json", "json_invalid"),
    "half a character as a key": (rb'{"\udfff": 1}', 422, "bad_json", "json_half_character"),
    "infinity": (START + b"-Infinity}", 422, "bad_json", "json_number"),
    "overflow": (START + b"1e999}", 422, "bad_json", "json_number"),
    "33 deep": (b"[" * 33 + b"]" * 33, 422, "bad_json", "json_too_deep"),
    "32 deep": (b"[" * 32 + b"]" * 32, 422, "invalid", "model_attributes_type"),
    "4300 digits": (START + b"1" * 4300 + b"}", 422, "invalid", "string_type"),
    "two values": (b"{} {}", 422, "bad_json", "json_invalid"),
}


def is_page(answer: Response) -> bool:
    """Return whether a response is a page that shows a problem."""
    return answer.headers["content-type"].startswith("text/html") and 'role="alert"' in answer.text


@pytest.mark.parametrize("name", [*HOSTILE, *MORE])
def test_hostile_json_to_the_api_is_refused(client: TestClient, database: Database, world: World, name: str) -> None:
    content, status, code, reason = {**HOSTILE, **MORE}[name]
    as_(client, database, world, "maude")
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/hand-ins"
    answer = client.post(path, content=content, headers=JSON)
    document = answer.json()
    assert (answer.status_code, document["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert [e["code"] for e in document.get("errors", [])][:1] == ([reason] if reason else [])
    assert row_counts(database, world) == NOTHING


@pytest.mark.parametrize("media", [JSON, FORM, {"Content-Type": "text/plain"}, {}], ids=str)
def test_hostile_json_to_a_page_is_refused_as_a_page(
    client: TestClient, database: Database, world: World, media: dict[str, str]
) -> None:
    as_(client, database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C/textes"
    for name, (content, *_) in {**HOSTILE, **MORE}.items():
        answer = client.post(path, content=content, headers=media)
        assert (answer.status_code in (400, 413, 415, 422), is_page(answer)) == (True, True), name
    assert row_counts(database, world) == NOTHING


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("body=a%00b", 422),
        ("body=%ED%A0%80", 400),
        ("body=%E9", 400),
        ("body=é", 400),
        ("body=%E2%80%AE%E2%80%8B", 422),
        ("body=" + "[" * 100_000, 422),
        ("body=a&completed_at=NaN", 422),
        ("body=a&completed_at=" + "1" * 5000, 422),
        ("body=" + "a" * 50_000_000, 413),
        ("&".join(f"champ{n}=1" for n in range(10_000)), 400),
        ("&" * 10_000, 422),
        ("", 422),
    ],
    ids=lambda value: str(value)[:30],
)
def test_hostile_form_is_refused_as_a_page(
    client: TestClient, database: Database, world: World, form: str, status: int
) -> None:
    as_(client, database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C/textes"
    answer = client.post(path, content=form.encode(), headers=FORM)
    assert answer.status_code == status
    assert is_page(answer)
    assert row_counts(database, world) == NOTHING


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-16", "hex", "idna", "undefined", "rien"])
def test_form_in_another_charset_is_refused(client: TestClient, charset: str) -> None:
    media = f"multipart/form-data; boundary=x; charset={charset}"
    part = b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n\\ud800@escouade.example.com\r\n--x--\r\n'
    answer = client.post("/connexion", content=part, headers={"Content-Type": media})
    assert (answer.status_code, is_page(answer)) == (400, True)


DISPOSITION = b'Content-Disposition: form-data; name="email"'
MULTIPART_FAULTS = {
    "latin-1 text": DISPOSITION + b"\r\n\r\nzo\xe9@escouade.example.com",
    "half a character": DISPOSITION + b"\r\n\r\n\xed\xa0\x80",
    "cut character": DISPOSITION + b"\r\n\r\na\xc3",
    "charset of a part": DISPOSITION + b"\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\na",
    "name of a field": b'Content-Disposition: form-data; name="\xe9"\r\n\r\na',
    "name of a file": b'Content-Disposition: form-data; name="email"; filename="\xe9.pdf"\r\n\r\na',
    "quoted-printable": DISPOSITION + b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9",
}


@pytest.mark.parametrize("part", MULTIPART_FAULTS.values(), ids=MULTIPART_FAULTS)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_multipart_text_that_is_not_utf8_is_refused(port: int, part: bytes, size: int) -> None:
    """In whatever pieces it comes; the framework would read it as Latin-1."""
    body = b"--x\r\n" + part + b"\r\n--x--\r\n"
    lines = ("Content-Type: multipart/form-data; boundary=x", "Transfer-Encoding: chunked", "Connection: close")
    status, document = exchange(port, head("/api/v1/sign-ins", *lines), *chunks(body, size))
    assert (status, document["code"]) == (400, "bad_request")


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=UTF-8", "; charset=us-ascii"])
def test_multipart_text_in_utf8_is_read(client: TestClient, charset: str) -> None:
    part = b"--x\r\n" + DISPOSITION + f"\r\nContent-Type: text/plain{charset}".encode()
    part += "\r\n\r\nzoé\r\n--x--\r\n".encode()
    answer = client.post("/connexion", content=part, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert (answer.status_code, 'value="zoé"' in answer.text) == (422, True)


def test_multipart_file_may_hold_any_bytes(client: TestClient) -> None:
    every_byte = bytes(range(256)) * 40
    answer = client.post(f"/v/{1:032x}/fichier", files={"file": ("é.pdf", every_byte, "application/pdf")})
    assert answer.status_code == 404, "read, and no certificate has this code"


@pytest.mark.parametrize("media", ["application/json", "text/plain", "application/octet-stream", ""])
def test_form_of_another_media_type_is_refused(client: TestClient, media: str) -> None:
    answer = client.post("/connexion", content=b"email=a&password=b", headers={"Content-Type": media})
    assert (answer.status_code, is_page(answer)) == (415, True)


@pytest.mark.parametrize(
    ("media", "status", "code"),
    [
        ("text/plain", 415, "unsupported_media"),
        ("text/json", 415, "unsupported_media"),
        ("application/xml", 415, "unsupported_media"),
        ("application/x-www-form-urlencoded", 415, "unsupported_media"),
        ("multipart/form-data", 415, "unsupported_media"),
        ("application/x-www-form-urlencoded/json", 415, "unsupported_media"),
        ("", 415, "unsupported_media"),
        ("application/json; charset=latin-1", 400, "bad_request"),
        ("application/json; charset=UTF-8", 401, "wrong_sign_in"),
        ("application/merge-patch+json", 401, "wrong_sign_in"),
    ],
)
def test_json_with_another_media_type(client: TestClient, media: str, status: int, code: str) -> None:
    body = b'{"email": "maude@escouade.example.com", "password": "x"}'
    answer = client.post("/api/v1/sign-ins", content=body, headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded+json", "application/JSON ; a=b", "a/b+json"])
def test_json_is_strict_under_every_media_type(client: TestClient, media: str) -> None:
    body = b'{"email": "maude@escouade.example.com", "password": "x", "password": "y"}'
    answer = client.post("/api/v1/sign-ins", content=body, headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_json")


def test_refusal_of_json_is_in_french(client: TestClient) -> None:
    document = client.post("/api/v1/sign-ins", content=b"[1e999]", headers=JSON).json()
    assert document["title"] == "Le JSON reçu ne peut pas être accepté tel quel."
    assert document["errors"][0]["message"].startswith("Un nombre est infini, indéfini ou a plus de 4")


# File names -------------------------------------------------------------------------------------

NAMES = [
    'a"; filename="b.exe',
    "a%0D%0ASet-Cookie: pris=1",
    "a\\r\\nSet-Cookie: pris=1",
    "../../../etc/passwd",
    "\u202efdp.exe",
    "é" * 300,
    "a\tb\x0bc",
]


@pytest.mark.parametrize("name", NAMES)
def test_file_name_cannot_inject_a_header(client: TestClient, database: Database, world: World, name: str) -> None:
    as_(client, database, world, "maude")
    disposition = f'form-data; name="file"; filename="{name}.pdf"'.encode()
    parts = b'--x\r\nContent-Disposition: form-data; name="activity_code"\r\n\r\nGEN-1.C\r\n--x\r\n'
    parts += b"Content-Disposition: " + disposition + b"\r\n\r\n" + PDF + b"\r\n--x--\r\n"
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files"
    media = {"Content-Type": "multipart/form-data; boundary=x"}
    sent = client.post(path, content=parts, headers=media)
    assert sent.status_code in (201, 400, 422), sent.text
    if sent.status_code == 201:
        headers = client.get(f"/api/v1/hand-ins/{sent.json()['id']}/file").headers
        assert "set-cookie" not in headers
        assert headers["content-disposition"].count('"') == 2
        assert headers["content-disposition"].isprintable()
        assert "/" not in headers["content-disposition"]


def test_file_name_with_a_raw_line_break_is_refused(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\r\nSet-Cookie: b=1.pdf"\r\n\r\n'
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files"
    media = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post(path, content=part + PDF + b"\r\n--x--\r\n", headers=media)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


# Hosts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["testserver", "TestServer", "testserver:8080", "localhost:8000", "127.0.0.1", "[::1]:1"]
)
def test_trusted_host_is_accepted(client: TestClient, host: str) -> None:
    assert client.get("/connexion", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["ailleurs.example", "testserver.ailleurs.example", "testserver@ailleurs.example", "[", "[::2]", "", "a b",
             "testserver:", "testserver:x", "127.0.0.1.ailleurs.example"]
)  # fmt: skip
def test_unknown_host_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/api/v1/me", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_host")
    page = client.get("/connexion", headers={"Host": host})
    assert (page.status_code, is_page(page)) == (400, True)
    assert client.get("/health/live", headers={"Host": host}).status_code == 200


def test_production_accepts_one_host(settings: Settings, database: Database) -> None:
    chosen = settings.model_copy(update={"environment": "production", "base_url": "https://escouade.example"})
    client = TestClient(create_app(chosen, database, new_keyring()), base_url="https://escouade.example")
    assert client.get("/connexion").headers["strict-transport-security"] == "max-age=31536000"
    for host in ("localhost", "127.0.0.1", "testserver"):
        assert client.get("/connexion", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("referer", ["http://[", "http://a]b/", "//\u2100".encode().decode("latin-1"), "http://[::1"])
def test_invalid_referer_leads_to_the_front_page(client: TestClient, referer: str) -> None:
    assert client.get("/rien", headers={b"Referer": referer.encode("latin-1")}).status_code == 404


# Headers of every response ----------------------------------------------------------------------


def test_cache_headers_by_kind_of_response(client: TestClient, database: Database, world: World) -> None:
    assert client.get("/static/escouade.css").headers["cache-control"] == "no-cache"
    assert client.get(asset_url("escouade.css")).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/api/v1/me").headers["cache-control"] == "no-store"
    as_(client, database, world, "maude")
    for path in ("/", "/parcours", "/rien-du-tout", "/cohortes"):
        assert client.get(path).headers["cache-control"] == "no-store", path


def test_redirect_for_a_signed_in_person_is_not_cached(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C/textes"
    answer = client.post(path, data={"body": "Mon texte."})
    assert (answer.status_code, answer.headers["cache-control"]) == (303, "no-store")


@pytest.fixture
def broken(settings: Settings, database: Database) -> FastAPI:
    """Return the application with two more routes: one fails, one returns the language."""
    app = create_app(settings.model_copy(update={"english": True}), database, new_keyring())

    @app.get("/api/panne")
    def fail() -> None:
        raise RuntimeError("panne")

    @app.post("/panne", dependencies=[form_on("/panne")])
    def fail_form(motive: Annotated[str, Form()], password: Annotated[str, Form()] = "") -> None:
        raise RuntimeError("panne")

    @app.get("/api/langue")
    def speak(request: Request) -> dict[str, Any]:
        return {"language": text.language.get(), **problem(404, "not_found")}

    return app


def test_unexpected_exception_is_a_problem_with_security_headers(broken: FastAPI) -> None:
    answer = TestClient(broken, raise_server_exceptions=False).get("/api/panne")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    with pytest.raises(RuntimeError, match="panne"):
        TestClient(broken).get("/api/panne")


def test_form_that_met_an_unexpected_exception_comes_back_ready_to_send(broken: FastAPI) -> None:
    browser = TestClient(broken, raise_server_exceptions=False)
    answer = browser.post("/panne", data={"motive": "Trois mots écrits ici."}, headers={"accept": "text/html"})
    assert answer.status_code == 500
    assert "Rien n’a été enregistré" in answer.text
    assert form_to(answer.text, "/panne").data()["motive"] == ["Trois mots écrits ici."]
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_form_that_is_too_large_is_told_the_limit(client: TestClient) -> None:
    answer = client.post("/connexion", data={"email": "a" * 2 * MEGABYTE}, headers={"accept": "text/html"})
    assert answer.status_code == 413
    assert "au plus 1 Mo" in answer.text
    assert answer.text.count('href="/"') >= 1


def test_language_applies_in_the_route_and_is_reset(broken: FastAPI) -> None:
    client = TestClient(broken)
    languages = [
        client.get("/api/langue", headers={"Accept-Language": a}).json()["language"] for a in ("en-CA", "fr", "de")
    ]
    assert languages == ["en", "fr", "fr"]
    assert text.language.get() == "fr"


# Sizes as received, over real HTTP ----------------------------------------------------------------


@contextmanager
def served(app: FastAPI) -> Iterator[int]:
    """Serve the application on a loopback port, and yield the port."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", http="httptools", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def port(settings: Settings, database: Database) -> Iterator[int]:
    """Yield the port of the application, which accepts files of at most 1 MB."""
    with served(create_app(settings.model_copy(update={"upload_megabytes": 1}), database, new_keyring())) as number:
        yield number


def chunks(content: bytes, size: int = 60_000) -> Iterator[bytes]:
    """Yield a body in chunks, without a declared length."""
    for start in range(0, len(content), size):
        piece = content[start : start + size]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def head(path: str, *lines: str) -> bytes:
    """Return the request line and headers of a write."""
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode()


def read(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Return the status and problem of a response, after which the server must close the connection."""
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    start, _, body = received.partition(b"\r\n\r\n")
    return int(start.split()[1]), json.loads(body)


def exchange(port: int, *pieces: bytes) -> tuple[int, dict[str, Any]]:
    """Send everything, and only then read the response."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return read(connection)


CHUNKED = ("Content-Type: application/json", "Transfer-Encoding: chunked")


def test_chunked_json_over_the_limit_is_413(port: int) -> None:
    body = b'{"email": "' + b"a" * (4 * BODY_BYTES) + b'"}'
    status, document = exchange(port, head("/api/v1/sign-ins", *CHUNKED), *chunks(body))
    assert (status, document["code"]) == (413, "too_large")


def test_declared_length_over_the_limit_is_413_and_its_sender_reads_it(port: int) -> None:
    body = b"a" * (4 * BODY_BYTES)
    status, document = exchange(
        port, head("/api/v1/sign-ins", "Content-Type: application/json", f"Content-Length: {len(body)}"), body
    )
    assert (status, document["code"]) == (413, "too_large")


def test_expect_continue_over_the_limit_is_413_before_the_body(port: int) -> None:
    lines = ("Content-Type: application/json", "Content-Length: 50000000", "Expect: 100-continue")
    assert exchange(port, head("/api/v1/sign-ins", *lines))[0] == 413


def test_body_cut_off_by_its_sender_leaves_the_service_up(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head("/api/v1/sign-ins", *CHUNKED) + b'5\r\n{"ema\r\n')
    status, document = exchange(port, head("/api/v1/sign-ins", *CHUNKED, "Connection: close"), *chunks(b"[NaN]"))
    assert (status, document["code"]) == (422, "bad_json")


def multipart(size: int) -> bytes:
    """Return a multipart body: a file of a size, with its activity."""
    parts = b'--x\r\nContent-Disposition: form-data; name="activity_code"\r\n\r\nGEN-1.C\r\n--x\r\n'
    named = b'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    return parts + named + PDF + b" " * size + b"\r\n--x--\r\n"


@pytest.mark.parametrize(("size", "expected"), [(5 * MEGABYTE, (413, "too_large")), (1_500_000, (422, "invalid"))])
def test_file_size_is_limited_as_received(
    port: int, database: Database, world: World, size: int, expected: tuple[int, str]
) -> None:
    lines = (
        f"Authorization: Bearer {token(database, world, 'maude')}",
        "Content-Type: multipart/form-data; boundary=x",
        "Transfer-Encoding: chunked",
        "Connection: close",
    )
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files"
    status, document = exchange(port, head(path, *lines), *chunks(multipart(size)))
    assert status == expected[0]
    assert document["code"] == "too_large" or [e["code"] for e in document["errors"]] == ["file_too_large"]
    assert row_counts(database, world) == NOTHING


# What a route does not know ----------------------------------------------------------------------

SITE = create_app(Settings(), Database(Addresses("postgresql+psycopg://nowhere/none")), RING)
ROUTES = [
    (method, context.path or "")
    for context in iter_route_contexts(SITE.routes)
    if isinstance(context.original_route, APIRoute)
    for method in sorted(context.methods or ())
]
IGNORES_OTHERS = {"/connexion/oidc/retour"}
"""An authorization response may hold more than we know (RFC 6749, 4.1.2)."""


@pytest.mark.parametrize(("method", "path"), [r for r in ROUTES if r[1] not in IGNORES_OTHERS])
def test_unknown_query_parameter_is_refused(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, re.sub(r"\{[^}]+\}", "1", path) + "?inconnu=1")
    assert answer.status_code == 422
    if path.startswith("/api/"):
        assert [(e["code"], e["field"]) for e in answer.json()["errors"]] == [("extra_forbidden", "inconnu")]
    else:
        assert "Ce renseignement n’est pas attendu ici." in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/colleges/1/certificates?search=a&search=b",
        "/api/v1/accounts?limit=1&limit=2",
        "/connexion?suite=/&suite=/parcours",
        "/connexion/oidc/retour?state=a&state=b",
    ],
)
def test_query_parameter_of_one_value_sent_twice_is_refused(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, "Ce renseignement est donné deux fois." in answer.text) == (422, True)


@pytest.mark.parametrize("path", ["/connexion", "/mot-de-passe-oublie"])
@pytest.mark.parametrize("as_multipart", [False, True])
def test_form_field_of_one_value_sent_twice_is_refused(client: TestClient, path: str, *, as_multipart: bool) -> None:
    body, media = b"email=a%40b.example&email=c%40d.example&password=x", FORM["Content-Type"]
    if as_multipart:
        body = b"--x\r\n" + DISPOSITION + b"\r\n\r\na\r\n--x\r\n" + DISPOSITION + b"\r\n\r\nb\r\n--x--\r\n"
        media = "multipart/form-data; boundary=x"
    answer = client.post(path, content=body, headers={"Content-Type": media})
    assert (answer.status_code, is_page(answer)) == (422, True)
    assert "Ce renseignement est donné deux fois." in answer.text


def test_unknown_field_beside_a_file_is_refused(client: TestClient) -> None:
    answer = client.post(f"/v/{1:032x}/fichier", files={"file": ("a.pdf", PDF)}, data={"couleur": "bleu"})
    assert answer.status_code == 422
    assert "Ce renseignement n’est pas attendu ici." in answer.text


def test_refused_parameter_keeps_the_menu_of_a_signed_in_person(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    page = client.get("/parcours?inconnu=1")
    assert (page.status_code, "Se connecter" in page.text) == (422, False)


def test_query_that_is_not_text_is_refused(client: TestClient) -> None:
    assert client.get("/rien?suite=" + quote("é", encoding="latin-1")).status_code == 404
