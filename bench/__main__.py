"""``make bench``: median times of every page and call of the main flow, on the demo data, over real HTTP.

Figures are milliseconds, and ratios to ``GET /health/live`` measured in the same run, so that the load of the machine
cancels out. Nothing is asserted: compare two runs.
"""

import logging
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, cycle
from typing import TypeAlias

import httpx2 as httpx
import uvicorn
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from app.demo.load import accounts_of, load_if_empty
from app.deployment import deployment
from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.security.keyring import new_keyring
from bench.locked_table import CLIENTS, SECONDS, TABLE, answers_meanwhile
from bench.row_security import costs
from bench.sign_in import PAGE, PEOPLE, SENDERS, flood, rush

ROUNDS = 40
PORT = 8765
LIMIT_MS = 100
Headers: TypeAlias = dict[str, dict[str, str]]
Measure: TypeAlias = tuple[str, str, Callable[[], httpx.Response]]
"""Role, name and the call to measure."""


@contextmanager
def served(settings: Settings, database: Database) -> Iterator[str]:
    """Serve the application on a loopback port, and yield its address."""
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings, database, new_keyring()),
            host="127.0.0.1",
            port=PORT,
            log_level="error",
            http="httptools",
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{PORT}"
    finally:
        server.should_exit = True
        thread.join()


ID_QUERIES = {
    "college": "select id from college where slug = 'piekouagami'",
    "cohort": "select id from cohort where college_id = :college and code like 'GEN-2-%' order by id limit 1",
    "enrolment": "select id from enrolment where cohort_id = :cohort and state = 'active' order by id limit 1",
    "session": "select session_id from roll_call where college_id = :college order by id desc limit 1",
    "group": "select id from codev_group where cohort_id = :cohort order by id limit 1",
    "meeting": "select id from codev_session where group_id = :group order by id limit 1",
    "mandate": "select id from mandate where college_id = :college order by id limit 1",
    "certificate": "select id from certificate where college_id = :college order by id limit 1",
}


def ids(database: Database) -> dict[str, int]:
    """What the main flow looks at: one of each, from the first college."""
    found: dict[str, int] = {}
    with database.as_owner() as db:
        for name, sql in ID_QUERIES.items():
            found[name] = int(db.execute(text(sql), found).scalar_one())
    return found


def code(database: Database) -> str:
    """A certificate's code."""
    with database.as_owner() as db:
        return str(db.execute(text("select code from certificate order by id limit 1")).scalar_one())


def flow(at: dict[str, int], certificate_code: str) -> list[tuple[str, str]]:
    """``(role, path)`` of the main flow, pages and calls."""
    c, h, e = at["college"], at["cohort"], at["enrolment"]
    return [
        ("", "/health/live"),
        ("", "/connexion"),
        ("", f"/v/{certificate_code}"),
        ("", f"/api/v1/verify/{certificate_code}"),
        ("participant", "/"),
        ("participant", "/parcours"),
        ("participant", "/api/v1/me"),
        ("participant", "/api/v1/me/progress"),
        ("participant", "/cohortes-ouvertes"),
        ("participant", "/codev"),
        ("participant", "/mandats"),
        ("trainer", f"/parcours/{e}"),
        ("trainer", f"/api/v1/enrolments/{e}/progress"),
        ("trainer", f"/parcours/{e}/activites/GEN-2.C"),
        ("trainer", f"/seances/{at['session']}/appel"),
        ("trainer", f"/api/v1/sessions/{at['session']}/roll-call"),
        ("trainer", "/jugements"),
        ("trainer", f"/parcours/{e}/jugements/CN-08"),
        ("facilitator", f"/codev/groupes/{at['group']}"),
        ("facilitator", f"/codev/seances/{at['meeting']}"),
        ("coordinator", "/cohortes"),
        ("coordinator", f"/cohortes/{h}"),
        ("coordinator", f"/api/v1/cohorts/{h}/board"),
        ("coordinator", f"/cohortes/{h}/candidatures"),
        ("coordinator", f"/cohortes/{h}/seances"),
        ("coordinator", "/heures"),
        ("coordinator", "/entreprises?recherche=boulangerie"),
        ("coordinator", f"/mandats/{at['mandate']}"),
        ("registrar", f"/colleges/{c}/attestations"),
        ("registrar", f"/attestations/{at['certificate']}"),
        ("registrar", "/rapports"),
        ("registrar", f"/api/v1/cohorts/{h}/progress-report.csv"),
        ("registrar", f"/api/v1/colleges/{c}/progress-report.xlsx"),
        ("observer", "/indicateurs"),
    ]


def median(call: Callable[[], httpx.Response], rounds: int = ROUNDS) -> tuple[float, int]:
    """Return the median milliseconds of a call, and the size of its response."""
    times = []
    size = 0
    for _ in range(rounds):
        start = time.perf_counter()
        answer = call()
        times.append((time.perf_counter() - start) * 1000)
        if not answer.is_success:
            raise SystemExit(f"{answer.url}: {answer.status_code} {answer.text[:300]}")
        size = len(answer.content)
    return statistics.median(times), size


