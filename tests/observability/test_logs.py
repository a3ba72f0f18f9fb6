"""Logs: one line a record, the id of a request, and nobody's data in them."""

import json
import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DataError

from app.platform.database.connections import engine_of
from app.platform.database.transaction import Addresses, Database
from app.platform.errors import Unavailable
from app.platform.observability import logs
from app.platform.observability.logs import JsonLines, Lines, describe, trace_of
from app.platform.web.deps import Authentication
from tests.factories.network import World, as_, token

CANARY = "Canariperche"


class Lined(logging.Handler):
    """Keeps the records of a test as they would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.lines.append(self.format(record))

    def requests(self) -> list[dict[str, object]]:
        """Return the lines about requests, read."""
        read = [json.loads(line) for line in self.lines]
        return [line for line in read if line["logger"] == "escouade.request"]


@pytest.fixture
def lined() -> Iterator[Lined]:
    """Yield what is logged during the test."""
    handler = Lined()
    logging.getLogger().addHandler(handler)
    try:
        yield handler
    finally:
        logging.getLogger().removeHandler(handler)


def raised(error: BaseException) -> BaseException:
    """Return an exception that was raised."""
    try:
        raise error
    except BaseException as found:
        return found


def record(error: BaseException | None = None, name: str = "escouade.web", message: str = "of %s", *args: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Return a record of a logger."""
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, exc_info)


# The lines ---------------------------------------------------------------------------------------


def test_request_has_one_line_with_its_route_and_person_alone(
    client: TestClient, database: Database, world: World, lined: Lined
) -> None:
    as_(client, database, world, "coordinator")
    answer = client.get(f"/api/v1/cohorts/{world.cohort}")
    [line] = lined.requests()
    assert answer.status_code == 200
    assert line.pop("time")
    assert float(str(line.pop("ms"))) > 0
    assert int(str(line.pop("statements"))) >= 2
    assert line.pop("waited_ms") is not None
    assert line == {
        "level": "info", "logger": "escouade.request", "message": "request", "request_id": "request-of-a-test",
        "route": "/api/v1/cohorts/{cohort_id}", "method": "GET", "status": 200, "person": world.people["coordinator"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "route", "ended"),
    [
        ("GET /v/ABCDEFGH", "/v/{code}", (404, None)),
        ("HEAD /connexion", "/connexion", (200, None)),
        ("GET /static/escouade.css", "/static", (200, None)),
        ("GET /api/openapi.json", "/api/openapi.json", (200, None)),
        (f"GET /{CANARY}", "none", (404, "not_found")),
        ("TRACE /connexion", "/connexion", (405, "method_not_allowed")),
        ("GET /cohortes/1", "/cohortes/{cohort_id}", (303, None)),
    ],
)
def test_line_names_the_declared_route(
    client: TestClient, lined: Lined, asked: str, route: str, ended: tuple[int, str | None]
) -> None:
    method, path = asked.split()
    assert client.request(method, path).status_code == ended[0]
    [line] = lined.requests()
    assert (line["route"], line["status"], line.get("code")) == (route, *ended)
    assert line["method"] == ("other" if method == "TRACE" else method)


def test_request_refused_before_any_route_has_a_line(client: TestClient, lined: Lined) -> None:
    client.get("/connexion", headers={"Host": f"{CANARY}.example"})
    assert [(line["route"], line["code"]) for line in lined.requests()] == [("none", "unknown_host")]


