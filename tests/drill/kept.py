"""What the installation has kept, to compare with what it acknowledged."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from app.platform.database.transaction import Database
from app.platform.files.store import SERVED
from app.progress.jobs import check_progress
from tests.drill.load import BATCH, deposit, deposit_name
from tests.drill.population import Population

QUERIES = {
    "hours": "select note, count(*) from field_hours where note like 'hours-%' group by note",
    "judgement": "select comment, count(*) from judgement where comment like 'judgement-%' group by comment",
    "roll-call": "select reason, count(*) from roll_call where reason like 'roll-call-%' group by reason",
    "invitation": "select split_part(email, '@', 1), count(*) from invitation group by 1",
    "deposit": "select file_sha256, count(*) from hand_in where file_sha256 is not null group by file_sha256",
    "batch": "select enrolment_id::text, count(*) from batch_item group by 1",
}
"""How often each mark stands in the database, by kind."""

RECORDED = """
    select count(*) from field_hours h where note like 'hours-%' and 1 <> (
        select count(*) from audit_entry e
         where e.subject = 'field_hours' and e.subject_id = h.id and e.action = 'create')
"""


@dataclass
class Comparison:
    """What was acknowledged and is not there, and what is there twice."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)


def compare(database: Database, people: Population, root: Path, acknowledged: dict[str, list[str]]) -> Comparison:
    """Compare what was acknowledged with what the database and the file store hold."""
    found = Comparison(Counter({kind: len(marks) for kind, marks in acknowledged.items()}))
    with database.engine.connect() as owner:
        for kind, marks in acknowledged.items():
            kept = {str(mark): int(count) for mark, count in owner.execute(text(QUERIES[kind]))}
            for mark in marks:
                for name in _names(kind, mark, people):
                    found.lost += [mark] * (name not in kept)
                    found.doubled += [mark] * (kept.get(name, 0) > 1)
                found.lost += [f"file of {mark}"] * (kind == "deposit" and not _is_stored(root, mark))
    return found


def _names(kind: str, mark: str, people: Population) -> list[str]:
    """Return what the database calls a write."""
    if kind == "batch":
        at = int(mark.rpartition("-")[2]) * BATCH
        return [str(enrolment) for enrolment in people.eligible[at : at + BATCH]]
    return [deposit_name(mark)] if kind == "deposit" else [mark]


def _is_stored(root: Path, mark: str) -> bool:
    name = deposit_name(mark)
    path = root / SERVED / name[:2] / name
    return path.exists() and path.read_bytes() == deposit(mark)


def jobs_left(database: Database) -> int:
    """Return how many letters, certificates and documents are still to be made."""
    counted = """
        select (select count(*) from letter where state in ('waiting', 'retrying'))
             + (select count(*) from batch where finished_at is null)
    """
    with database.engine.connect() as owner:
        return int(owner.execute(text(counted)).scalar_one())


def faults_at_the_end(
    database: Database, people: Population, acknowledged: dict[str, list[str]], received: Counter[str]
) -> dict[str, int]:
    """Return the number of faults by kind once all work is done, each 0 when nothing is wrong."""
    with database.engine.connect() as owner:
        rows = owner.execute(text("select enrolment_id, sequence, pdf_sha256 from certificate")).all()
        last = owner.execute(text("select coalesce(max(last), 0) from certificate_counter")).scalar_one()
        unrecorded = owner.execute(text(RECORDED)).scalar_one()
        sent = owner.execute(text("select count(*) from letter where state = 'sent'")).scalar_one()
        open_batches = owner.execute(text("select count(*) from batch where finished_at is null")).scalar_one()
    decided = {int(e) for mark in acknowledged["batch"] for e in _names("batch", mark, people)}
    certified = Counter(row.enrolment_id for row in rows)
    return {
        "certificates lost": len(decided - certified.keys()),
        "certificates doubled": sum(count > 1 for count in certified.values()),
        "gaps in numbers": last - len({row.sequence for row in rows}),
        "certificates without document": sum(row.pdf_sha256 is None for row in rows),
        "batches unfinished": open_batches,
        "letters never sent": sum(not received[mark] for mark in acknowledged["invitation"]),
        "invitations doubled": sum(received[mark] > 1 for mark in acknowledged["invitation"]),
        "letters doubled": max(received.total() - sent, 0),
        "hours not recorded once": unrecorded,
        "progress not what the facts give": len(check_progress(database)),
    }
