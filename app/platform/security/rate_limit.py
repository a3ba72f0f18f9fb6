"""People, their accounts, the roles they hold and their sign-ins.

A person is global: one row whatever the colleges. Others see them through what they hold or follow.
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
    Index,
    insert,
    text,
)
from sqlmodel import Field, SQLModel

from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import separate_transaction
from app.platform.database.types import by_value, moment
from app.platform.errors import DomainError, TooMany, Unauthenticated
from app.platform.security.keyring import Keyring, Use


class RateLimitScope(StrEnum):
    """Doors where tries are counted."""

    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"
    RESET = "reset"
    INVITATION = "invitation"
    OIDC = "oidc"
    VERIFY = "verify"


class Attempt(SQLModel, table=True):
    """A wrong try at a door, by whom or from where: ``subject_hash`` is a keyed digest, no address is kept."""

    __table_args__ = (Index("ix_attempt_window", "door", "subject_hash", "at"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger)
    door: RateLimitScope = Field(sa_type=by_value(RateLimitScope))
    subject_hash: str = Field(max_length=64)
    at: datetime = moment(index=True)


WINDOW = timedelta(minutes=15)
MOST = 10
"""Wrong tries in the window for one account, or from one address where nothing else tells who tries."""
MOST_SHARED = 100
"""From one address where each try names an account too: a college stands behind one address."""
IPV6_NETWORK = 64
"""Bits that tell one subscriber from another: whoever has one address of such a network has them all."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose tries are counted together, and how many may be wrong within the window."""

    key: str
    most: int = MOST


def of_account(key: str) -> Subject:
    """Tries that name one account: its normalised address, or its number where only that is known."""
    return Subject(f"account {key}")


def of_address(origin: str) -> Subject:
    """Tries from one network address, where the account is counted beside it."""
    return Subject(f"address {_network(origin)}", MOST_SHARED)


def of_stranger(origin: str) -> Subject:
    """Tries from one network address, where a try names no account (links, codes)."""
    return Subject(f"stranger {_network(origin)}")


def origin_of(request: Request) -> str:
    """The address that a request comes from, as the server knows it; behind a proxy the server must trust it."""
    return request.client.host[:45] if request.client is not None else ""


def _network(origin: str) -> str:
    try:
        address = ipaddress.ip_address(origin)
    except ValueError:  # a socket of this machine has a name, or none
        return origin
    if isinstance(address, ipaddress.IPv4Address):
        return origin
    own = address.ipv4_mapped
    return str(own or ipaddress.ip_network((int(address), IPV6_NETWORK), strict=False))


_FULL = text(
    """
    select max(tried.at)
      from unnest(cast(:subjects as text[]), cast(:limits as int[])) as s(subject, most),
           lateral (select a.at from attempt a
                     where a.door = :door and a.subject_hash = s.subject and a.at > :since
                     order by a.at desc offset s.most - 1 limit 1) tried
    """
)


def check_limit(db: Session, keyring: Keyring, door: RateLimitScope, *subjects: Subject) -> None:
    """Raise :class:`TooMany` (429, ``Retry-After`` in seconds) when one of the subjects has tried too often."""
    at = now()
    values = {
        "door": door.value,
        "subjects": [_hashed(keyring, subject) for subject in subjects],
        "limits": [subject.most for subject in subjects],
        "since": at - WINDOW,
    }
    tried = db.execute(_FULL, values).scalar_one()
    if tried is not None:
        raise TooMany(retry_after=max(1, math.ceil((tried + WINDOW - at).total_seconds())))


def record_failure(db: Session, keyring: Keyring, door: RateLimitScope, *subjects: Subject) -> None:
    """Count a wrong try against each of the subjects; it stays counted when the request is refused."""
    with separate_transaction(db) as other:
        count_attempt(other, keyring, door, *subjects)


def count_attempt(db: Session, keyring: Keyring, door: RateLimitScope, *subjects: Subject) -> None:
    """Count a try with this transaction: for a door where each counts, right or wrong, and none is refused."""
    at = now()
    rows = [{"door": door, "subject_hash": _hashed(keyring, subject), "at": at} for subject in subjects]
    db.connection().execute(insert(Attempt), rows)


@contextmanager
def limited_attempt(
    db: Session,
    keyring: Keyring,
    door: RateLimitScope,
    *subjects: Subject,
    wrong: type[DomainError] | tuple[type[DomainError], ...] = Unauthenticated,
) -> Iterator[None]:
    """Inside, a try: refused at once when there were too many, counted when it raises one of ``wrong``."""
    check_limit(db, keyring, door, *subjects)
    try:
        yield
    except wrong:
        record_failure(db, keyring, door, *subjects)
        raise


def _hashed(keyring: Keyring, subject: Subject) -> str:
    return keyring.mac(Use.THROTTLE, subject.key.encode())
