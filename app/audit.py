"""Who did what to whom, when, from where: append-only, derived from what each transaction wrote.

:func:`record` runs last at the commit boundary: every row that objects wrote becomes an entry, in the same
transaction, so that a change that cannot be recorded fails. A statement that escapes the unit of work says so
with :func:`note`. An entry holds identifiers and a digest; the values stand aside, with a salt so that a digest
whose values were emptied confirms no guess. The chain is sealed apart (``sealing.py``).

Views of a person's file (:func:`viewed`) are written at the same boundary, one row per person, unchained.
"""

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import object_mapper
from sqlmodel import Field, SQLModel

from app.access import GRANTS, Role
from app.db import Session, by_value, changes, moment, now

HIDDEN = "•"
SECRETS = frozenset(
    {
        "account.password_hash", "account.totp_sealed", "sign_in.secret_hash", "recovery_code.code_hash",
        "api_token.token_hash", "invitation.token_hash", "password_reset.token_hash",
        "oidc_provider.client_secret_sealed", "college_key.private_sealed",
    }
)  # fmt: skip
"""Columns whose values are never copied, not even as digests: what opens a door."""

UNRECORDED: Mapping[str, str] = MappingProxyType(
    {
        "audit_entry": "the record itself",
        "audit_values": "the record itself",
        "audit_seal": "the record itself",
        "view_log": "a record of its own",
        "attempt": "wrong tries are counted, not acted upon; strangers fill it, and it empties itself",
        "idempotent_request": "the creation that it stands for is recorded",
        "oidc_flow": "a step on the way; the sign-in or the link at its end is recorded",
        "letter": "what decided it is recorded; its words may open a door, its sending changes nobody's data",
        "progress": "derived from facts that are recorded; doctor --progress compares",
        "certificate_counter": "the number that it gave is in the certificate's entry",
        "password_reset.created_at": "anyone may ask for a link to any address; what is done with it is recorded",
        "sign_in.seen_at": "when a sign-in was last used says nothing that views and entries do not",
        "api_token.seen_at": "as above",
        "oidc_identity.seen_at": "as above",
    }
)
"""Tables and columns whose changes leave no entry, and why."""


class Outcome(StrEnum):
    """What became of an act."""

    DONE = "done"
    REFUSED = "refused"


class AuditEntry(SQLModel, table=True):
    """One act on one row, or one refused access: identifiers and digests only.

    ``subject`` is a table and ``subject_id`` its row, or of a refusal the door and the number it was asked for;
    ``digest`` the SHA-256 of the salt and the values kept aside.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject", "subject_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    at: datetime = moment(index=True)
    actor_id: int | None = Field(default=None, index=True)
    sign_in_id: int | None = None
    token_id: int | None = None
    permission: str = Field(default="", max_length=40)
    action: str = Field(max_length=40)
    subject: str = Field(default="", max_length=120)
    subject_id: int | None = None
    college_id: int | None = Field(default=None, index=True)
    outcome: Outcome = Field(sa_type=by_value(Outcome))
    origin: str = Field(default="", max_length=45)
    digest: str = Field(default="", max_length=64)


class AuditValues(SQLModel, table=True):
    """What an entry changed, before and after; anonymisation may empty all three without breaking the chain."""

    __tablename__ = "audit_values"

    entry_id: int = Field(primary_key=True, foreign_key="audit_entry.id", sa_type=BigInteger)
    salt: str | None = Field(default=None, max_length=32)
    before: dict[str, object] | None = Field(default=None, sa_type=JSONB)
    after: dict[str, object] | None = Field(default=None, sa_type=JSONB)


class AuditSeal(SQLModel, table=True):
    """An entry's link of the chain: ``mac`` covers the entry and the one before; ``key_version`` is the keyring's."""

    __tablename__ = "audit_seal"

    seq: int = Field(primary_key=True, sa_type=BigInteger)
    entry_id: int = Field(unique=True, foreign_key="audit_entry.id", sa_type=BigInteger)
    key_version: int
    mac: str = Field(max_length=64)
    sealed_at: datetime = moment()


class Part(StrEnum):
    """What of a person's file was seen; the last four are lists of a cohort or a college."""

    ENROLMENT = "enrolment"
    PROGRESS = "progress"
    EVIDENCE = "evidence"
    JUDGEMENT = "judgement"
    CERTIFICATE = "certificate"
    MANDATE = "mandate"
    REPORT = "report"
    BOARD = "board"
    APPLICATION = "application"
    CANDIDATES = "candidates"
    HOURS = "hours"


