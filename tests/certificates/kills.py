"""Kill workers at random moments, then count lost and duplicated certificates, gaps in numbers, and stray files."""

import io
import pickle
import random
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import text

from app.certificates.batches import archive
from app.certificates.batches import service as batches
from app.certificates.batches.schemas import BatchRef
from app.certificates.documents.service import DocumentStore
from app.platform.database.transaction import Database
from app.platform.files.folder import FolderStore
from app.platform.jobs.upkeep import referenced_files, sweep_files
from app.platform.locations import ROOT
from app.platform.security.permissions import P
from tests.conftest import RING, SITE
from tests.factories import bulk_clone
from tests.factories.network import World, acting
from tests.factories.waiting import wait_until

TIMEOUT_SECONDS = 600.0


@dataclass
class WorkerLauncher:
    """The process that forks workers."""

    process: subprocess.Popen[str]

    def start(self) -> int:
        """Start a worker and return its process id."""
        return int(self.ask("start"))

    def ask(self, command: str) -> str:
        """Send a line to the process and return its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return self.read_line()

    def read_line(self) -> str:
        """Return the next line of the process."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self, worker: int) -> None:
        """Kill a worker without warning, as a power cut would."""
        assert self.ask(f"kill {worker}") == "dead"


@contextmanager
def worker_launcher(
    database: Database, world: World, root: Path, size: int, *options: str
) -> Iterator[tuple[WorkerLauncher, BatchRef]]:
    """Yield a launcher that has issued one certificate, and a waiting batch of the others up to ``size``.

    Its process is killed at the end in any case.
    """
    first, *others = bulk_clone.make_eligible(database, world, size)
    bulk_clone.decide(database, world, [first])
    addresses = pickle.dumps(database.addresses).hex()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.certificates.batch_worker_process", addresses, str(root), *options],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        launcher = WorkerLauncher(process)
        assert launcher.read_line() == "ready"
        yield launcher, bulk_clone.decide(database, world, others)
    finally:
        process.kill()
        process.communicate()


