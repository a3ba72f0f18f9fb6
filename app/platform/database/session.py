"""The database session: it collects the changes of its transaction and carries the actor's context.

The transaction runs as the application role with the actor's colleges set, so that row-level security applies to
every query (docs/decisions/0004). The audit record and the progress projection are derived from :func:`changes` and
:func:`written`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    event,
    inspect,
    text,
)
from sqlalchemy.orm import ORMExecuteState, SessionTransaction, UOWTransaction
from sqlmodel import Session as BaseSession

from app.platform.database.claims import Claims, Right, key_id, sealed
from app.platform.database.connections import UNPREPARED
from app.platform.errors import Unavailable

if TYPE_CHECKING:
    from app.platform.database.transaction import Database

APP_ROLE = "escouade_app"
"""The role that holds the rights of requests; the login role is this one, or a member of it."""
_OPENING = text(
    """
    select pg_backend_pid() as backend, cast(extract(epoch from now()) as text) as since,
           exists (select from pg_prepared_statements where from_sql) as altered,
           authenticate_secret(:kind, :digest, :key) as presenter
    """
)
_CLAIM = text(
    """
    select set_config('app.college_ids', :colleges, true), set_config('app.person_id', :person, true),
           set_config('app.claims', :claims, true), claims() is not null as accepted
    """
)


@dataclass(frozen=True, slots=True)
class Secret:
    """What a request presents to be recognised: a digest, and the kind of its secret, ``sign_in`` or ``api_token``."""

    kind: str
    digest: str


@dataclass(frozen=True, slots=True)
class ActorContext:
    """Who acts in a transaction, with which permission and from where, for the audit record of its changes.

    ``origin`` is a network address, or the name of a process (``cli``, ``worker``).
    """

    origin: str
    person_id: int | None = None
    sign_in_id: int | None = None
    token_id: int | None = None
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one row in one flush: the columns that changed, with their values before and after.

    ``before`` is ``None`` for a new row, ``after`` for a removed one; both are empty when nothing differs.
    """

    row: Any
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Session(BaseSession):
    """A session that collects its changes, and knows its actor and its database."""

    @property
    def database(self) -> "Database":
        """The database that opened the session."""
        database: Database = self.info["database"]
        return database

    @property
    def actor_context(self) -> ActorContext:
        """The actor of the transaction; outside a request, the process alone unless :func:`set_actor` was called."""
        context: ActorContext = self.info.get("actor_context") or ActorContext(self.database.origin)
        return context

    @actor_context.setter
    def actor_context(self, context: ActorContext) -> None:
        self.info["actor_context"] = context


@event.listens_for(Session, "after_flush")
def _collect_changes(db: Session, _: UOWTransaction) -> None:
    """Collect the changes of a flush, before the history of the attributes is discarded."""
    collected: list[Change] = db.info.setdefault("changes", [])
    collected.extend(Change(row, None, _columns(row)) for row in db.new)
    collected.extend(Change(row, *_differences(row)) for row in db.dirty)
    collected.extend(Change(row, _columns(row), None) for row in db.deleted)


def _columns(row: object) -> dict[str, Any]:
    state = inspect(row, raiseerr=True)
    return {column.key: state.dict.get(column.key) for column in state.mapper.column_attrs}


def _differences(row: object) -> tuple[dict[str, Any], dict[str, Any]]:
    state = inspect(row, raiseerr=True)
    before, after = {}, {}
    for column in state.mapper.column_attrs:
        history = state.attrs[column.key].history
        if history.has_changes():
            before[column.key] = history.deleted[0] if history.deleted else None
            after[column.key] = history.added[0] if history.added else None
    return before, after


