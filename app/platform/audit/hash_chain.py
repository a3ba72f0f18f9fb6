"""The chain of the record: each entry sealed to the one before, under a key that the database does not hold.

Sealing is done apart, by one process at a time (an advisory lock), so that no request waits on it: entries
are sealed in the order they are found, and one that was committed late is sealed later, further on. An entry's
seal covers its own columns, among them the digest of its values, and the seal before. Whoever alters, removes
or reorders what is sealed violations the chain; whoever cuts its end is found with an anchor kept elsewhere.
"""

import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text

from app.platform.audit.recorder import digest_of
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.json import canonical
from app.platform.security.keyring import Keyring, Use

BEGINNING = "0" * 64
LATE = 10_000
"""How many ids back a frequent sealing looks for entries that were committed late; a whole one looks at all."""
FIELDS = (
    "id", "at", "actor_id", "sign_in_id", "token_id", "permission", "action", "subject", "subject_id",
    "college_id", "outcome", "origin", "digest",
)  # fmt: skip
"""What a seal covers, in this order for ever: a column that comes later is covered by a later kind of seal."""
_ENTRY = ", ".join(f"e.{name}" for name in FIELDS)
_LOCK = text("select pg_advisory_xact_lock(hashtext('escouade audit'))")
_LAST = text(
    "select seq, mac, (select max(entry_id) from audit_seal) as entry from audit_seal order by seq desc limit 1"
)
_UNSEALED = text(
    f"""
    select {_ENTRY} from audit_entry e
     where e.id > :floor and not exists (select from audit_seal s where s.entry_id = e.id)
     order by e.id
    """  # noqa: S608 - columns of ours
)
_SEAL = text(
    """
    insert into audit_seal (seq, entry_id, key_version, mac, sealed_at)
    select s.seq, s.entry_id, :version, s.mac, :at
      from unnest(cast(:seqs as bigint[]), cast(:entries as bigint[]), cast(:macs as text[])) as s(seq, entry_id, mac)
    """
)
_CHAIN = text(
    f"""
    select {_ENTRY}, s.seq, s.entry_id as sealed_id, s.key_version, s.mac,
           v.entry_id is not null as has_values, v.salt, v.before, v.after
      from audit_seal s
      left join audit_entry e on e.id = s.entry_id
      left join audit_values v on v.entry_id = s.entry_id
     order by s.seq
    """  # noqa: S608
)
BATCH = 5_000


class Fault(StrEnum):
    """What may be wrong with the chain."""

    ALTERED = "altered"
    ENTRY_MISSING = "entry_missing"
    GAP = "gap"
    VALUES_ALTERED = "values_altered"
    VALUES_MISSING = "values_missing"
    ANCHOR_MISSING = "anchor_missing"
    ANCHOR_DIFFERS = "anchor_differs"
    ANCHOR_UNREADABLE = "anchor_unreadable"


@dataclass(frozen=True, slots=True)
class Violation:
    """A fault at a place of the chain; ``entry_id`` is the record's, when there is one."""

    fault: Fault
    seq: int
    entry_id: int | None = None


@dataclass
class ChainReport:
    """What a whole reading of the chain found; ``anchor`` (``seq:mac``) names its end, to be kept elsewhere."""

    sealed: int = 0
    emptied: int = 0
    violations: list[Violation] = field(default_factory=list)
    anchor: str | None = None


def _mac(keyring: Keyring, version: int, previous: str, seq: int, entry: Sequence[Any]) -> str:
    """``entry`` holds the values of :data:`FIELDS`; a moment counts in UTC, whatever the session's zone."""
    covered = [value.astimezone(UTC).isoformat() if type(value) is datetime else value for value in entry]
    return keyring.mac(Use.AUDIT, f"{previous}\n{seq}\n".encode() + canonical(covered), version=version)


def append(db: Session, keyring: Keyring, *, whole: bool = False) -> int:
    """Seal every entry that is not, as the tables' owner; returns how many. ``whole`` looks as far back as there is."""
    db.execute(_LOCK)
    last = db.execute(_LAST).one_or_none()
    seq, previous, newest = (last.seq, last.mac, last.entry) if last is not None else (0, BEGINNING, 0)
    found = db.execute(_UNSEALED, {"floor": -1 if whole else newest - LATE}).all()
    for start in range(0, len(found), BATCH):
        part = found[start : start + BATCH]
        macs = []
        for place, entry in enumerate(part, seq + 1):
            previous = _mac(keyring, keyring.current, previous, place, entry)
            macs.append(previous)
        values = {"seqs": list(range(seq + 1, seq + 1 + len(part))), "entries": [e.id for e in part], "macs": macs}
        db.execute(_SEAL, {**values, "version": keyring.current, "at": now()})
        seq += len(part)
    return len(found)


def verify(db: Session, keyring: Keyring, anchors: Iterable[str] = ()) -> ChainReport:
    """Read the whole chain as the tables' owner; ``anchors`` are ends of it that earlier verdicts named."""
    report = ChainReport()
    awaited = dict(_read(report, anchors))
    previous, expected = BEGINNING, 1
    for row in db.execute(_CHAIN, execution_options={"yield_per": BATCH}):
        if row.seq != expected:
            report.violations.append(Violation(Fault.GAP, expected))
        report.violations.extend(_faults(keyring, previous, row))
        if (kept := awaited.pop(row.seq, None)) is not None and not hmac.compare_digest(kept, row.mac):
            report.violations.append(Violation(Fault.ANCHOR_DIFFERS, row.seq, row.sealed_id))
        report.sealed += 1
        report.emptied += _is_emptied(row)
        previous, expected = row.mac, row.seq + 1
    report.violations.extend(Violation(Fault.ANCHOR_MISSING, seq) for seq in awaited)
    report.anchor = f"{expected - 1}:{previous}" if report.sealed else None
    return report


def _read(report: ChainReport, anchors: Iterable[str]) -> Iterator[tuple[int, str]]:
    for anchor in anchors:
        seq, _, mac = anchor.strip().partition(":")
        if seq.isdecimal() and mac.isalnum() and mac.isascii():
            yield int(seq), mac
        else:
            report.violations.append(Violation(Fault.ANCHOR_UNREADABLE, 0))


def _faults(keyring: Keyring, previous: str, row: Any) -> Iterator[Violation]:  # noqa: ANN401
    if row.id is None:
        yield Violation(Fault.ENTRY_MISSING, row.seq, row.sealed_id)
        return
    if not hmac.compare_digest(row.mac, _mac(keyring, row.key_version, previous, row.seq, row[: len(FIELDS)])):
        yield Violation(Fault.ALTERED, row.seq, row.sealed_id)
    if row.digest and not row.has_values:
        yield Violation(Fault.VALUES_MISSING, row.seq, row.sealed_id)
    elif row.has_values and not _is_emptied(row) and digest_of(row.salt or "", row.before, row.after) != row.digest:
        yield Violation(Fault.VALUES_ALTERED, row.seq, row.sealed_id)


def _is_emptied(row: Any) -> bool:  # noqa: ANN401
    """Whether the values were taken away on purpose: the entry stays, and says no more of whom."""
    return bool(row.has_values and row.salt is None and row.before is None and row.after is None)
