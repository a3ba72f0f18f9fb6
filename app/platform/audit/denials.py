"""Refused accesses: recorded though the request keeps nothing, each in a transaction of its own.

Recorded: what was refused to someone known (403, 404, 429), and a credential that opens nothing or too many
tries (401, 429) from a stranger. Never a body. Wrong passwords and codes are counted at their doors
(``people/service_throttle.py``). The number a minute is bounded, so that nobody fills the record: what is
over leaves no entry.
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
from app.platform.web.deps import database_of

MOST_KNOWN = 60
"""Refusals of one person recorded in a minute, by each process."""
MOST_STRANGERS = 30
"""Refusals of all strangers together recorded in a minute, by each process."""
KNOWN = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS})
STRANGERS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})
LARGEST_ID = 2**31 - 1


class Allowance:
    """What was recorded in this minute, by person; ``None`` is every stranger."""

    def __init__(self) -> None:
        self.minute = 0
        self.spent: Counter[int | None] = Counter()

    def spend(self, person_id: int | None) -> bool:
        """Whether one more may be recorded."""
        minute = int(now().timestamp() // 60)
        if minute != self.minute:
            self.minute, self.spent = minute, Counter()
        self.spent[person_id] += 1
        return self.spent[person_id] <= (MOST_STRANGERS if person_id is None else MOST_KNOWN)


_allowances: WeakKeyDictionary[Database, Allowance] = WeakKeyDictionary()


def is_recorded(request: Request, error: DomainError) -> bool:
    """Whether a refusal is one of an access, and one more may be recorded this minute."""
    context: ActorContext | None = getattr(request.state, "actor_context", None)
    if context is None or not _is_access(request, context, error):
        return False
    return _allowances.setdefault(database_of(request), Allowance()).spend(context.person_id)


def _is_access(request: Request, context: ActorContext, error: DomainError) -> bool:
    if context.person_id is not None:
        return error.status in KNOWN
    shown = "authorization" in request.headers or "cookie" in request.headers
    return error.status in STRANGERS and (shown or error.status != HTTPStatus.UNAUTHORIZED)


def record(database: Database, request: Request, error: DomainError) -> None:
    """Add the refusal to the record: the door as a pattern, and the number that was asked for."""
    numbers = [int(v) for v in request.path_params.values() if str(v).isdecimal() and int(v) <= LARGEST_ID]
    subject = f"{request.method} {door_of(request)}"
    entry = Entry(error.code[:40], subject[:120], numbers[0] if numbers else None)
    with database.transaction() as db:
        db.actor_context = request.state.actor_context
        write(db, [entry], Outcome.REFUSED)


def door_of(request: Request) -> str:
    """The path with the names of what was asked for in the place of what was typed."""
    names = {str(value): f"{{{name}}}" for name, value in request.path_params.items()}
    return "/".join(names.get(part, part) for part in str(request.scope["path"]).split("/"))
