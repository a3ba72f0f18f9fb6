"""The hash chain of the audit record: a MAC over each entry and the previous link, under a key outside the database.

Links are appended in the background by one process at a time (an advisory lock), so that no request waits: entries
are linked in the order of their ids, and one that was committed late is linked later. A link's MAC covers the
entry's columns, among them the digest of its values, and the previous MAC. Altering, removing or reordering linked
entries breaks the chain; a truncated end is detected with an anchor kept elsewhere.
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
from app.platform.security.keyring import KeyPurpose, Keyring

FIRST_MAC = "0" * 64
LATE_COMMIT_WINDOW = 10_000
"""How many ids back a frequent run looks for entries that were committed late; a whole run looks at all of them."""
FIELDS = (
    "id", "at", "actor_id", "sign_in_id", "token_id", "permission", "action", "subject", "subject_id",
    "college_id", "outcome", "origin", "digest",
)  # fmt: skip
"""The columns that a MAC covers, in this fixed order: covering a new column needs a new kind of link."""
_ENTRY_COLUMNS = ", ".join(f"e.{name}" for name in FIELDS)
_LOCK = text("select pg_advisory_xact_lock(hashtext('escouade audit'))")
_LAST_LINK = text(
    "select seq, mac, (select max(entry_id) from audit_seal) as entry from audit_seal order by seq desc limit 1"
)
_UNLINKED = text(
    f"""
    select {_ENTRY_COLUMNS} from audit_entry e
     where e.id > :floor and not exists (select from audit_seal s where s.entry_id = e.id)
     order by e.id
    """  # noqa: S608 - constant column names
)
_INSERT_LINKS = text(
    """
    insert into audit_seal (seq, entry_id, key_version, mac, sealed_at)
    select s.seq, s.entry_id, :version, s.mac, :at
      from unnest(cast(:seqs as bigint[]), cast(:entries as bigint[]), cast(:macs as text[])) as s(seq, entry_id, mac)
    """
)
_CHAIN = text(
    f"""
    select {_ENTRY_COLUMNS}, s.seq, s.entry_id as sealed_id, s.key_version, s.mac,
           v.entry_id is not null as has_values, v.salt, v.before, v.after
      from audit_seal s
      left join audit_entry e on e.id = s.entry_id
      left join audit_values v on v.entry_id = s.entry_id
     order by s.seq
    """  # noqa: S608
)
BATCH = 5_000


class Fault(StrEnum):
    """The kinds of violation of the chain."""

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
    """A fault at a position of the chain; ``entry_id`` is the audit entry's, when there is one."""

    fault: Fault
    seq: int
    entry_id: int | None = None


@dataclass
class ChainReport:
    """The result of a verification: links, entries with emptied values, violations.

    ``anchor`` (``seq:mac``) identifies the end of the chain, to be kept elsewhere; ``None`` for an empty chain.
    """

    sealed: int = 0
    emptied: int = 0
    violations: list[Violation] = field(default_factory=list)
    anchor: str | None = None


def _mac(keyring: Keyring, version: int, previous: str, seq: int, entry: Sequence[Any]) -> str:
    """Return the MAC of a link; ``entry`` holds the values of :data:`FIELDS`, moments are converted to UTC."""
    covered = [value.astimezone(UTC).isoformat() if type(value) is datetime else value for value in entry]
    return keyring.mac(KeyPurpose.AUDIT, f"{previous}\n{seq}\n".encode() + canonical(covered), version=version)


def append(db: Session, keyring: Keyring, *, whole: bool = False) -> int:
    """Append a link for every entry without one, as the tables' owner; return how many.

    ``whole`` looks at all entries, not only at those within :data:`LATE_COMMIT_WINDOW`.
    """
    db.execute(_LOCK)
    last = db.execute(_LAST_LINK).one_or_none()
    seq, previous, newest = (last.seq, last.mac, last.entry) if last is not None else (0, FIRST_MAC, 0)
    entries = db.execute(_UNLINKED, {"floor": -1 if whole else newest - LATE_COMMIT_WINDOW}).all()
    for start in range(0, len(entries), BATCH):
        batch = entries[start : start + BATCH]
        macs = []
        for position, entry in enumerate(batch, seq + 1):
            previous = _mac(keyring, keyring.current, previous, position, entry)
            macs.append(previous)
        values = {"seqs": list(range(seq + 1, seq + 1 + len(batch))), "entries": [e.id for e in batch], "macs": macs}
        db.execute(_INSERT_LINKS, {**values, "version": keyring.current, "at": now()})
        seq += len(batch)
    return len(entries)


def verify(db: Session, keyring: Keyring, anchors: Iterable[str] = ()) -> ChainReport:
    """Verify the whole chain as the tables' owner; ``anchors`` are those of earlier reports."""
    report = ChainReport()
    anchor_macs = dict(_parse_anchors(report, anchors))
    previous, expected = FIRST_MAC, 1
    for row in db.execute(_CHAIN, execution_options={"yield_per": BATCH}):
        if row.seq != expected:
            report.violations.append(Violation(Fault.GAP, expected))
        report.violations.extend(_violations(keyring, previous, row))
        if (anchor := anchor_macs.pop(row.seq, None)) is not None and not hmac.compare_digest(anchor, row.mac):
            report.violations.append(Violation(Fault.ANCHOR_DIFFERS, row.seq, row.sealed_id))
        report.sealed += 1
        report.emptied += _is_emptied(row)
        previous, expected = row.mac, row.seq + 1
    report.violations.extend(Violation(Fault.ANCHOR_MISSING, seq) for seq in anchor_macs)
    report.anchor = f"{expected - 1}:{previous}" if report.sealed else None
    return report


def _parse_anchors(report: ChainReport, anchors: Iterable[str]) -> Iterator[tuple[int, str]]:
    for anchor in anchors:
        seq, _, mac = anchor.strip().partition(":")
        if seq.isdecimal() and mac.isalnum() and mac.isascii():
            yield int(seq), mac
        else:
            report.violations.append(Violation(Fault.ANCHOR_UNREADABLE, 0))


def _violations(keyring: Keyring, previous: str, row: Any) -> Iterator[Violation]:  # noqa: ANN401
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
    """Return whether anonymisation emptied the values: the entry stays, without personal data."""
    return bool(row.has_values and row.salt is None and row.before is None and row.after is None)
