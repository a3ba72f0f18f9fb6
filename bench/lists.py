"""Lists on a network of a hundred thousand enrolments, and a batch of a hundred: milliseconds and kilobytes of each.

The network is the demo's, copied (``bench/network.py``), and kept under ``.escouade/`` for the next time. Every figure
is a median over HTTP; a smaller network is made with ``python -m bench.lists 10000``.
"""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import httpx2 as httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from app.demo.load import accounts_of, load_if_empty
from app.deployment import deployment
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from bench.__main__ import PORT, Headers, _signed_in, ids, median, served
from bench.network import enlarge

ENROLMENTS = 100_000
ROUNDS = 7
IN_A_BATCH = 100


def prepare(database: Database, settings: Settings, enrolments: int) -> None:
    """Load the demo network and copy it, unless that was done before."""
    load_if_empty(database, settings)
    with database.as_owner() as db:
        if int(db.execute(text("select count(*) from enrolment")).scalar_one()) < enrolments:
            enlarge(db, enrolments)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
        owner.execute(text("vacuum analyze"))


def lists(at: dict[str, int]) -> list[tuple[str, str]]:
    """Return ``(role, path)`` of the lists."""
    college, cohort = at["college"], at["cohort"]
    certificates = f"/colleges/{college}/attestations"
    return [
        ("registrar", certificates),
        ("registrar", f"{certificates}?situation=tous&recherche=tremblay"),
        ("registrar", f"{certificates}/lots"),
        ("registrar", f"{certificates}/registre"),
        ("registrar", f"{certificates}/registre?recherche=tremblay"),
        ("registrar", f"/api/v1/colleges/{college}/certificate-candidates"),
        ("registrar", f"/api/v1/colleges/{college}/certificate-batches/preview"),
        ("coordinator", f"/api/v1/colleges/{college}/people"),
        ("coordinator", f"/api/v1/colleges/{college}/people?search=tremblay"),
        ("coordinator", f"/api/v1/colleges/{college}/people?search=tremblay%20maude"),
        ("coordinator", "/cohortes"),
        ("coordinator", "/api/v1/cohorts"),
        ("coordinator", f"/cohortes/{cohort}"),
        ("coordinator", f"/api/v1/cohorts/{cohort}/board"),
        ("coordinator", "/entreprises?recherche=boulangerie"),
        ("coordinator", "/mandats"),
        ("coordinator", "/heures"),
        ("coordinator", "/codev"),
        ("trainer", "/jugements"),
        ("coordinator", f"/rapports/cohortes/{cohort}"),
        ("coordinator", f"/rapports/colleges/{college}"),
        ("observer", "/indicateurs"),
    ]


def batches(client: httpx.Client, headers: Headers, college: int) -> Iterator[float]:
    """Yield the milliseconds that deciding on a batch of a hundred certificates takes, of other people each time."""
    path, after = f"/api/v1/colleges/{college}/certificate-batches", ""
    for _ in range(3):
        ready: list[dict[str, object]] = []
        while len(ready) < IN_A_BATCH and after is not None:
            query = "?kind=attestation_participation&limit=200" + (f"&after={after}" if after else "")
            page = client.get(f"{path}/preview{query}", headers=headers["registrar"]).json()
            ready += [{"enrolment_id": line["enrolment_id"], "kind": line["kind"]} for line in page["ready"]]
            after = page["next"]
        start = time.perf_counter()
        client.post(path, json={"items": ready[:IN_A_BATCH]}, headers=headers["registrar"]).raise_for_status()
        yield (time.perf_counter() - start) * 1000


def main() -> None:
    """Make the network, serve it, measure and print."""
    enrolments = int(sys.argv[1]) if len(sys.argv) > 1 else ENROLMENTS
    folder = ROOT / ".escouade" / f"bench-{enrolments}"
    settings = Settings(environment="demo", data_dir=folder, base_url=f"http://127.0.0.1:{PORT}")
    with deployment(settings) as database:
        prepare(database, settings, enrolments)
        with database.transaction() as db:
            accounts: dict[tuple[str, str], object] = {(a.role.value, a.college): a for a in accounts_of(db)}
        with (
            served(settings, database) as url,
            httpx.Client(base_url=url, timeout=120, follow_redirects=True) as client,
        ):
            roles = ("registrar", "coordinator", "trainer", "observer")
            headers = {role: _signed_in(client, accounts, role) for role in roles}
            at = ids(database)
            table = Table("role", "path", "kB", "median ms", title=f"{enrolments} enrolments, {ROUNDS} rounds")
            for role, path in lists(at):
                call: Callable[[], httpx.Response] = partial(client.get, path, headers=headers[role])
                milliseconds, size = median(call, ROUNDS)
                table.add_row(role, path, f"{size / 1000:.1f}", f"{milliseconds:.0f}")
            decided = sorted(batches(client, headers, at["college"]))
            table.add_row("registrar", f"POST a batch of {IN_A_BATCH}", "", f"{decided[len(decided) // 2]:.0f}")
            Console(width=120).print(table)


if __name__ == "__main__":
    main()
