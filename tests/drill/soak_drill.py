"""The drill: every fault of :mod:`tests.drill.faults` under load, what it cost, and that nothing was lost or doubled.

Nothing asserted is about speed; the table is for the reader. Ten minutes, on Linux, as root (to mount a disk).
``DRILL``, a regular expression, chooses some by name.
"""

import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from tests.drill.clients import NO_ANSWER
from tests.drill.faults import FAULTS, Fault
from tests.drill.installation import Installation, installed
from tests.drill.kept import compare, faults_at_the_end, jobs_left
from tests.drill.load import Load
from tests.drill.population import Population, populate
from tests.drill.units import Unit
from tests.factories.waiting import wait_until

PATIENCE = 180.0
QUIET_SECONDS = 5.0
MAY_WAIT = {503, 409, 429}
"""Answers that ask to try again: each says when (``Retry-After``)."""


@dataclass
class Outcome:
    """What a fault did.

    ``jobs_back``: when a letter was sent again; ``caught_up``: when one was that was asked for after the fault, behind
    all that waited.
    """

    fault: Fault
    acknowledged: int = 0
    errors: Counter[tuple[int, str, bool]] = field(default_factory=Counter)
    requests_back: float | None = None
    jobs_back: float = 0.0
    caught_up: float = 0.0
    ready_answers: set[str] = field(default_factory=set)
    doctor: str = ""
    line: str = ""
    wrong: list[str] = field(default_factory=list)


class Watch(threading.Thread):
    """Asks /health/ready twice a second, and keeps what it says."""

    def __init__(self, at: Installation) -> None:
        super().__init__(daemon=True)
        self._at, self._stopped = at, threading.Event()
        self.ready_answers: set[str] = set()
        self.failure: Exception | None = None

    def run(self) -> None:
        """Ask until stopped; keep what stopped it otherwise."""
        try:
            self._ask_all()
        except Exception as failure:
            self.failure = failure

    def _ask_all(self) -> None:
        while not self._stopped.wait(0.5):
            answer = self._at.ready()
            if answer.status == NO_ANSWER:
                self.ready_answers.add("no answer")
                continue
            names = [*answer.body.get("failing", ()), *answer.body.get("degraded", ())]
            self.ready_answers.add(f"{answer.status} {', '.join(names)}".strip())

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.join()
        if self.failure is not None:
            raise self.failure


def _every_worker_is_ready(at: Installation) -> bool:
    """Whether each web worker, asked again, finds nothing of an earlier fault: it logs what it did not find before."""
    return all(at.ready().status == HTTPStatus.OK for _ in range(10))


def run_fault(at: Installation, load: Load, people: Population, fault: Fault) -> Outcome:
    """Apply a fault to the installation, wait until all has recovered, and return what it cost."""
    wait_until(lambda: _every_worker_is_ready(at), PATIENCE, f"{fault.name}: not ready before it")
    outcome, printed = Outcome(fault), {unit: unit.printed() for unit in at.units().values()}
    began, before = time.monotonic(), load.acknowledged()
    with Watch(at) as watch, ThreadPoolExecutor(1) as pool:
        with fault.apply(at):
            doctor = pool.submit(at.doctor)
            time.sleep(fault.seconds)
        ended, known = time.monotonic(), set(load.acknowledged()["invitation"])
        sent = at.letters_received().total()

        def all_is_back() -> bool:
            load.wake_all()
            later = set(load.acknowledged()["invitation"]) - known
            letters = at.letters_received()
            if not outcome.jobs_back and letters.total() > sent:
                outcome.jobs_back = time.monotonic() - ended
            if not outcome.caught_up and later & letters.keys():
                outcome.caught_up = time.monotonic() - ended
            outcome.requests_back = load.seconds_to_recover(began, ended)
            return bool(outcome.caught_up) and outcome.requests_back is not None

        wait_until(all_is_back, PATIENCE, f"{fault.name}: requests or jobs are not back")
        wait_until(at.all_running, PATIENCE, f"{fault.name}: a process is not back")
        outcome.doctor = doctor.result()
    outcome.ready_answers, outcome.line = watch.ready_answers, _says(at, printed, fault)
    outcome.errors = load.errors_since(began)
    acknowledged = load.acknowledged()
    outcome.acknowledged = sum(len(marks) - len(before[kind]) for kind, marks in acknowledged.items())
    kept = compare(at.database, people, at.root, acknowledged)
    outcome.wrong = [*(f"lost: {mark}" for mark in kept.lost), *(f"doubled: {mark}" for mark in kept.doubled)]
    outcome.wrong += _wrong_answers(fault, outcome.errors)
    outcome.wrong += [] if outcome.line else ["no line of the logs names it"]
    return outcome


