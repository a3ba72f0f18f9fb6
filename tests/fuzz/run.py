"""``make fuzz``: schemathesis over the whole API as each role, against a small network served on loopback.

Run by the application's Python; schemathesis has an environment of its own (``.venv-fuzz``). Each role gets a
fresh database, so that one run does not affect another. Any 5xx, or an answer that the API's
description does not declare (status, content type, headers, shape), ends with exit code 1.

``python -m tests.fuzz.run [--examples 20] [--seed 1] [role …]``
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import text
from starlette.types import ASGIApp, Receive, Scope, Send

from app.main import create_app
from app.platform.config import Settings
from app.platform.database.embedded import embedded_server, install_signal_handlers
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from tests.conftest import RING
from tests.factories.network import World, build, token
from tests.platform.test_middleware import served
from tests.server import copy_database, migrate, opened, run_on_server, with_database

SCHEMATHESIS = ROOT / ".venv-fuzz" / "bin" / "schemathesis"
STRANGER = "anonymous"
ROLES = (
    STRANGER, "nobody", "maude", "trainer", "facilitator", "coordinator", "registrar", "observer", "admin",
)  # fmt: skip
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,ignored_auth,unsupported_method,allow_header_conformance"
)


@dataclass(frozen=True)
class Outcome:
    """The result of one run."""

    role: str
    cases: int
    failures: int
    code: int
    seconds: float


def main() -> int:
    """Fuzz as each requested role; return 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roles", nargs="*", metavar="role", help=f"among {', '.join(ROLES)}; all by default")
    parser.add_argument("--examples", type=int, default=20, help="examples per operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--phases", default="examples,coverage,fuzzing", help="schemathesis' own; fuzzing alone is quicker"
    )
    parser.add_argument("--schemathesis", type=Path, default=SCHEMATHESIS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, network() as (url, world):
        outcomes = [fuzz(role, url, world, options, Path(folder)) for role in options.roles or ROLES]
    print(f"\n{'role':14}{'cases':>8}{'failures':>10}{'seconds':>9}")
    for outcome in outcomes:
        print(f"{outcome.role:14}{outcome.cases:>8}{outcome.failures:>10}{outcome.seconds:>9.0f}")
    return int(any(outcome.code or outcome.failures or not outcome.cases for outcome in outcomes))


@contextmanager
def network() -> Iterator[tuple[str, World]]:
    """Yield a server's URL and the small network of the tests, in its database ``fuzz_template``."""
    install_signal_handlers()
    folder = Path(tempfile.gettempdir()) / f"escouade-fuzz-{os.getuid()}"
    with embedded_server(folder) as url:
        run_on_server(url, "drop database if exists fuzz_template with (force)")
        run_on_server(url, "create database fuzz_template template template0 encoding 'UTF8' locale 'C'")
        migrate(with_database(url, "fuzz_template"))
        database = opened(with_database(url, "fuzz_template"))
        world = build(database)
        database.dispose()
        yield url, world


def fuzz(role: str, url: str, world: World, options: argparse.Namespace, folder: Path) -> Outcome:
    """Fuzz every operation as one role, on a database of its own."""
    print(f"\n=== {role}", flush=True)
    began = time.monotonic()
    run_on_server(url, "drop database if exists fuzz with (force)")
    copy_database(url, "fuzz", "fuzz_template")
    database = opened(with_database(url, "fuzz"))
    site = create_app(Settings(data_dir=folder / role, base_url="http://127.0.0.1"), database, RING)
    site.add_middleware(StaysSignedIn, database=database)
    site.openapi()  # built at the first request, for which schemathesis does not wait long
    headers = {} if role == STRANGER else {"Authorization": f"Bearer {token(database, world, role)}"}
    try:
        with served(site) as port:
            code = explore(port, headers, options, folder / f"{role}.json")
            if headers:
                status = httpx2.get(f"http://127.0.0.1:{port}/api/v1/me", headers=headers).status_code
                assert status == httpx2.codes.OK, f"the sign-in ended during the run ({status})"
    finally:
        database.dispose()
    cases, failures = count_failures(json.loads((folder / f"{role}.json").read_text()))
    return Outcome(role, cases, failures, code, time.monotonic() - began)


class StaysSignedIn:
    """Reopens the sign-ins that an operation ended: the next operations would only get 401."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app, self.database = app, database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reopen sign-ins before each request, as the tables' owner."""
        await run_in_threadpool(self._open_again)
        await self.app(scope, receive, send)

    def _open_again(self) -> None:
        with self.database.engine.begin() as owner:
            owner.execute(text("update sign_in set ended_at = null where ended_at is not null"))


def explore(port: int, headers: dict[str, str], options: argparse.Namespace, report: Path) -> int:
    """Run schemathesis over every operation of the API's description; return its exit code."""
    command = [
        str(options.schemathesis), "run", f"http://127.0.0.1:{port}/api/openapi.json", "--no-color", "--warnings=off",
        f"--phases={options.phases}", f"--max-examples={options.examples}", f"--seed={options.seed}",
        "--generation-database=none", "--continue-on-failure", f"--checks={CHECKS}", "--suppress-health-check=all",
        "--request-timeout=30", "--report=json", f"--report-json-path={report}",
        *(f"--header={name}: {value}" for name, value in headers.items()),
    ]  # fmt: skip
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, cwd=report.parent, check=False).returncode


def count_failures(report: dict[str, Any]) -> tuple[int, int]:
    """Return ``(cases, failures)`` of a report; an operation that was not tested is a failure."""
    operations, cases = report["operations"], report["test_cases"]
    if operations is None:  # the description itself could not be read
        return 0, 1
    untested = operations["total"] - operations["tested"]
    return cases["generated"], cases["unique_failures"] + cases["errored"] + untested


if __name__ == "__main__":
    sys.exit(main())