DAILY = frozenset({Part.BOARD, Part.APPLICATION, Part.CANDIDATES, Part.HOURS})
"""Lists that their readers open all day long: one row per reader, person and half-day."""
HALF_DAY = timedelta(hours=12)


class View(SQLModel, table=True):
    """That someone saw or exported something of a person's file; the person may read it. Not chained.

    ``role`` is the one that opened the file to them that day.
    """

    __tablename__ = "view_log"
    __table_args__ = (Index("ix_view_log_subject_at", "subject_id", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    at: datetime = moment()
    viewer_id: int | None = None
    subject_id: int = Field(foreign_key="person.id")
    college_id: int | None = Field(default=None, foreign_key="college.id")
    permission: str = Field(max_length=40)
    role: Role | None = Field(default=None, sa_type=by_value(Role), nullable=True)
    what: Part = Field(sa_type=by_value(Part))
    origin: str = Field(default="", max_length=45)


# What is to be recorded --------------------------------------------------------------------------


class Act(StrEnum):
    """What was done to a row."""

    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry on its way; ``before`` and ``after`` are columns with their values."""

    action: str
    subject: str
    subject_id: int | None = None
    college_id: int | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None

    def joined(self, later: "Entry") -> "Entry":
        """One entry per row and transaction: what it was at first, what it is in the end."""
        if later.action == Act.REMOVE:
            return replace(later, before={**(later.before or {}), **(self.before or {})})
        before = None if self.before is None else {**(later.before or {}), **self.before}
        return replace(self, before=before, after={**(self.after or {}), **(later.after or {})})


def note(
    session: Session,
    action: Act,
    table: str,
    row_id: int | None,
    *,
    college_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Say of a statement that no object carried which row it wrote: :func:`record` sees objects only."""
    entry = Entry(action, table, row_id, college_id, _shown(table, before), _shown(table, after))
    session.info.setdefault("noted", []).append(entry)


def unrecorded(session: Session, name: str) -> None:
    """Say of a statement that it wrote what is decided to leave no entry (a column of :data:`UNRECORDED`)."""
    if name not in UNRECORDED:
        raise RuntimeError(f"{name} is recorded")
    session.info.setdefault("unrecorded", Counter())[name.partition(".")[0]] += 1


def entries_of(session: Session) -> list[Entry]:
    """What this transaction did so far, one entry per row, in order; and what was noted."""
    found: dict[object, Entry] = {}
    for change in changes(session):
        table = str(change.row.__tablename__)
        before, after = _shown(table, change.before), _shown(table, change.after)
        if table in UNRECORDED or (before == {} and after == {}):
            continue
        act = Act.CREATE if before is None else Act.REMOVE if after is None else Act.CHANGE
        key = tuple(object_mapper(change.row).primary_key_from_instance(change.row))
        college = change.row.id if table == "college" else getattr(change.row, "college_id", None)
        entry = Entry(act, table, key[0] if len(key) == 1 and type(key[0]) is int else None, college, before, after)
        known = found.get((table, key))
        found[table, key] = entry if known is None else known.joined(entry)
    return [*found.values(), *session.info.get("noted", ())]


def _shown(table: str, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Columns as they are kept: secrets hidden, what is decided to be unrecorded left out, the rest plain."""
    if values is None:
        return None
    kept = {name: value for name, value in values.items() if f"{table}.{name}" not in UNRECORDED}
    hidden = {name: HIDDEN for name in kept if f"{table}.{name}" in SECRETS}
    return plain({**kept, **hidden})


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """As JSON that reads back the same from ``jsonb``, which keeps no float as it was written: they become text."""
    found: dict[str, Any] = json.loads(json.dumps(values, default=_in_text), parse_float=str, parse_constant=str)
    return found


def _in_text(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return sha256(value).hexdigest() if isinstance(value, bytes) else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def canonical(value: object) -> bytes:
    """JSON as it is digested: keys in order, no space."""
    return _encode(value).encode()


def digest_of(salt: str, before: object, after: object) -> str:
    """What an entry keeps of its values."""
    return sha256(salt.encode() + canonical({"before": before, "after": after})).hexdigest()


# At the commit boundary --------------------------------------------------------------------------

# One statement, and ids from the sequence: the application role may add to the record, not read it back.
_RECORD = text(
    """
    with given as materialized (
      select nextval('audit_entry_id_seq') as id, g.*
        from jsonb_to_recordset(cast(:entries as jsonb)) as g(
          action text, subject text, subject_id int, college_id int, digest text, salt text, before jsonb, after jsonb)
    ), kept as (
      insert into audit_entry (id, at, actor_id, sign_in_id, token_id, permission, action, subject, subject_id,
                               college_id, outcome, origin, digest)
      select id, :at, :actor, :sign_in, :token, :permission, action, subject, subject_id,
             college_id, :outcome, :origin, digest
        from given
    )
    insert into audit_values (entry_id, salt, before, after)
    select id, salt, before, after from given where digest <> ''
    """
)


def record(session: Session) -> None:
    """Write what the transaction did and whom it looked at: at most one statement for each."""
    entries = entries_of(session)
    if entries:
        write(session, entries, Outcome.DONE)
    _record_views(session)
    session.info.pop("noted", None)
    session.info.pop("unrecorded", None)


def write(session: Session, entries: Iterable[Entry], outcome: Outcome) -> None:
    """Add entries to the record, by whoever acts in the session."""
    acting = session.acting
    values = {
        "entries": canonical([_as_json(entry) for entry in entries]).decode(),
        "at": now(),
        "actor": acting.person_id,
        "sign_in": acting.sign_in_id,
        "token": acting.token_id,
        "permission": acting.permission,
        "outcome": outcome.value,
        "origin": acting.origin,
    }
    session.execute(_RECORD, values)


def _as_json(entry: Entry) -> dict[str, object]:
    shown = {name: getattr(entry, name) for name in ("action", "subject", "subject_id", "college_id")}
    if entry.before is None and entry.after is None:
        return {**shown, "digest": ""}
    salt = secrets.token_hex(16)
    digest = digest_of(salt, entry.before, entry.after)
    return {**shown, "digest": digest, "salt": salt, "before": entry.before, "after": entry.after}


# Views of a person's file ------------------------------------------------------------------------


def part_of(permission: str) -> Part:
    """The part of a file that a permission opens: its noun."""
    noun = permission.partition(":")[0]
    return Part(noun) if noun in set(Part) else Part.ENROLMENT


def viewed(session: Session, people: Iterable[tuple[int, int]], part: Part | None = None) -> None:
    """Someone sees what concerns these ``(person, college)``: a row for each but themself, written at the boundary.

    The part of the file is the one that the route's permission opens, unless told. Behind no route (the command
    line, a story being told) nobody is shown anything.
    """
    acting = session.acting
    if acting.person_id is not None and acting.permission:
        what = part or part_of(acting.permission)
        seen: dict[tuple[int, int, Part], None] = session.info.setdefault("viewed", {})
        seen.update({(person, college, what): None for person, college in people if person != acting.person_id})


_VIEWS = text(
    """
    insert into view_log (at, viewer_id, subject_id, college_id, permission, role, what, origin)
    select :at, :viewer, g.person, g.college, :permission,
           (select r.role from role_held r
             where r.person_id = :viewer and r.ended_at is null and r.role = any (cast(:roles as text[]))
               and (r.college_id is null or r.college_id = g.college)
             order by array_position(cast(:roles as text[]), r.role::text) limit 1),
           g.what, :origin
      from jsonb_to_recordset(cast(:people as jsonb)) as g(person int, college int, what text, daily bool)
     where not (g.daily and exists (
             select from view_log v
              where v.viewer_id = :viewer and v.subject_id = g.person and v.what = g.what and v.at > :since))
    """
)


def _record_views(session: Session) -> None:
    seen: dict[tuple[int, int, Part], None] = session.info.pop("viewed", {})
    if not seen:
        return
    acting, at = session.acting, now()
    people = [{"person": p, "college": c, "what": w, "daily": w in DAILY} for p, c, w in seen]
    values = {
        "people": canonical(people).decode(),
        "at": at,
        "since": at - HALF_DAY,
        "viewer": acting.person_id,
        "permission": acting.permission,
        "roles": [role.value for role in Role if acting.permission in GRANTS[role]],
        "origin": acting.origin,
    }
    session.execute(_VIEWS, values)