def _says(at: Installation, printed: dict[Unit, int], fault: Fault) -> str:
    """Return the first line that names a fault in the logs of the program since it began."""
    for unit in (at.web, at.worker):
        for line in unit.lines_since(printed[unit]).splitlines():
            if re.search(fault.log, line):
                return line
    return ""


def _wrong_answers(fault: Fault, errors: Counter[tuple[int, str, bool]]) -> list[str]:
    """Return the answers that the fault does not excuse."""
    wrong = []
    for status, code, says_when in errors:
        excused = status == NO_ANSWER and fault.cuts if status not in MAY_WAIT else says_when
        if fault.is_harmless or not excused:
            wrong.append(f"{status} {code}")
    return wrong


def shown(outcomes: list[Outcome]) -> Table:
    """Return the table of the drill."""
    table = Table(
        "fault", "lasts", "requests back", "jobs back", "caught up", "refused, by kind", "acknowledged",
        "lost or doubled", "/health/ready", "doctor", "log",
        title="The drill: seconds after the fault's end until all was back",
    )  # fmt: skip
    for o in outcomes:
        errors = ", ".join(f"{n} × {status or ''} {code}" for (status, code, _), n in o.errors.most_common())
        bad = [w for w in o.wrong if w.startswith(("lost", "doubled"))]
        words = re.search(r'"message": "([^"]+)"', o.line)
        seconds = (f"{n or 0:.1f}" for n in (o.fault.seconds, o.requests_back, o.jobs_back, o.caught_up))
        table.add_row(
            o.fault.name, *seconds, errors or "none", str(o.acknowledged), str(len(bad)),
            "; ".join(sorted(o.ready_answers)), o.doctor, words[1] if words else o.line[:60],
        )  # fmt: skip
    return table


@pytest.mark.timeout(0)
def test_installation_loses_and_doubles_nothing_and_comes_back_by_itself() -> None:
    place = Path(tempfile.mkdtemp(prefix="escouade-drill-"))  # the account of PostgreSQL reaches it
    chosen = [fault for fault in FAULTS if re.search(os.environ.get("DRILL", ""), fault.name)]
    outcomes: list[Outcome] = []
    with installed(place) as at:
        people = populate(at.database)
        with Load(at.port, people) as load:
            wait_until(lambda: load.seconds_to_recover(0.0, 0.0) is not None, PATIENCE, "not every sender succeeds")
            for fault in chosen:
                time.sleep(QUIET_SECONDS)
                outcomes.append(run_fault(at, load, people, fault))
                Console(stderr=True, width=200).print(shown(outcomes[-1:]))
        acknowledged = load.acknowledged()
        wait_until(lambda: not jobs_left(at.database), PATIENCE, "jobs are left")
        faults = faults_at_the_end(at.database, people, acknowledged, at.letters_received())
    Console(stderr=True, width=200).print(shown(outcomes))
    sys.stderr.write(f"acknowledged: { {kind: len(marks) for kind, marks in acknowledged.items()} }; {faults}\n")
    assert [(o.fault.name, o.wrong) for o in outcomes if o.wrong] == []
    assert {what: n for what, n in faults.items() if n} == {}
    shutil.rmtree(place)  # where the drill fails its logs stay
