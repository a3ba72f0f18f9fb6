"""What can go wrong, in domain words with a stable code.

A rule that says "no" returns :class:`Reason` values; a service that must stop raises a
:class:`DomainError`; one handler (``web.py``) turns it into ``application/problem+json`` or a page.
No text is written here: codes are catalogue keys (``error.<code>``, ``reason.<code>``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None
Params: TypeAlias = Mapping[str, Scalar]

NONE: Params = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is not possible (yet): a stable code, its values, the field it concerns.

    ``field`` is a JSON path such as ``entries.2.minutes``; ``None`` when the whole is concerned.
    """

    code: str
    params: Params = field(default_factory=lambda: NONE)
    field: str | None = None


class DomainError(Exception):
    """Base of every refusal; nothing of the transaction it ends is kept."""

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    code: str = "internal"

    def __init__(self, code: str | None = None, *reasons: Reason, **params: Scalar) -> None:
        self.code = code or self.code
        self.params: Params = params
        self.reasons = reasons
        super().__init__(self.code, params, reasons)


class Unauthenticated(DomainError):
    """Nobody is signed in, or the proof is no longer good (401)."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthenticated"


class Forbidden(DomainError):
    """Signed in, but no role of the person holds the route's permission (403)."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class NotFound(DomainError):
    """Missing or invisible: one answer for both, byte for byte (docs/decisions/0004)."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class Conflict(DomainError):
    """The state of the thing does not allow it now (409)."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class Gone(DomainError):
    """It was there, served once or its time is over, and will not come back (410)."""

    status = HTTPStatus.GONE
    code = "gone"


class Invalid(DomainError):
    """The request is well-formed but breaks a rule (422)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"


class TooMany(DomainError):
    """Too many tries; ``retry_after`` is in seconds (429)."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many"


class Unavailable(DomainError):
    """Something the deployment lacks or that is down (503)."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"


def refuse_unless(*reasons: Reason, code: str | None = None) -> None:
    """Raise :class:`Invalid` with the reasons when there are any."""
    if reasons:
        raise Invalid(code or reasons[0].code, *reasons)
