"""The checks behind ``/health/ready``, the metrics and ``escouade doctor``: one registry, one way to say what is wrong.

A check yields findings: what is wrong, since when where it can be known, and the command that mends it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import NullPool, text
from sqlalchemy.exc import OperationalError, PendingRollbackError, SQLAlchemyError

from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.claims import Claims, sealed
from app.platform.database.connections import answer_of, engine_of, refused_role
from app.platform.database.rows import fetch_all
from app.platform.database.session import Session
from app.platform.database.transaction import Addresses
from app.platform.errors import DomainError, Reason, Unavailable
from app.platform.jobs.status import JobsStatus, jobs_status
from app.platform.messages.rules import LATE_AFTER
from app.platform.observability.logs import cause_of, describe
from app.platform.security.keyring import KeyPurpose, load

log = logging.getLogger("escouade.checks")
LATE = LATE_AFTER
"""How long a letter, a batch, a job or an unsealed entry may wait."""
ABSENT = timedelta(minutes=5)
"""How long no worker may give a sign of life: they do every two seconds."""
WORKER = "escouade worker"
CONNECT_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong: the reason, since when, and what to type."""

    reason: Reason
    since: datetime | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many of a kind wait, and since when the oldest does."""

    n: int
    since: datetime | None

    def is_late(self) -> bool:
        """Return whether the oldest has waited too long."""
        return self.since is not None and self.since < now() - LATE


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What checks look at: the settings, the database as requests reach it, its owner's address where it is known.

    ``db`` is a session of its own, in no pool, or ``None`` while the database is away; ``away`` is then the reason.
    """

    settings: Settings
    addresses: Addresses | None = None
    db: Session | None = None
    away: Finding | None = None
    backlog: Mapping[str, Backlog] = field(default_factory=dict)
    jobs: JobsStatus | None = None

    @property
    def session(self) -> Session:
        """The session; of checks that need the database."""
        assert self.db is not None  # noqa: S101 - such checks are not run without
        return self.db