def kill_workers(
    launcher: WorkerLauncher, database: Database, batch: BatchRef, kills: int, longest: float, *, losses: int = 0
) -> Counter[str]:
    """Kill workers, half of them while they issue and half while they render, each within ``longest`` seconds.

    Some lose all their connections first (``losses``), and go on. Then one worker runs until all is done. Return how
    many were killed in each phase.
    """
    seed = random.randrange(2**32)  # noqa: S311 - moments, not secrets
    chance, during = random.Random(seed), Counter[str]()  # noqa: S311
    print(f"seed {seed}")
    for end in ("drawing", "finished"):
        for kill in range(kills // 2):
            worker, more = launcher.start(), chance.uniform(0, 0.1)
            share = (kill + 1) / (kills // 2 + 1) if end == "drawing" else 1
            if losses and kill % (kills // losses) == 0:
                wait_for_moment(database, batch, chance.uniform(0, longest), share, more)
                wait_until(lambda: lose_connections(database) > 0, TIMEOUT_SECONDS)
                during["lost connections"] += 1
            wait_for_moment(database, batch, chance.uniform(0, longest), share, more)
            launcher.kill(worker)
            during[phase(database, batch)] += 1
        worker = launcher.start()
        wait_until(partial(has_reached, database, batch, end), TIMEOUT_SECONDS)
        launcher.kill(worker)
    return during


def wait_for_moment(database: Database, batch: BatchRef, seconds: float, share: float, more: float) -> None:
    """Wait that long, or ``more`` after a share is issued: a fast machine must not end before the kill."""
    count = text("select count(certificate_id)::float / count(*) from batch_item where batch_id = :id")
    deadline = time.monotonic() + seconds
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while time.monotonic() < deadline:
            if share < 1 and connection.execute(count, {"id": batch.id}).scalar_one() >= share:
                time.sleep(more)  # not always right after a commit
                return
            time.sleep(0.005)


def lose_connections(database: Database) -> int:
    """End every connection of the workers to the database, whatever it is doing; return how many."""
    ended = text(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() "
        "and application_name like 'escouade%' and pid <> pg_backend_pid()"
    )
    with database.engine.connect() as connection:
        return int(connection.execute(ended).scalar_one())


def has_reached(database: Database, batch: BatchRef, wanted: str) -> bool:
    """Whether a batch is in a phase, or finished."""
    return phase(database, batch) in {wanted, "finished"}


def shares(database: Database) -> dict[str, tuple[int, int]]:
    """Return how many certificates each worker has issued, and how many documents it has rendered."""
    counted = text(
        "select origin, count(*) filter (where action = 'create') as issued, "
        "count(*) filter (where after ? 'pdf_sha256' and action = 'change') as rendered "
        "from audit_entry e left join audit_values v on v.entry_id = e.id "
        "where subject = 'certificate' and origin like 'worker %' group by origin"
    )
    with database.engine.connect() as connection:
        return {row.origin: (row.issued, row.rendered) for row in connection.execute(counted)}


def seconds_until_taken_up(launcher: WorkerLauncher, database: Database, worker: int) -> tuple[int, float]:
    """Kill a worker while it runs jobs; return how many, and the seconds until others had taken up or done them all."""
    running = text(
        "select array_agg(j.id) as jobs, w.parts from queue.worker w "
        "join queue.procrastinate_jobs j on j.status = 'doing' and j.worker_id = any(w.parts) "
        "where w.pid = :pid group by w.parts"
    )
    left = text(
        "select count(*) from queue.procrastinate_jobs where id = any(:jobs) "
        "and (status = 'todo' or worker_id is null or worker_id = any(:parts))"
    )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while (found := connection.execute(running, {"pid": worker}).one_or_none()) is None:
            time.sleep(0.005)
        launcher.kill(worker)
        killed = time.monotonic()
        values = {"jobs": found.jobs, "parts": found.parts}
        left_over = int(connection.execute(left, values).scalar_one())
        wait_until(lambda: not connection.execute(left, values).scalar_one(), TIMEOUT_SECONDS)
    return left_over, time.monotonic() - killed


def phase(database: Database, batch: BatchRef) -> str:
    """Return the phase of a batch: issuing, drawing or finished."""
    statement = text(
        "select case when bool_or(i.certificate_id is null) then 'issuing' when b.finished_at is null then 'drawing' "
        "else 'finished' end from batch b join batch_item i on i.batch_id = b.id where b.id = :id group by b.id"
    )
    with database.engine.connect() as connection:
        return str(connection.execute(statement, {"id": batch.id}).scalar_one())


def count_faults(database: Database, world: World, batch: BatchRef, root: Path, size: int) -> dict[str, int]:
    """Return the number of faults by kind, each 0 when nothing is wrong, after the sweep of stray files."""
    with database.engine.connect() as connection:
        rows = connection.execute(text("select enrolment_id, sequence, pdf_sha256 from certificate")).all()
        last = connection.execute(text("select last from certificate_counter")).scalar_one()
        subjects = connection.execute(
            text("select subject_id from audit_entry where subject = 'certificate' and action = 'create'")
        ).scalars()
        entries = Counter(subjects)
    numbers = {row.sequence for row in rows}
    sweep_files(database, FolderStore(root), age=timedelta(minutes=-1))
    stored = {path.name for path in (root / "files").rglob("*") if path.is_file()}
    named = referenced_files(database)
    archived = count_archived(database, world, batch, root)
    return {
        "lost": size - len({row.enrolment_id for row in rows}),
        "duplicated": len(rows) - len({row.enrolment_id for row in rows}) + len(rows) - len(numbers),
        "gaps": max(last, *numbers) - len(numbers),
        "without document": sum(row.pdf_sha256 is None for row in rows),
        "files missing": len(named - stored),
        "orphans": len(stored - named),
        "not archived": size - 1 - archived,
        "not recorded once": sum(n != 1 for n in entries.values()) + size - len(entries),
    }


def count_archived(database: Database, world: World, batch: BatchRef, root: Path) -> int:
    """Return the number of documents in the archive, each complete."""
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        ref = batches.see_batch(db, actor, batch.id)
        _, pieces = archive.stream_archive(db, ref, DocumentStore(FolderStore(root), SITE, RING))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as opened:
        assert opened.testzip() is None
        return sum(opened.read(name).startswith(b"%PDF-") for name in opened.namelist())