def test_database_away_leaves_a_line_with_its_reason(client: TestClient, site: FastAPI, lined: Lined) -> None:
    """In the drill 7 025 answers of 503 left no line."""
    site.state.database = Database(Addresses("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    assert client.get("/connexion").status_code == 503
    [line] = lined.requests()
    assert (line["level"], line["status"], line["code"]) == ("warning", 503, "unavailable")
    assert line["cause"] == "psycopg.OperationalError"


def test_unexpected_exception_is_logged_with_the_request_and_without_its_message(
    site: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch, lined: Lined
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(site.state, "authentication", Authentication(lambda _: None, fail))
    with TestClient(site, raise_server_exceptions=False, headers={"X-Request-ID": "abcdef-12345"}) as browser:
        answer = browser.get("/connexion")
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "abcdef-12345")
    assert "abcdef-12345" in answer.text
    failed, ended = (json.loads(line) for line in lined.lines if "abcdef-12345" in line)
    assert (failed["error"], failed["request_id"]) == ("ValueError", "abcdef-12345")
    assert "in bind_actor" in failed["trace"]
    assert (ended["status"], ended["code"]) == (500, "internal")


# The id of a request -----------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["5f1c0b7a9e2d4c68", "0193c8e2-6f3a-7c51-9d0e-2b7f1a4c5d6e", "proxy.42_abcd"])
def test_well_formed_id_is_kept(client: TestClient, given: str) -> None:
    answer = client.get("/api/v1/me", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] == given
    assert answer.json()["instance"] == f"urn:escouade:request:{given}"


@pytest.mark.parametrize(
    "given", ["", "court", "x" * 65, "zoe@alma.example.com", "avec espace 12", "-tiret-12", "é" * 9]
)
def test_malformed_id_is_replaced(client: TestClient, given: str) -> None:
    answers = [client.get("/rien", headers=[(b"X-Request-ID", given.encode())]) for _ in range(2)]
    made = [answer.headers["x-request-id"] for answer in answers]
    assert all(len(one) == 16 and one in answer.text for one, answer in zip(made, answers, strict=True))
    assert made[0] != made[1]


# What is written of exceptions and of libraries --------------------------------------------------


def test_database_error_is_logged_without_its_values(database: Database) -> None:
    with database.engine.connect() as owner, pytest.raises(DataError) as caught:
        owner.execute(text("select cast(:word as int)"), {"word": CANARY})
    assert "parameters hidden" in str(caught.value)
    line = JsonLines().format(record(caught.value))
    assert CANARY not in line
    assert "InvalidTextRepresentation 22P02" in line


def test_violated_constraint_is_named(database: Database) -> None:
    statement = text("insert into region (code, name, name_en) values (:code, 'x', 'x'), (:code, 'y', 'y')")
    with database.engine.connect() as owner, pytest.raises(Exception, match="duplicate") as caught:
        owner.execute(statement, {"code": "ZZ"})
    assert logs.cause_of(caught.value) == "psycopg.errors.UniqueViolation 23505 region pk_region"


def test_exceptions_of_a_chain_are_logged_from_the_first() -> None:
    error = raised(RuntimeError(CANARY))
    error.__cause__ = raised(KeyError(CANARY))
    trace = trace_of(error)
    assert CANARY not in trace
    assert trace.index("KeyError") < trace.index("then:") < trace.index("RuntimeError")
    error.__cause__.__cause__ = error
    assert trace_of(error).count("RuntimeError") == 1


def test_group_names_each_of_its_exceptions() -> None:
    group = raised(BaseExceptionGroup(CANARY, [raised(OSError(28, CANARY)), raised(Unavailable("key_missing"))]))
    trace = trace_of(group)
    assert CANARY not in trace
    assert "OSError errno 28" in trace
    assert "Unavailable key_missing" in trace


def test_message_of_a_library_is_logged_before_its_values() -> None:
    for form in (JsonLines(), Lines()):
        assert CANARY not in form.format(record(None, "weasyprint", "no image at %r", CANARY))
        assert "no image at %r" in form.format(record(None, "weasyprint", "no image at %r", CANARY))
        assert "of 12" in form.format(record(None, "escouade.worker", "of %d", 12))


def test_line_of_several_lines_is_one_line_of_json() -> None:
    line = JsonLines().format(record(raised(ValueError("x")), "escouade.web", "a\nb"))
    assert "\n" not in line
    assert json.loads(line)["message"] == "a\nb"
    assert describe(ValueError("x")) == "ValueError"


# Where they are written --------------------------------------------------------------------------


@pytest.fixture
def kept_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Yield; afterwards the loggers are as before."""
    monkeypatch.setenv("PGAPPNAME", "before")
    loggers = [logging.getLogger(name) for name in ("", "escouade", "uvicorn", "uvicorn.error", "uvicorn.access")]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.mark.usefixtures("kept_logging")
def test_every_logger_writes_once_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("uvicorn.error").addHandler(logging.StreamHandler())
    for _ in range(2):
        logs.configure("web")
    logging.getLogger("uvicorn.error").error("a server's")
    logging.getLogger("escouade.worker").info("ours")
    logging.getLogger("httpx").info("a library's, too low")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n")
    written = [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]
    assert written == ["a server's", "ours"]


@pytest.mark.usefixtures("kept_logging")
def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("web", "text")
    logging.getLogger("escouade.worker").warning("late", extra={"ms": 12})
    assert capsys.readouterr().err.split(maxsplit=1)[1] == "WARNING late ms=12\n"


@pytest.mark.usefixtures("kept_logging")
def test_connections_are_named_after_the_process(database: Database) -> None:
    logs.configure("worker", "json")
    engine = engine_of(database.addresses.url)
    with engine.connect() as connection:
        assert connection.execute(text("show application_name")).scalar_one() == "escouade worker"
    engine.dispose()


# A representative set of requests ----------------------------------------------------------------


def test_canaries_of_people_are_in_no_log(client: TestClient, database: Database, world: World, lined: Lined) -> None:
    """Name, e-mail, password, token, search text, prose of a form: refused and accepted, in path, query and body."""
    secret = token(database, world, "coordinator")
    anyone = TestClient(client.app, follow_redirects=False)
    email, words = f"{CANARY.lower()}@exemple.ca", {"email": f"{CANARY.lower()}@exemple.ca", "password": CANARY * 2}
    anyone.post("/api/v1/sign-ins", json=words)
    anyone.post("/connexion", data=words)
    anyone.get(f"/v/{CANARY}")
    anyone.get("/api/v1/me", headers={"Authorization": f"Bearer {CANARY}", "Cookie": f"escouade={CANARY}"})
    anyone.get(f"/invitation/{CANARY}", headers={"Referer": f"https://{CANARY}.example"})
    as_(client, database, world, "coordinator")
    client.headers["Authorization"] = f"Bearer {secret}"
    client.get("/personnes", params={"q": CANARY})
    client.get("/api/v1/people", params={CANARY: CANARY})
    client.post(f"/api/v1/colleges/{world.alma}/enterprises", json={"name": CANARY, "sector": CANARY})
    client.post(f"/colleges/{world.alma}/entreprises", data={"name": CANARY, "note": CANARY})
    client.post(
        "/api/v1/people", json={"email": email, "legal_first_name": CANARY}, headers={"X-Request-ID": CANARY * 9}
    )
    client.post("/api/v1/people", content=b'{"name": "' + CANARY.encode() + b'\xff"}')
    assert len(lined.requests()) == 11
    leaked = [line for line in lined.lines if CANARY.lower() in line.lower() or secret in line]
    assert leaked == []