class Needs(StrEnum):
    """What a check cannot do without."""

    NOTHING = "nothing"
    DATABASE = "database"
    OWNER_ADDRESS = "owner_address"
    OWNER = "owner"
    """The owner's address, and the database."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check: ``is_critical`` when requests cannot be served while it fails, ``is_quick`` when it may run often.

    It is not run where one of ``after`` fails or was not run: it would only say the same again, less clearly.
    """

    name: str
    run: Callable[[CheckContext], Iterable[Finding]]
    needs: Needs = Needs.NOTHING
    is_critical: bool = False
    is_quick: bool = True
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found; ``findings`` is ``None`` where it could not be run.

    ``is_answered`` is false where the database answered others and not this one: a table is locked, time is up.
    """

    check: Check
    findings: tuple[Finding, ...] | None
    is_answered: bool = True

    @property
    def is_failing(self) -> bool:
        """Whether something is wrong."""
        return bool(self.findings)

    @property
    def stops_requests(self) -> bool:
        """Whether requests cannot be served: what was not answered says nothing of them."""
        return self.is_failing and self.check.is_critical and self.is_answered


# Running them ------------------------------------------------------------------------------------


@contextmanager
def looking(settings: Settings, addresses: Addresses | None) -> Iterator[CheckContext]:
    """Yield the context of checks, with a short connection of its own: the pool may be exhausted."""
    if addresses is None:
        yield CheckContext(settings)
        return
    engine = engine_of(
        addresses.url,
        poolclass=NullPool,
        connect_args={"connect_timeout": CONNECT_SECONDS, "prepare_threshold": None},
    )
    context = CheckContext(settings, addresses)
    try:
        with Session(bind=engine) as db:
            try:
                db.execute(_TIMEOUTS)
            except SQLAlchemyError as error:
                yield replace(context, away=_away(error))
            else:
                yield replace(context, db=db, backlog=read_backlog(db), jobs=read_jobs(db))
    finally:
        engine.dispose()


def _away(error: SQLAlchemyError) -> Finding:
    """Return why there is no connection: the server does not answer, or it refuses the role or the name."""
    role = refused_role(error)
    if role is None:
        return Finding(Reason("database_away", {"detail": answer_of(error)}))
    return Finding(Reason("database_refused", {"role": role, "detail": answer_of(error)}), command="escouade migrate")


_TIMEOUTS = text("select set_config('statement_timeout', '3s', true), set_config('lock_timeout', '1s', true)")
"""For the transaction, not for the connection: a pooler between may refuse that."""


def read_backlog(db: Session) -> dict[str, Backlog]:
    """Return what waits, by kind; nothing in a database that an older version made."""
    try:
        with db.begin_nested():
            return {row.kind: Backlog(row.n, row.since) for row in fetch_all(db, text("select * from backlog()"))}
    except SQLAlchemyError as error:
        log.warning("the backlog was not read: %s", cause_of(error))
        return {}


def read_jobs(db: Session) -> JobsStatus | None:
    """Return how background work stands; ``None`` in a database that an older version made."""
    try:
        with db.begin_nested():
            return jobs_status(db, ())
    except SQLAlchemyError as error:
        log.warning("the jobs were not read: %s", cause_of(error))
        return None


NO_ANSWER = (OperationalError, PendingRollbackError)
"""Out of time, or a connection that was lost: in this check, or in what was read before."""


def run_check(check: Check, context: CheckContext) -> Result:
    """Run one check; an exception in it is a finding, not the end of the others."""
    lacks_database = check.needs in {Needs.DATABASE, Needs.OWNER} and context.db is None
    has_owner = context.addresses is not None and context.addresses.owner_url is not None
    is_down = context.away is not None and context.away.reason.code == "database_away"  # said once, for both addresses
    lacks_owner = check.needs in {Needs.OWNER_ADDRESS, Needs.OWNER} and (is_down or not has_owner)
    if lacks_database or lacks_owner:
        return Result(check, None)
    try:
        with nullcontext() if context.db is None else context.db.begin_nested():
            return Result(check, tuple(check.run(context)))
    except DomainError as error:
        cause, is_answered = error.code, True
    except NO_ANSWER as error:
        cause, is_answered = describe(error), False
        log.warning("the check %s got no answer: %s", check.name, cause_of(error))
    except Exception as error:
        cause, is_answered = describe(error), True
        log.exception("the check %s failed", check.name)
    return Result(check, (Finding(Reason("check_failed", {"cause": cause})),), is_answered)


@dataclass(frozen=True, slots=True)
class Report:
    """The results of the checks at a moment, and what was counted beside."""

    at: datetime
    results: tuple[Result, ...]
    backlog: Mapping[str, Backlog] = field(default_factory=dict)
    jobs: JobsStatus | None = None

    @property
    def failing(self) -> list[str]:
        """The names of the checks without which requests are not served."""
        return [result.check.name for result in self.results if result.stops_requests]

    @property
    def degraded(self) -> list[str]:
        """The names of the other checks that fail, or got no answer."""
        return [result.check.name for result in self.results if result.is_failing and not result.stops_requests]


def run_checks(settings: Settings, addresses: Addresses | None, checks: Sequence[Check]) -> Report:
    """Run checks in their order and return their report."""
    results: list[Result] = []
    unsound: set[str] = set()
    with looking(settings, addresses) as context:
        for check in checks:
            result = run_check(check, context) if unsound.isdisjoint(check.after) else Result(check, None)
            results.append(result)
            if result.findings is None or result.is_failing:
                unsound.add(check.name)
        return Report(now(), tuple(results), context.backlog, context.jobs)


# The platform's checks ---------------------------------------------------------------------------


def _database(context: CheckContext) -> Iterator[Finding]:
    if context.away is not None:
        yield context.away


def _owner(context: CheckContext) -> Iterator[Finding]:
    """Connect as the owner, whom commands and the worker need."""
    assert context.addresses is not None  # noqa: S101 - it needs the owner's address
    engine = engine_of(context.addresses.owner_url or "", connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        with engine.connect():
            return
    except SQLAlchemyError as error:
        role, detail = refused_role(error), answer_of(error)
        yield Finding(
            Reason("owner_away", {"detail": detail})
            if role is None
            else Reason("owner_refused", {"role": role, "detail": detail})
        )
    finally:
        engine.dispose()


_OPENING = text("select pg_backend_pid() as backend, cast(extract(epoch from now()) as text) as since")
_ACCEPTED = text("select set_config('app.claims', :claims, true), claims() is not null as accepted")


def _claims(context: CheckContext) -> Iterator[Finding]:
    """Seal claims as requests do, and ask whether the database believes them.

    Where it knows an older key of the keyring, migrating lets it know the current one; else the keyring is another's.
    """
    assert context.addresses is not None  # noqa: S101 - there is a session
    if _is_accepted(context.session, context.addresses.claim_key):
        return
    try:
        keyring = load(context.settings.keyring_file)
    except Unavailable as error:
        yield Finding(Reason(error.code, error.params))
        return
    keys = (keyring.derived(KeyPurpose.CLAIMS, version=version) for version in keyring.keys)
    if any(_is_accepted(context.session, key) for key in keys):
        yield Finding(Reason("claims_refused"), command="escouade migrate")
    else:
        yield Finding(Reason("keyring_of_another"))


def _is_accepted(db: Session, key: bytes) -> bool:
    opening = db.execute(_OPENING).one()
    claims = sealed(Claims(), key, backend=opening.backend, since=opening.since)
    return bool(db.execute(_ACCEPTED, {"claims": claims}).one().accepted)


def _late(code: str, kind: str, command: str | None = None) -> Callable[[CheckContext], Iterator[Finding]]:
    """Return a check that something of the backlog does not wait too long."""

    def run(context: CheckContext) -> Iterator[Finding]:
        waiting = context.backlog.get(kind)
        if waiting is not None and waiting.is_late():
            yield Finding(Reason(code, {"n": waiting.n}), waiting.since, command)

    return run


def _letters(context: CheckContext) -> Iterator[Finding]:
    yield from _late("letters_wait", "letters_due", WORKER)(context)
    yield from _late("letters_retried", "letters_retried")(context)
    lost = context.backlog.get("letters_given_up")  # one that is refused shows where its address stands
    if lost is not None and lost.n:
        yield Finding(Reason("letters_lost", {"n": lost.n}), lost.since)


def _jobs(context: CheckContext) -> Iterator[Finding]:
    """Yield the kinds of jobs that wait too long, and those that were tried too often."""
    for kind in context.jobs.kinds if context.jobs is not None else ():
        if kind.due_since is not None and kind.due_since < now() - LATE:
            yield Finding(Reason("jobs_wait", {"job": kind.name, "n": kind.waiting}), kind.due_since, WORKER)
        if kind.failed:
            yield Finding(Reason("jobs_failed", {"job": kind.name, "n": kind.failed}))


def _workers(context: CheckContext) -> Iterator[Finding]:
    """Yield that no worker gives a sign of life; the embedded database has its own, in the server."""
    if context.jobs is None or context.settings.database_url is None:
        return
    seen = max((worker.seen_at for worker in context.jobs.workers), default=None)
    if seen is None or seen < now() - ABSENT:
        yield Finding(Reason("no_worker"), seen, WORKER)


DATABASE = Check("database", _database, is_critical=True)
OWNER = Check("owner", _owner, Needs.OWNER_ADDRESS, is_quick=False)
CLAIMS = Check("claims", _claims, Needs.DATABASE, is_critical=True, after=("keyring", "schema"))
LETTERS = Check("letters", _letters, Needs.DATABASE)
BATCHES = Check("batches", _late("batches_wait", "batches", WORKER), Needs.DATABASE)
RECORD = Check("record", _late("entries_unsealed", "unsealed", WORKER), Needs.DATABASE)
JOBS = Check("jobs", _jobs, Needs.DATABASE)
WORKERS = Check("workers", _workers, Needs.DATABASE)
