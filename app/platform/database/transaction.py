"""The database engine and its transactions: the only place that commits, but for the command line and jobs.

A request is one transaction, committed before its response is sent (docs/decisions/0002).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import anyio
from sqlalchemy import (
    create_engine,
)
from sqlalchemy.orm import sessionmaker

from app.platform.database.session import Session, set_actor


class Database:
    """An engine, its transactions, and the steps that run before each commit.

    ``fact_tables`` are written as objects only; ``origin`` names the process in the audit record.
    """

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
        """The limiter of concurrent requests to the pool's size; created inside the running event loop."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self.pool_size)
        return self._limiter

    @contextmanager
    def transaction(self, *, colleges: Iterable[int] = (), person: int | None = None) -> Iterator[Session]:
        """Yield the session of a transaction as the application role, committed at the end, rolled back on an error."""
        with self._boundary() as db:
            set_actor(db, colleges=colleges, person=person, first=True)
            yield db

    @contextmanager
    def as_owner(self) -> Iterator[Session]:
        """Yield the session of a transaction as the tables' owner, whom row-level security does not limit.

        For the command line and jobs, never for a request.
        """
        with self._boundary() as db:
            yield db

    @contextmanager
    def _boundary(self) -> Iterator[Session]:
        with self._sessions(info={"database": self}) as db:
            try:
                yield db
                finish(db)
            except BaseException:
                db.rollback()
                raise

    def dispose(self) -> None:
        """Close the connection pool."""
        self.engine.dispose()


def finish(db: Session) -> None:
    """Flush, run the steps before the commit, commit."""
    db.flush()
    for step in db.database.before_commit:
        step(db)
    db.commit()
    db.info.pop("changes", None)


@contextmanager
def separate_transaction(db: Session) -> Iterator[Session]:
    """Yield the session of a transaction on another connection, for what must survive the rollback of this one."""
    with db.database.transaction() as other:
        other.actor_context = db.actor_context
        yield other
