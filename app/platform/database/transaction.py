"""The database engine and its transactions: the only place that commits, but for the command line and jobs.

A request is one transaction, committed before its response is sent (docs/decisions/0002).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from app.platform.admission import Admission
from app.platform.database.connections import owner_engine, request_engine
from app.platform.database.session import Secret, Session, open_transaction, set_actor
from app.platform.database.time_limits import REQUEST, TimeLimits
from app.platform.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Addresses:
    """The database as requests reach it, as its owner does, and the key that seals the claims of requests.

    ``owner_url`` is ``None`` for a process that only serves requests. ``is_pooled`` says that ``url`` is a pooler in
    transaction mode, and in a worker that ``owner_url`` may be: a statement prepared under a name would be missing from
    the next connection, or be another's.
    """

    url: str
    owner_url: str | None = None
    claim_key: bytes = field(default=b"", repr=False)
    is_pooled: bool = False


class Database:
    """The two engines, their transactions, and the steps that run before each commit.

    ``fact_tables`` are written as objects only; ``origin`` names the process in the audit record.
    """

    def __init__(
        self,
        addresses: Addresses,
        *,
        pool_size: int = 10,
        limits: TimeLimits = REQUEST,
        admission_seconds: float = 5,
        before_commit: Sequence[Callable[[Session], None]] = (),
        fact_tables: frozenset[str] = frozenset(),
        origin: str = "cli",
    ) -> None:
        self.addresses = addresses
        self.pool_size = pool_size
        self.request_engine = request_engine(addresses.url, limits, is_pooled=addresses.is_pooled, **self._pool)
        self.admission = Admission(pool_size, admission_seconds)
        self.before_commit = before_commit
        self.fact_tables = fact_tables
        self.origin = origin
        self._sessions = sessionmaker(class_=Session, expire_on_commit=False, close_resets_only=False)

    @property
    def _pool(self) -> dict[str, int]:
        return {"pool_size": self.pool_size, "max_overflow": self.pool_size // 2 + 1, "pool_timeout": 20}

    @cached_property
    def engine(self) -> Engine:
        """The engine of the tables' owner, for jobs and the command line; raise ``Unavailable`` without its address."""
        if self.addresses.owner_url is None:
            raise Unavailable("owner_address_missing")
        return owner_engine(self.addresses.owner_url, is_pooled=self.addresses.is_pooled, **self._pool)

    @contextmanager
    def transaction(
        self, *, colleges: Iterable[int] = (), person: int | None = None, secret: Secret | None = None
    ) -> Iterator[Session]:
        """Yield the session of a transaction as the application role, committed at the end, rolled back on an error.

        With a ``secret``, who presents it is asked in the same round trip (:func:`session.presenter`).
        """
        with self._boundary(self.request_engine) as db:
            open_transaction(db, secret)
            if secret is None:
                set_actor(db, colleges=colleges, person=person)
            yield db

    @contextmanager
    def as_owner(self) -> Iterator[Session]:
        """Yield the session of a transaction as the tables' owner, whom row-level security does not limit.

        For the command line and jobs, never for a request. Raise ``Unavailable`` without the owner's address.
        """
        with self._boundary(self.engine) as db:
            yield db

    @contextmanager
    def _boundary(self, engine: Engine) -> Iterator[Session]:
        with self._sessions(bind=engine, info={"database": self}) as db:
            try:
                yield db
                finish(db)
            except BaseException:
                db.rollback()
                raise

    def dispose(self) -> None:
        """Close the connections."""
        self.request_engine.dispose()
        if "engine" in self.__dict__:
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
