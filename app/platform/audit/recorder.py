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
from datetime import UTC, date, datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import object_mapper

from app.platform.audit.access_log import write_views
from app.platform.audit.enums import Act, Outcome
from app.platform.clock import now
from app.platform.database.session import Session, changes
from app.platform.json import canonical

HIDDEN = "•"
SECRETS = frozenset(
    {
        "account.password_hash", "account.totp_sealed", "sign_in.secret_hash", "recovery_code.code_hash",
        "api_token.token_hash", "invitation.token_hash", "password_reset.token_hash",
        "oidc_provider.client_secret_sealed", "college_key.private_sealed",
    }
)  # fmt: skip
"""Columns whose values are never copied, not even as digests: what opens a door."""

NOT_AUDITED: Mapping[str, str] = MappingProxyType(
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


def record_statement(
    db: Session,
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
    db.info.setdefault("noted", []).append(entry)


def skip_audit(db: Session, name: str) -> None:
    """Say of a statement that it wrote what is decided to leave no entry (a column of :data:`UNRECORDED`)."""
    if name not in NOT_AUDITED:
        raise RuntimeError(f"{name} is recorded")
    db.info.setdefault("skip_audit", Counter())[name.partition(".")[0]] += 1


def entries_of(db: Session) -> list[Entry]:
    """What this transaction did so far, one entry per row, in order; and what was noted."""
    found: dict[object, Entry] = {}
    for change in changes(db):
        table = str(change.row.__tablename__)
        before, after = _shown(table, change.before), _shown(table, change.after)
        if table in NOT_AUDITED or (before == {} and after == {}):
            continue
        act = Act.CREATE if before is None else Act.REMOVE if after is None else Act.CHANGE
        key = tuple(object_mapper(change.row).primary_key_from_instance(change.row))
        college = change.row.id if table == "college" else getattr(change.row, "college_id", None)
        entry = Entry(act, table, key[0] if len(key) == 1 and type(key[0]) is int else None, college, before, after)
        known = found.get((table, key))
        found[table, key] = entry if known is None else known.joined(entry)
    return [*found.values(), *db.info.get("noted", ())]


def _shown(table: str, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Columns as they are kept: secrets hidden, what is decided to be unrecorded left out, the rest plain."""
    if values is None:
        return None
    kept = {name: value for name, value in values.items() if f"{table}.{name}" not in NOT_AUDITED}
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


def record(db: Session) -> None:
    """Write what the transaction did and whom it looked at: at most one statement for each."""
    entries = entries_of(db)
    if entries:
        write(db, entries, Outcome.DONE)
    write_views(db)
    db.info.pop("noted", None)
    db.info.pop("skip_audit", None)


def write(db: Session, entries: Iterable[Entry], outcome: Outcome) -> None:
    """Add entries to the record, by whoever acts in the session."""
    context = db.actor_context
    values = {
        "entries": canonical([_as_json(entry) for entry in entries]).decode(),
        "at": now(),
        "actor": context.person_id,
        "sign_in": context.sign_in_id,
        "token": context.token_id,
        "permission": context.permission,
        "outcome": outcome.value,
        "origin": context.origin,
    }
    db.execute(_RECORD, values)


def _as_json(entry: Entry) -> dict[str, object]:
    shown = {name: getattr(entry, name) for name in ("action", "subject", "subject_id", "college_id")}
    if entry.before is None and entry.after is None:
        return {**shown, "digest": ""}
    salt = secrets.token_hex(16)
    digest = digest_of(salt, entry.before, entry.after)
    return {**shown, "digest": digest, "salt": salt, "before": entry.before, "after": entry.after}