def writes(client: httpx.Client, at: dict[str, int], headers: Headers) -> Iterator[Measure]:
    """Yield the writes of the main flow, progress included: one enrolment, then a whole cohort; a PDF apart."""
    paths = client.get("/api/v1/me/progress", headers=headers["participant"]).json()
    enrolment = (paths["items"] if isinstance(paths, dict) else paths)[0]["enrolment_id"]
    path = f"/api/v1/enrolments/{enrolment}/completions"
    first = client.get(path, headers=headers["participant"]).json()[0]["activity_code"]
    turns = cycle((False, True))

    def complete() -> httpx.Response:
        body = {"activity_code": first, "done": next(turns)}
        return client.post(path, json=body, headers=headers["participant"])

    sheet_path = f"/api/v1/sessions/{at['session']}/roll-call"

    def correct() -> httpx.Response:
        sheet = client.get(sheet_path, headers=headers["trainer"]).json()
        entries = [{k: v for k, v in e.items() if k != "name"} for e in sheet["entries"]]
        body = {"entries": entries, "supersedes": sheet["roll_call_id"], "reason": "Mesure"}
        return client.post(sheet_path, json=body, headers=headers["trainer"])

    pdf = f"/api/v1/certificates/{at['certificate']}/pdf"
    yield "participant", f"POST {path}", complete
    yield "trainer", f"GET and POST {sheet_path}", correct
    yield "registrar", f"(apart) {pdf}", lambda: client.get(pdf, headers=headers["registrar"])


def main() -> None:
    """Load the demo network once, serve it, measure and print."""
    logging.lastResort = None  # the log is not configured here, and its warnings would stand among the figures
    settings = Settings(environment="demo", data_dir=ROOT / ".escouade" / "bench", base_url=f"http://127.0.0.1:{PORT}")
    with deployment(settings) as database:
        load_if_empty(database, settings)
        with database.transaction() as db:
            accounts = {(a.role.value, a.college): a for a in accounts_of(db)}
        with served(settings, database) as url, httpx.Client(base_url=url, timeout=60, follow_redirects=True) as client:
            headers = {"": {}} | {
                role: _signed_in(client, accounts, role)
                for role in ("participant", "trainer", "facilitator", "coordinator", "registrar", "observer")
            }
            at = ids(database)
            _print(chain(reads(client, flow(at, code(database)), headers), writes(client, at, headers)))
            _print_row_security(client, database, at, headers)
            _print_locked_table(url, database, headers["participant"])
            _print_sign_in(url, [(a.email, a.password) for a in accounts.values()])


def _signed_in(client: httpx.Client, accounts: dict[tuple[str, str], object], role: str) -> dict[str, str]:
    place = "" if role == "observer" else "Cégep du Piékouagami"
    account = accounts[role, place]
    body = {"email": account.email, "password": account.password}  # type: ignore[attr-defined]
    token = client.post("/api/v1/sign-ins", json=body).json()["token"]
    return {"Authorization": f"Bearer {token}"}


def reads(client: httpx.Client, paths: list[tuple[str, str]], headers: Headers) -> Iterator[Measure]:
    """Yield the pages and calls that change nothing."""
    for role, path in paths:
        yield role, path, partial(client.get, path, headers=headers[role])


def _print(measures: Iterable[Measure]) -> None:
    table = Table(
        "role", "path", "kB", "median ms", "× reference", title=f"{ROUNDS} rounds, Python {sys.version.split()[0]}"
    )
    reference = 0.0
    slow = []
    for role, path, call in measures:
        milliseconds, size = median(call)
        reference = reference or milliseconds
        slow += [path] if milliseconds > LIMIT_MS and not path.startswith("(apart)") else []
        ratio = milliseconds / reference
        table.add_row(role or "-", path, f"{size / 1000:.1f}", f"{milliseconds:.1f}", f"{ratio:.1f}")
    Console(width=110).print(table)
    Console().print(f"above {LIMIT_MS} ms: {', '.join(slow) or 'none'}")


def _print_row_security(client: httpx.Client, database: Database, at: dict[str, int], headers: Headers) -> None:
    pages = {
        "my path": ("/parcours", headers["participant"]),
        "a cohort's board": (f"/cohortes/{at['cohort']}", headers["coordinator"]),
    }
    table = Table("page", "ms with", "ms without", "ratio", title="row-level security")
    for name, enforced, bypassed in costs(client, database, pages):
        table.add_row(name, f"{enforced:.1f}", f"{bypassed:.1f}", f"{enforced / bypassed:.2f}")
    Console(width=110).print(table)


def _print_locked_table(url: str, database: Database, headers: dict[str, str]) -> None:
    median_ms, p95, count, failed = answers_meanwhile(url, database, headers)
    Console().print(
        f"{TABLE} locked for {SECONDS:.0f} s, {CLIENTS} clients: the {count} other answers took {median_ms:.0f} ms,"
        f" p95 {p95:.0f} ms; {failed} were refused"
    )


def _print_sign_in(url: str, accounts: list[tuple[str, str]]) -> None:
    quiet, flooded = flood(url)
    ends, median_ms, p95 = rush(url, accounts)
    others = {end: number for end, number in ends.items() if end != "201"}
    Console().print(
        f"{SENDERS} strangers trying passwords: {PAGE} {quiet:.1f} ms in quiet, {flooded:.1f} ms meanwhile"
        f" ({flooded / quiet:.2f}); {ends['201']} of {PEOPLE} people signed in within a minute,"
        f" the others {others or 'none'}, median {median_ms:.0f} ms, p95 {p95:.0f} ms; load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
