"""The database: column types, the engine, and the one place where a transaction begins and ends.

A request is one transaction, committed before its response is sent (docs/decisions/0002). It runs as the
application role with the actor's colleges set, so row-level security stands behind every query
(docs/decisions/0004). ``written()`` is what a transaction has written: the progress projection derives from
it which enrolments to fold again.
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

if TYPE_CHECKING:
    from app.platform.database.transaction import Database

APP_ROLE = "escouade_app"


@dataclass(frozen=True, slots=True)
class ActorContext:
    """Who acts in a transaction, at which door and from where: what the record says of each of its changes.

    ``origin`` is a network address, or the name of a process of ours (``cli``, ``worker``).
    """

    origin: str
    person_id: int | None = None
    sign_in_id: int | None = None
    token_id: int | None = None
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One row as one flush wrote it: the columns that changed, as they were and as they are.

    ``before`` is ``None`` for a new row, ``after`` for a removed one; both are empty when nothing differs.
    """

    row: Any
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Session(BaseSession):
    """A session that remembers what it wrote, who acts, and the database it came from."""

    @property
    def database(self) -> "Database":
        """Where it came from."""
        found: Database = self.info["database"]
        return found

    @property
    def actor_context(self) -> ActorContext:
        """Who acts; outside a request, the process alone unless :func:`act_for` says for whom."""
        found: ActorContext = self.info.get("actor_context") or ActorContext(self.database.origin)
        return found

    @actor_context.setter
    def actor_context(self, who: ActorContext) -> None:
        self.info["actor_context"] = who


@event.listens_for(Session, "after_flush")
def _remember(db: Session, _: UOWTransaction) -> None:
    """Now: the history of the attributes is gone once the flush is over."""
    seen: list[Change] = db.info.setdefault("changes", [])
    seen.extend(Change(row, None, _columns(row)) for row in db.new)
    seen.extend(Change(row, *_differences(row)) for row in db.dirty)
    seen.extend(Change(row, _columns(row), None) for row in db.deleted)


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
def _mark(db: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        db.info.setdefault("marks", {})[transaction] = len(db.info.get("changes", ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget(db: Session, transaction: SessionTransaction) -> None:
    """What a savepoint took back was not written."""
    mark = db.info.get("marks", {}).pop(savepoint(transaction), None)
    if mark is not None:
        del db.info.get("changes", [])[mark:]


def savepoint(transaction: SessionTransaction | None) -> SessionTransaction | None:
    """The savepoint that a rollback went back to: a flush that fails names its own part, inside it."""
    while transaction is not None and not transaction.nested:
        transaction = transaction.parent
    return transaction


@event.listens_for(Session, "do_orm_execute")
def _refuse_bulk_facts(state: ORMExecuteState) -> None:
    """Facts are written as objects: a bulk statement would escape the touched set."""
    table = getattr(getattr(state.statement, "table", None), "name", None)
    is_write = state.is_insert or state.is_update or state.is_delete
    if is_write and table in state.session.info["database"].fact_tables:
        raise RuntimeError(f"write {table} through objects: the progress projection watches them")


def changes(db: Session) -> list[Change]:
    """What this transaction wrote through objects so far, in order."""
    db.flush()
    found: list[Change] = db.info.get("changes", [])
    return found


def written(db: Session) -> list[Any]:
    """Rows that this transaction wrote so far, in order."""
    return [change.row for change in changes(db)]


def set_actor(db: Session, *, colleges: Iterable[int], person: int | None, first: bool = False) -> None:
    """Set whose rows the transaction may see; ``first`` also takes the application role.

    Always sets every variable, even to nothing: a pooled connection must not remember the last actor.
    """
    role = f"set_config('role', '{APP_ROLE}', true), " if first else ""
    db.execute(
        text(
            f"select {role}set_config('app.college_ids', :colleges, true), set_config('app.person_id', :person, true)"
        ),
        {"colleges": ",".join(str(c) for c in sorted(colleges)), "person": "" if person is None else str(person)},
    )
    db.actor_context = replace(db.actor_context, person_id=person)
