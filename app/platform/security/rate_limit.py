"""Rate limits (throttling): failed attempts per scope, account and network address, within a sliding window.

An account that reached its limit refuses attempts until the window has passed. A network address never refuses one:
a whole college may share it. Many failures from one address make its next attempts wait (``slowdown.py``).
"""

import ipaddress
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fastapi import Request
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    insert,
    text,
)
from sqlmodel import Field, SQLModel

from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import Database, separate_transaction
from app.platform.database.types import by_value, moment
from app.platform.errors import DomainError, TooMany, Unauthenticated
from app.platform.security.keyring import KeyPurpose, Keyring


class RateLimitScope(StrEnum):
    """The operations whose attempts are counted."""

    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"
    RESET = "reset"
    INVITATION = "invitation"
    OIDC = "oidc"
    VERIFY = "verify"
    CALENDAR = "calendar"
    CHECK_IN = "check_in"


class Attempt(SQLModel, table=True):
    """A failed attempt of a subject in a scope: ``subject_hash`` is a MAC, no address is stored."""

    __table_args__ = (Index("ix_attempt_window", "door", "subject_hash", "at"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger)
    scope: RateLimitScope = Field(sa_column=Column("door", by_value(RateLimitScope), nullable=False))
    subject_hash: str = Field(max_length=64)
    at: datetime = moment(index=True)


WINDOW = timedelta(minutes=15)
LIMIT = 10
"""Failed attempts within the window for one account."""
IPV6_PREFIX = 64
"""Bits of an IPv6 address that identify a subscriber, who has all the addresses of such a network."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A source of attempts that are counted together; with a limit, how many may fail within the window."""

    key: str
    limit: int | None = None


def of_account(key: str, *, limit: int = LIMIT) -> Subject:
    """Return the subject of attempts on one account: its normalised e-mail address, or its id."""
    return Subject(f"account {key}", limit)


def of_address(origin: str) -> Subject:
    """Return the subject of attempts from one network address, which are slowed and never refused."""
    return Subject(f"address {_network(origin)}")


def origin_of(request: Request) -> str:
    """Return the network address of a request; behind a proxy, ``ESCOUADE_TRUSTED_PROXIES`` must name it."""
    return request.client.host[:45] if request.client is not None else ""


def _network(origin: str) -> str:
    try:
        address = ipaddress.ip_address(origin)
    except ValueError:  # a local socket has a name, or none
        return origin
    if isinstance(address, ipaddress.IPv4Address):
        return origin
    mapped = address.ipv4_mapped
    return str(mapped or ipaddress.ip_network((int(address), IPV6_PREFIX), strict=False))


_LIMIT_REACHED = text(
    """
    select max(reached.at)
      from unnest(cast(:subjects as text[]), cast(:limits as int[])) as s(subject, most),
           lateral (select a.at from attempt a
                     where a.door = :scope and a.subject_hash = s.subject and a.at > :since
                     order by a.at desc offset s.most - 1 limit 1) reached
    """
)
"""The moment of the attempt that reached a subject's limit within the window, if any."""


def check_limit(db: Session, keyring: Keyring, scope: RateLimitScope, *subjects: Subject) -> None:
    """Raise :class:`TooMany` (429, ``retry_after`` in seconds) when one of the subjects has reached its limit."""
    limited = [subject for subject in subjects if subject.limit is not None]
    if not limited:
        return
    at = now()
    values = {
        "scope": scope.value,
        "subjects": [_hashed(keyring, subject) for subject in limited],
        "limits": [subject.limit for subject in limited],
        "since": at - WINDOW,
    }
    reached_at = db.execute(_LIMIT_REACHED, values).scalar_one()
    if reached_at is not None:
        raise TooMany(retry_after=max(1, math.ceil((reached_at + WINDOW - at).total_seconds())))


def record_failure(db: Session, keyring: Keyring, scope: RateLimitScope, *subjects: Subject) -> None:
    """Count a failed attempt of each subject, in a transaction of its own: the request's is rolled back."""
    with separate_transaction(db) as other:
        count_attempt(other, keyring, scope, *subjects)


def count_attempt(db: Session, keyring: Keyring, scope: RateLimitScope, *subjects: Subject) -> None:
    """Count an attempt in this transaction: for a scope that counts every attempt, successful or not."""
    at = now()
    rows = [{"door": scope, "subject_hash": _hashed(keyring, subject), "at": at} for subject in subjects]
    db.connection().execute(insert(Attempt), rows)
    for subject, row in zip(subjects, rows, strict=True):
        if subject.limit is None:
            _remember(str(row["subject_hash"]), at)


@contextmanager
def limited_attempt(
    db: Session,
    keyring: Keyring,
    scope: RateLimitScope,
    *subjects: Subject,
    wrong: type[DomainError] | tuple[type[DomainError], ...] = Unauthenticated,
) -> Iterator[None]:
    """Check the limit before the block, and count a failed attempt when the block raises one of ``wrong``."""
    check_limit(db, keyring, scope, *subjects)
    try:
        yield
    except wrong:
        record_failure(db, keyring, scope, *subjects)
        raise


_RECENT: dict[str, datetime] = {}
"""The last failure of each address that this process saw fail: the others are not looked up in the database."""
MAX_RECENT = 10_000


def _remember(subject_hash: str, at: datetime) -> None:
    """Remember that an address failed; forget the oldest ones beyond ``MAX_RECENT``."""
    _RECENT.pop(subject_hash, None)
    _RECENT[subject_hash] = at
    while len(_RECENT) > MAX_RECENT:
        _RECENT.pop(next(iter(_RECENT)), None)


_FAILURES = text(
    """
    select count(*) from (select 1 from attempt a
                           where a.door = :scope and a.subject_hash = :subject and a.at > :since limit :most) recent
    """
)


def has_failed(keyring: Keyring, origin: str) -> bool:
    """Return whether this process has seen an attempt from a network address fail within the window."""
    at = now()
    return _RECENT.get(_hashed(keyring, of_address(origin)), at - WINDOW) > at - WINDOW


def failures_from(database: Database, keyring: Keyring, scope: RateLimitScope, origin: str, *, most: int) -> int:
    """Return how many attempts from a network address failed within the window, at most ``most``, in any process."""
    subject = _hashed(keyring, of_address(origin))
    values = {"scope": scope.value, "subject": subject, "since": now() - WINDOW, "most": most}
    with database.transaction() as db:
        return int(db.execute(_FAILURES, values).scalar_one())


def _hashed(keyring: Keyring, subject: Subject) -> str:
    return keyring.mac(KeyPurpose.THROTTLE, subject.key.encode())
