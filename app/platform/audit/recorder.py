"""The recorder of the audit record: entries derived from the changes of each transaction, append-only.

:func:`record` runs last before each commit: every row changed through an object becomes an entry, in the same
transaction, so that a change that cannot be recorded fails. A statement outside the unit of work is declared with
:func:`record_statement` or :func:`skip_audit`. An entry holds identifiers and a digest; its values are in another
table, with a salt, so that the digest of emptied values confirms no guess. The hash chain is appended separately
(``hash_chain.py``).
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

from app.platform.audit.access_log import write_accesses
from app.platform.audit.enums import Act, Outcome
from app.platform.clock import now
from app.platform.database.session import Session, changes
from app.platform.json import canonical

REDACTED = "•"
SECRETS = frozenset(
    {
        "account_secret.password_hash", "account_secret.totp_sealed", "sign_in.secret_hash", "recovery_code.code_hash",
        "api_token.token_hash", "invitation.token_hash", "password_reset.token_hash",
        "address_change.token_hash",
        "oidc_provider.client_secret_sealed", "college_key.private_sealed",
        "calendar_feed.secret_hash", "scheduled_session.meeting_link", "codev_session.meeting_link",
        "codev_group_key.key_sealed", "codev_confidence.content_sealed",
        "rating_box.content_sealed", "interest.detail_sealed",
    }
)  # fmt: skip
"""Columns whose values are never copied, not even as digests: credentials, and what a group keeps to itself."""

NOT_AUDITED: Mapping[str, str] = MappingProxyType(
    {
        "audit_entry": "the record itself",
        "audit_values": "the record itself",
        "audit_seal": "the record itself",
        "view_log": "a record of its own",
        "person_word": "kept by the database from the search key, whose change is recorded",
        "enterprise_word": "kept by the database from the search key, whose change is recorded",
        "accompanied_count": "kept by the database from confirmations, which are recorded",
        "accompanied_enterprise": "kept by the database from confirmations, which are recorded",
        "attempt": "failed attempts are only counted; unauthenticated requests add rows, which expire",
        "idempotent_request": "the creation that it belongs to is recorded",
        "oidc_flow": "an intermediate step; the sign-in or the link that ends it is recorded",
        "letter": "its cause is recorded; its text may hold a secret link, sending it changes nobody's data",
        "notification": "its cause is recorded; whether its reader has read it is theirs alone",
        "project_person": "kept by the database from enrolments, which are recorded",
        "report_sum": "kept by the database from rows that are recorded, or derived from facts that are",
        "upload": "an intermediate step; the hand-in that it ends as is recorded",
        "upload_part": "as above",
        "judgement_draft": "an intermediate step; the judgement that it ends as is recorded",
        "judgement_draft_text": "as above",
        "saved_comment": "one's own words to use again; a judgement that repeats them is recorded",
        "progress": "derived from facts that are recorded; doctor --progress compares them",
        "certificate_counter": "the number taken from it is in the certificate's entry",
        "password_reset.created_at": "anyone may request a link for any address; the use of a link is recorded",
        "sign_in.seen_at": "the access log and the entries already date the use of a sign-in",
        "api_token.seen_at": "as above",
        "oidc_identity.seen_at": "as above",
    }
)
"""Tables and columns whose changes leave no entry, and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to be written; ``before`` and ``after`` are columns with their values."""

    action: str
    subject: str
    subject_id: int | None = None
    college_id: int | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None

    def merged(self, later: "Entry") -> "Entry":
        """Return one entry for two changes of a row in a transaction: the first values before, the last after."""
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
    """Declare the row that a statement outside the unit of work wrote: :func:`record` derives entries from objects."""
    entry = Entry(action, table, row_id, college_id, _redacted(table, before), _redacted(table, after))
    db.info.setdefault("noted", []).append(entry)


def skip_audit(db: Session, name: str) -> None:
    """Declare that a statement wrote a table or column of :data:`NOT_AUDITED`, which leaves no entry."""
    if name not in NOT_AUDITED:
        raise RuntimeError(f"{name} is recorded")
    db.info.setdefault("skip_audit", Counter())[name.partition(".")[0]] += 1


def entries_of(db: Session) -> list[Entry]:
    """Return the entries of this transaction so far: one per changed row, in order, then the declared statements."""
    entries: dict[object, Entry] = {}
    for change in changes(db):
        table = str(change.row.__tablename__)
        before, after = _redacted(table, change.before), _redacted(table, change.after)
        if table in NOT_AUDITED or (before == {} and after == {}):
            continue
        act = Act.CREATE if before is None else Act.REMOVE if after is None else Act.CHANGE
        key = tuple(object_mapper(change.row).primary_key_from_instance(change.row))
        college = change.row.id if table == "college" else getattr(change.row, "college_id", None)
        entry = Entry(act, table, key[0] if len(key) == 1 and type(key[0]) is int else None, college, before, after)
        earlier = entries.get((table, key))
        entries[table, key] = entry if earlier is None else earlier.merged(entry)
    return [*entries.values(), *db.info.get("noted", ())]


def _redacted(table: str, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a row's columns as JSON values, secrets redacted, those of :data:`NOT_AUDITED` left out."""
    if values is None:
        return None
    audited = {name: value for name, value in values.items() if f"{table}.{name}" not in NOT_AUDITED}
    redacted = {name: REDACTED for name in audited if f"{table}.{name}" in SECRETS}
    return json_values({**audited, **redacted})


def json_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as JSON that ``jsonb`` gives back unchanged; floats become text, as ``jsonb`` rewrites them."""
    converted: dict[str, Any] = json.loads(json.dumps(values, default=_to_json), parse_float=str, parse_constant=str)
    return converted


def _to_json(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return sha256(value).hexdigest() if isinstance(value, bytes) else str(value)


def digest_of(salt: str, before: object, after: object) -> str:
    """Return the digest of an entry's values: the SHA-256 of the salt and their canonical JSON."""
    return sha256(salt.encode() + canonical({"before": before, "after": after})).hexdigest()


# Writing entries ---------------------------------------------------------------------------------

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
    """Write the transaction's entries and accesses before it commits: at most one statement for each."""
    entries = entries_of(db)
    if entries:
        write(db, entries, Outcome.DONE)
    write_accesses(db)
    db.info.pop("noted", None)
    db.info.pop("skip_audit", None)


def write(db: Session, entries: Iterable[Entry], outcome: Outcome) -> None:
    """Write entries to the record, in the name of the session's actor."""
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
    identifiers = {
        "action": entry.action,
        "subject": entry.subject,
        "subject_id": entry.subject_id,
        "college_id": entry.college_id,
    }
    if entry.before is None and entry.after is None:
        return {**identifiers, "digest": ""}
    salt = secrets.token_hex(16)
    digest = digest_of(salt, entry.before, entry.after)
    return {**identifiers, "digest": digest, "salt": salt, "before": entry.before, "after": entry.after}
