"""Kill workers at random moments, then count: what is lost, given twice, missing from the numbers, left on disk."""

import io
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from app.certificates.batches import archive
from app.certificates.batches import service as batches
from app.certificates.batches.schemas import BatchRef
from app.certificates.documents.service import DocumentStore
from app.cli.worker import named_files, sweep_files
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.security.permissions import P
from tests.conftest import RING, SITE
from tests.factories import bulk_clone as crowd
from tests.factories.network import World, acting

PATIENCE = 600.0


@dataclass
class Nursery:
    """Where workers are born."""

    process: subprocess.Popen[str]

    def born(self) -> int:
        """A new worker's process."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.said())

    def said(self) -> str:
        """The next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self, worker: int) -> None:
        """End a worker as a power cut would."""
        os.kill(worker, signal.SIGKILL)
        assert self.said() == "dead"


@contextmanager
def nursery(database: Database, world: World, root: Path, size: int, *how: str) -> Iterator[tuple[Nursery, BatchRef]]:
    """A nursery that has done one certificate, and a batch of all the others up to ``size``, waiting.

    It is ended whatever happens.
    """
    first, *others = crowd.gather(database, world, size)
    crowd.decide(database, world, [first])
    url = database.engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.certificates.batch_worker_process", url, str(root), *how],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        found = Nursery(process)
        assert found.said() == "ready"
        yield found, crowd.decide(database, world, others)
    finally:
        process.kill()
        process.communicate()


def kill_often(found: Nursery, database: Database, batch: BatchRef, kills: int, longest: float) -> Counter[str]:
    """Kill workers, half of them while they issue and half while they draw, each within ``longest`` seconds.

    Then one lives until all is done. Returns how many were killed in which phase.
    """
    seed = random.randrange(2**32)  # noqa: S311 - moments, not secrets
    chance, during = random.Random(seed), Counter[str]()  # noqa: S311
    print(f"seed {seed}")
    for end in ("drawing", "finished"):
        for _ in range(kills // 2):
            worker = found.born()
            time.sleep(chance.uniform(0, longest))
            found.kill(worker)
            during[phase(database, batch)] += 1
        worker = found.born()
        until(lambda end=end: phase(database, batch) in {end, "finished"})
        found.kill(worker)
    return during


def until(reached: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def phase(database: Database, batch: BatchRef) -> str:
    """What there is still to do."""
    asked = text(
        "select case when bool_or(i.certificate_id is null) then 'issuing' when b.finished_at is null then 'drawing' "
        "else 'finished' end from batch b join batch_item i on i.batch_id = b.id where b.id = :id group by b.id"
    )
    with database.engine.connect() as connection:
        return str(connection.execute(asked, {"id": batch.id}).scalar_one())


def count(database: Database, world: World, batch: BatchRef, root: Path, size: int) -> dict[str, int]:
    """What is wrong, by kind; every figure is 0 when nothing is. The sweep is part of the resumption."""
    with database.engine.connect() as connection:
        rows = connection.execute(text("select enrolment_id, sequence, pdf_sha256 from certificate")).all()
        last = connection.execute(text("select last from certificate_counter")).scalar_one()
        told = connection.execute(
            text("select subject_id from audit_entry where subject = 'certificate' and action = 'create'")
        ).scalars()
        untold = Counter(told)
    numbers = {row.sequence for row in rows}
    sweep_files(database, root, age=timedelta(minutes=-1))
    kept = {path.name for path in (root / "files").rglob("*") if path.is_file()}
    named = named_files(database)
    archived = archive_of(database, world, batch, root)
    return {
        "lost": size - len({row.enrolment_id for row in rows}),
        "duplicated": len(rows) - len({row.enrolment_id for row in rows}) + len(rows) - len(numbers),
        "gaps": max(last, *numbers) - len(numbers),
        "without document": sum(row.pdf_sha256 is None for row in rows),
        "files missing": len(named - kept),
        "orphans": len(kept - named),
        "not archived": size - 1 - archived,
        "not recorded once": sum(n != 1 for n in untold.values()) + size - len(untold),
    }


def archive_of(database: Database, world: World, batch: BatchRef, root: Path) -> int:
    """Documents in the archive, each whole."""
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        seen = batches.see_batch(db, actor, batch.id)
        _, pieces = archive.archive(db, seen, DocumentStore(root, SITE, RING))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as opened:
        assert opened.testzip() is None
        return sum(opened.read(name).startswith(b"%PDF-") for name in opened.namelist())
