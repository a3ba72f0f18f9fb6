"""Refused accesses in the audit record, each in a transaction of its own: the request's is rolled back.

Recorded are refusals of someone signed in (403, 404, 429), and invalid credentials or too many attempts of someone
who is not (401, 429); never a request's body. Wrong passwords and codes are counted by the rate limits
(``security/rate_limit.py``). The number per minute is bounded, so that nobody can fill the record: refusals beyond
it leave no entry.
"""

from collections import Counter
from http import HTTPStatus
from weakref import WeakKeyDictionary

from fastapi import Request

from app.platform.audit.enums import Outcome
from app.platform.audit.recorder import Entry, write
from app.platform.clock import now
from app.platform.database.session import ActorContext
from app.platform.database.transaction import Database
from app.platform.errors import DomainError
from app.platform.observability.requests import declared_path
from app.platform.paging import LARGEST_ID
from app.platform.web.deps import database_of

MOST_PER_PERSON = 60
"""Refusals of one person that each process records per minute."""
MOST_ANONYMOUS = 30
"""Refusals of all unauthenticated requests together that each process records per minute."""
RECORDED_WHEN_SIGNED_IN = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS})
RECORDED_WHEN_ANONYMOUS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})


class RefusalQuota:
    """The number of refusals recorded in this minute, by person; ``None`` counts all unauthenticated requests."""

    def __init__(self) -> None:
        self.minute = 0
        self.counts: Counter[int | None] = Counter()

    def take(self, person_id: int | None) -> bool:
        """Count one refusal; return whether it may be recorded."""
        minute = int(now().timestamp() // 60)
        if minute != self.minute:
            self.minute, self.counts = minute, Counter()
        self.counts[person_id] += 1
        return self.counts[person_id] <= (MOST_ANONYMOUS if person_id is None else MOST_PER_PERSON)


_quotas: WeakKeyDictionary[Database, RefusalQuota] = WeakKeyDictionary()


def is_recorded(request: Request, error: DomainError) -> bool:
    """Return whether a refusal is to be recorded: it refuses an access, and the quota of this minute has room."""
    context: ActorContext | None = getattr(request.state, "actor_context", None)
    if context is None or not _is_access(request, context, error):
        return False
    return _quotas.setdefault(database_of(request), RefusalQuota()).take(context.person_id)


def _is_access(request: Request, context: ActorContext, error: DomainError) -> bool:
    if context.person_id is not None:
        return error.status in RECORDED_WHEN_SIGNED_IN
    has_credential = "authorization" in request.headers or "cookie" in request.headers
    return error.status in RECORDED_WHEN_ANONYMOUS and (has_credential or error.status != HTTPStatus.UNAUTHORIZED)


def record(database: Database, request: Request, error: DomainError) -> None:
    """Write the refusal to the record: its code, the method and declared path, the first id in the path."""
    ids = [int(v) for v in request.path_params.values() if str(v).isdecimal() and int(v) <= LARGEST_ID]
    subject = f"{request.method} {declared_path(request.scope)}"
    entry = Entry(error.code[:40], subject[:120], ids[0] if ids else None)
    with database.transaction() as db:
        db.actor_context = request.state.actor_context
        write(db, [entry], Outcome.REFUSED)