@event.listens_for(Session, "after_transaction_create")
def _mark_savepoint(db: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        db.info.setdefault("marks", {})[transaction] = len(db.info.get("changes", ())), _claims(db)


@event.listens_for(Session, "after_soft_rollback")
def _discard_rolled_back(db: Session, transaction: SessionTransaction) -> None:
    """Discard the changes and the claims that a rollback to a savepoint has undone."""
    mark = db.info.get("marks", {}).pop(savepoint(transaction), None)
    if mark is not None:
        count, db.info["claims"] = mark
        del db.info.get("changes", [])[count:]


def savepoint(transaction: SessionTransaction | None) -> SessionTransaction | None:
    """Return the savepoint that a rollback went back to: a failed flush reports its own transaction, inside it."""
    while transaction is not None and not transaction.nested:
        transaction = transaction.parent
    return transaction


@event.listens_for(Session, "do_orm_execute")
def _refuse_bulk_facts(state: ORMExecuteState) -> None:
    """Refuse bulk writes of facts: only rows written as objects make their progress recomputed."""
    table = getattr(getattr(state.statement, "table", None), "name", None)
    is_write = state.is_insert or state.is_update or state.is_delete
    if is_write and table in state.session.info["database"].fact_tables:
        raise RuntimeError(f"write {table} through objects: the progress projection watches them")


def changes(db: Session) -> list[Change]:
    """Return the changes made through objects in this transaction so far, in order."""
    db.flush()
    collected: list[Change] = db.info.get("changes", [])
    return collected


def written(db: Session) -> list[Any]:
    """Return the rows written in this transaction so far, in order."""
    return [change.row for change in changes(db)]


def open_transaction(db: Session, secret: Secret | None = None) -> None:
    """Start a transaction of the application role: nothing is within its reach yet but what a secret gives.

    Raise ``Unavailable`` on a connection where a statement was prepared under a name that the driver may use.
    """
    key = key_id(db.database.addresses.claim_key)
    presented = {"kind": secret and secret.kind, "digest": secret and secret.digest, "key": key}
    opening = db.connection().execute(_OPENING, presented, execution_options=UNPREPARED).one()
    if opening.altered:
        db.invalidate()
        raise Unavailable("session_altered")
    db.info["sealed_for"] = (opening.backend, opening.since)
    db.info["presenter"] = (secret, opening.presenter)
    found = opening.presenter
    is_sealed = found is not None and found["is_sealed"]
    db.info["claims"] = Claims(frozenset(found["colleges"]), found["person_id"]) if is_sealed else Claims()


def presenter(db: Session, secret: Secret) -> dict[str, Any] | None:
    """Return who presents the secret that the transaction was opened with: a row of theirs, with roles and colleges.

    What of it the database has sealed already is within reach: whoever decides otherwise calls :func:`set_actor`.
    """
    asked, found = db.info["presenter"]
    if asked != secret:
        raise RuntimeError("the transaction was opened without this secret")
    row: dict[str, Any] | None = found
    return row


def set_actor(db: Session, *, colleges: Iterable[int], person: int | None) -> None:
    """Set the colleges whose rows the transaction may reach, and its actor."""
    db.actor_context = replace(db.actor_context, person_id=person)
    _claim(db, colleges=frozenset(colleges), person=person)


def set_person(db: Session, person: int) -> None:
    """Set the actor of the transaction alone: their own rows are within reach."""
    _claim(db, person=person)


def allow(db: Session, *rights: Right) -> None:
    """Add rights to the transaction, for the verb that needs them and whatever follows it."""
    _claim(db, rights=_claims(db).rights.union(rights))


def open_credentials(db: Session, account_id: int | None) -> None:
    """Let the transaction read and write the password, second factor, sign-ins and tokens of one account."""
    _claim(db, account=account_id)


def _claims(db: Session) -> Claims:
    claims: Claims = db.info.get("claims", Claims())
    return claims


def _claim(db: Session, **changes: Any) -> None:  # noqa: ANN401 - the fields of Claims
    """Seal other claims for the transaction; the owner of the tables needs none.

    The colleges and the person are also set in the clear: the planner reads them there, the seal decides.
    """
    if "sealed_for" not in db.info:
        return
    before = _claims(db)
    claims = replace(before, **changes)
    if claims == before:
        return
    if claims.account != before.account:
        db.flush()  # what was written for the other account still needs its claims
    backend, since = db.info["sealed_for"]
    answer = (
        db.connection()
        .execute(
            _CLAIM,
            {
                "colleges": ",".join(str(c) for c in sorted(claims.colleges)),
                "person": "" if claims.person is None else str(claims.person),
                "claims": sealed(claims, db.database.addresses.claim_key, backend=backend, since=since),
            },
            execution_options=UNPREPARED,
        )
        .one()
    )
    if not answer.accepted:
        raise Unavailable("claims_refused")
    db.info["claims"] = claims
