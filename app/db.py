"""The database: column types, the engine, and the one place where a transaction begins and ends.

A request is one transaction, committed before its response is sent (house rule 3). It runs as the
application role with the actor's colleges set, so row-level security stands behind every query
(house rule 5). ``written()`` is what a transaction has written: the progress projection derives from
it which enrolments to fold again.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC as UTC_ZONE
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

import anyio
from fastapi import Depends, Request
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    Executable,
    ForeignKeyConstraint,
    Table,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    exists,
    inspect,
    text,
)
from sqlalchemy.orm import ORMExecuteState, SessionTransaction, UOWTransaction, sessionmaker
from sqlalchemy.schema import SchemaItem
from sqlmodel import Field, SQLModel
from sqlmodel import Session as BaseSession

from app.clock import now as now  # noqa: PLC0414

APP_ROLE = "escouade_app"

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTC(TypeDecorator[datetime]):
    """A moment: stored as ``timestamptz``, aware on both sides; a naive value is refused (BR-30)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give it back in UTC."""
        return value.astimezone(UTC_ZONE) if value is not None else None


def by_value(kind: type[StrEnum], name: str | None = None) -> Enum:
    """An enum column stored by value in text, with a CHECK; ``name`` tells two of one kind in a table apart."""
    return Enum(
        kind,
        native_enum=False,
        length=40,
        create_constraint=True,
        name=name or kind.__name__.lower(),
        values_callable=lambda members: [m.value for m in members],
        validate_strings=True,
    )


def moment(*, index: bool = False) -> Any:  # noqa: ANN401 - SQLModel's Field is untyped by design
    """A required moment column."""
    return Field(sa_type=UTC, nullable=False, index=index)


def moment_or_none() -> Any:  # noqa: ANN401
    """An optional moment column."""
    return Field(default=None, sa_type=UTC, nullable=True)


def owned(*parents: tuple[str, str], extra: Iterable[SchemaItem] = ()) -> tuple[SchemaItem, ...]:
    """Table arguments of a college-owned table: ``(id, college_id)`` is a key that children refer to.

    Each parent is ``(column, table)``: the child carries the parent's college, so the database itself
    refuses a link from one college to another.
    """
    links = (
        ForeignKeyConstraint([column, "college_id"], [f"{table}.id", f"{table}.college_id"])
        for column, table in parents
    )
    return (UniqueConstraint("id", "college_id"), *links, *extra)


def check(name: str, condition: str) -> CheckConstraint:
    """A named CHECK."""
    return CheckConstraint(condition, name=name)


@cache
def standing(model: type[SQLModel]) -> ColumnElement[bool]:
    """That no row of an append-only table supersedes this one: the last word on its matter."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    later = table.alias(f"later_{table.name}")
    return ~exists().where(later.c.supersedes_id == table.c.id)


@dataclass(frozen=True, slots=True)
class Acting:
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
    def acting(self) -> Acting:
        """Who acts; outside a request, the process alone unless :func:`act_for` says for whom."""
        found: Acting = self.info.get("acting") or Acting(self.database.origin)
        return found

    @acting.setter
    def acting(self, who: Acting) -> None:
        self.info["acting"] = who


@event.listens_for(Session, "after_flush")
def _remember(session: Session, _: UOWTransaction) -> None:
    """Now: the history of the attributes is gone once the flush is over."""
    seen: list[Change] = session.info.setdefault("changes", [])
    seen.extend(Change(row, None, _columns(row)) for row in session.new)
    seen.extend(Change(row, *_differences(row)) for row in session.dirty)
    seen.extend(Change(row, _columns(row), None) for row in session.deleted)


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
def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault("marks", {})[transaction] = len(session.info.get("changes", ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """What a savepoint took back was not written."""
    mark = session.info.get("marks", {}).pop(savepoint(transaction), None)
    if mark is not None:
        del session.info.get("changes", [])[mark:]


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


def changes(session: Session) -> list[Change]:
    """What this transaction wrote through objects so far, in order."""
    session.flush()
    found: list[Change] = session.info.get("changes", [])
    return found


def written(session: Session) -> list[Any]:
    """Rows that this transaction wrote so far, in order."""
    return [change.row for change in changes(session)]


class Database:
    """An engine, the commit boundary and what runs at it."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        before_commit: Sequence[Callable[[Session], None]] = (),
        fact_tables: frozenset[str] = frozenset(),
        origin: str = "cli",
    ) -> None:
        self.engine = create_engine(
            url, pool_size=pool_size, max_overflow=pool_size // 2 + 1, pool_pre_ping=True, pool_timeout=20
        )
        self.pool_size = pool_size
        self.before_commit = before_commit
        self.fact_tables = fact_tables
        self.origin = origin
        self._sessions = sessionmaker(self.engine, class_=Session, expire_on_commit=False, close_resets_only=False)
        self._limiter: anyio.CapacityLimiter | None = None

    @property
    def limiter(self) -> anyio.CapacityLimiter:
        """At most pool-size requests at once; made inside the running event loop."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self.pool_size)
        return self._limiter

    @contextmanager
    def transaction(self, *, colleges: Iterable[int] = (), person: int | None = None) -> Iterator[Session]:
        """One transaction as the application role; committed at the end, rolled back on any error."""
        with self._boundary() as session:
            act_for(session, colleges=colleges, person=person, first=True)
            yield session

    @contextmanager
    def as_owner(self) -> Iterator[Session]:
        """One transaction as the tables' owner, whom row-level security does not hold: for ``doctor`` only."""
        with self._boundary() as session:
            yield session

    @contextmanager
    def _boundary(self) -> Iterator[Session]:
        with self._sessions(info={"database": self}) as session:
            try:
                yield session
                finish(session)
            except BaseException:
                session.rollback()
                raise

    def dispose(self) -> None:
        """Close the pool."""
        self.engine.dispose()


def finish(session: Session) -> None:
    """Flush, run what belongs to the boundary, commit."""
    session.flush()
    for step in session.database.before_commit:
        step(session)
    session.commit()
    session.info.pop("changes", None)


def act_for(session: Session, *, colleges: Iterable[int], person: int | None, first: bool = False) -> None:
    """Set whose rows the transaction may see; ``first`` also takes the application role.

    Always sets every variable, even to nothing: a pooled connection must not remember the last actor.
    """
    role = f"set_config('role', '{APP_ROLE}', true), " if first else ""
    session.execute(
        text(
            f"select {role}set_config('app.college_ids', :colleges, true), set_config('app.person_id', :person, true)"
        ),
        {"colleges": ",".join(str(c) for c in sorted(colleges)), "person": "" if person is None else str(person)},
    )
    session.acting = replace(session.acting, person_id=person)


@contextmanager
def separate_transaction(session: Session) -> Iterator[Session]:
    """Another transaction on another connection, for what must survive the refusal of this one."""
    with session.database.transaction() as other:
        other.acting = session.acting
        yield other


async def admit(request: Request) -> AsyncIterator[None]:
    """Hold requests back until a connection is sure to be free for them (recipes: threads are not the pool)."""
    database: Database = request.app.state.database
    async with database.limiter:
        yield


def get_session(request: Request, _: Annotated[None, Depends(admit, scope="function")]) -> Iterator[Session]:
    """The request's transaction."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session, scope="function")]


def rows(session: Session, statement: Executable, **values: object) -> Sequence[Any]:
    """All rows of a statement, as tuples with names."""
    return session.execute(statement, values).all()
