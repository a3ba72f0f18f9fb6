"""The memory of the whole stack of ``make run``: proportional set sizes (PSS) of its processes, on the demo data.

A page that several processes share counts once, divided among them. Three moments: once the service is ready, once each
page of the main flow has been read, and once a document has just been drawn again. Linux only.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2 as httpx
import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from app.demo.load import accounts_of, load_if_empty
from app.deployment import deployment
from app.platform.config import Settings
from app.platform.files.store import SERVED
from app.platform.locations import ROOT
from bench.__main__ import _signed_in, code, flow, ids

PORT = 8766
GOAL_MEGABYTES = 350
SETTINGS = Settings(environment="demo", data_dir=ROOT / ".escouade" / "bench", base_url=f"http://127.0.0.1:{PORT}")
ROLES = ("participant", "trainer", "facilitator", "coordinator", "registrar", "observer")


@contextmanager
def run() -> Iterator[psutil.Process]:
    """Run ``escouade serve`` as ``make run`` does, and yield its process once it answers."""
    settings = {"ESCOUADE_ENVIRONMENT": "demo", "ESCOUADE_DATA_DIR": str(SETTINGS.data_dir)}
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(PORT)]
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=ROOT, env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.communicate()


def sizes(supervisor: psutil.Process) -> dict[str, float]:
    """Return the megabytes of each kind of process."""
    found = dict.fromkeys(("supervisor", "application", "workers", "document processes", "PostgreSQL"), 0.0)
    [application] = [child for child in supervisor.children() if "postgres" not in child.name()]
    workers = {child.pid for child in application.children() if "postgres" not in child.name()}
    for process in (supervisor, *supervisor.children(recursive=True)):
        kind = "supervisor" if process == supervisor else "application" if process == application else "workers"
        if "postgres" in process.name():
            kind = "PostgreSQL"
        elif kind == "workers" and process.pid not in workers:
            kind = "document processes"
        found[kind] += process.memory_full_info().pss / 1024**2
    return found


def main() -> None:
    """Load the demo network once, run the service on it, measure and print."""
    if sys.platform != "linux":
        Console().print("memory: only Linux says what processes share")
        return
    with deployment(SETTINGS) as database:
        load_if_empty(database, SETTINGS)
        with database.transaction() as db:
            accounts = {(a.role.value, a.college): a for a in accounts_of(db)}
        at, certificate = ids(database), code(database)
        with database.as_owner() as owner:
            drawn = text("select pdf_sha256 from certificate where id = :id")
            digest = str(owner.execute(drawn, {"id": at["certificate"]}).scalar_one())
    with run() as supervisor, httpx.Client(base_url=SETTINGS.base_url, timeout=60, follow_redirects=True) as client:
        time.sleep(2)
        stages = {"ready": sizes(supervisor)}
        headers = {"": {}} | {role: _signed_in(client, accounts, role) for role in ROLES}
        for role, path in flow(at, certificate):
            client.get(path, headers=headers[role]).raise_for_status()
        stages["pages read"] = sizes(supervisor)
        (SETTINGS.data_dir / SERVED / digest[:2] / digest).unlink(missing_ok=True)
        pdf = f"/api/v1/certificates/{at['certificate']}/pdf"
        client.get(pdf, headers=headers["registrar"]).raise_for_status()
        stages["document drawn"] = sizes(supervisor)
    _print(stages)


def _print(stages: dict[str, dict[str, float]]) -> None:
    table = Table("MB (PSS)", *stages, title=f"Memory of the whole stack; the goal is under {GOAL_MEGABYTES} MB")
    for kind in stages["ready"]:
        table.add_row(kind, *(f"{stage[kind]:.0f}" for stage in stages.values()))
    table.add_row("all", *(f"{sum(stage.values()):.0f}" for stage in stages.values()))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
