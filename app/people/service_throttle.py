"""The throttle of every door: wrong tries are counted in the database, per account and per address.

A window of 15 minutes slides: a subject with as many wrong tries in it as its limit is refused until the
oldest of them is 15 minutes old. A refused try is not counted, so nobody is kept out for ever. Subjects are
kept as keyed digests; a new key of the ring forgets what was counted under the last. Tries under way at one
moment are not yet counted: their number is bounded by the requests admitted at once (``pool_size``).
"""

import ipaddress
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request
from sqlalchemy import insert, text

from app.db import Session, now, separate_transaction
from app.errors import DomainError, TooMany, Unauthenticated
from app.keys import Keyring, Use
from app.people.models import Attempt, Door

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


def guard_door(session: Session, ring: Keyring, door: Door, *subjects: Subject) -> None:
    """Raise :class:`TooMany` (429, ``Retry-After`` in seconds) when one of the subjects has tried too often."""
    at = now()
    values = {
        "door": door.value,
        "subjects": [_hashed(ring, subject) for subject in subjects],
        "limits": [subject.most for subject in subjects],
        "since": at - WINDOW,
    }
    tried = session.execute(_FULL, values).scalar_one()
    if tried is not None:
        raise TooMany(retry_after=max(1, math.ceil((tried + WINDOW - at).total_seconds())))


def note_failure(session: Session, ring: Keyring, door: Door, *subjects: Subject) -> None:
    """Count a wrong try against each of the subjects; it stays counted when the request is refused."""
    with separate_transaction(session) as other:
        count_try(other, ring, door, *subjects)


def count_try(session: Session, ring: Keyring, door: Door, *subjects: Subject) -> None:
    """Count a try with this transaction: for a door where each counts, right or wrong, and none is refused."""
    at = now()
    rows = [{"door": door, "subject_hash": _hashed(ring, subject), "at": at} for subject in subjects]
    session.connection().execute(insert(Attempt), rows)


@contextmanager
def door_held(
    session: Session,
    ring: Keyring,
    door: Door,
    *subjects: Subject,
    wrong: type[DomainError] | tuple[type[DomainError], ...] = Unauthenticated,
) -> Iterator[None]:
    """Inside, a try: refused at once when there were too many, counted when it raises one of ``wrong``."""
    guard_door(session, ring, door, *subjects)
    try:
        yield
    except wrong:
        note_failure(session, ring, door, *subjects)
        raise


def _hashed(ring: Keyring, subject: Subject) -> str:
    return ring.mac(Use.THROTTLE, subject.key.encode())
