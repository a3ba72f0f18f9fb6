"""The errors of the domain: exceptions and reasons, each with a stable code.

A rule that refuses returns :class:`Reason` values; a service that must stop raises a :class:`DomainError`, which one
handler (``web/problems.py``) turns into ``application/problem+json`` or a page. Texts are in the catalogues, under
``error.<code>`` and ``reason.<code>``.
"""

import errno
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
    """Why something is not possible, or not yet: a stable code, its values, the field that it concerns.

    ``field`` is a JSON path such as ``entries.2.minutes``; ``None`` when the whole is concerned.
    """

    code: str
    params: Params = field(default_factory=lambda: NONE)
    field: str | None = None


class DomainError(Exception):
    """Base of every refusal; it rolls the request's transaction back."""

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    code: str = "internal"

    def __init__(self, code: str | None = None, *reasons: Reason, **params: Scalar) -> None:
        self.code = code or self.code
        self.params: Params = params
        self.reasons = reasons
        super().__init__(self.code, params, reasons)


class Unauthenticated(DomainError):
    """Nobody is signed in, or the credential is invalid or expired (401)."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthenticated"


class Forbidden(DomainError):
    """No role of the signed-in person grants the route's permission (403)."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class NotFound(DomainError):
    """The object is missing or out of reach: the response is the same, byte for byte (404, docs/decisions/0004)."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class Conflict(DomainError):
    """The state of the object does not allow it now (409)."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class Stale(DomainError):
    """What is changed is no longer what was read (412)."""

    status = HTTPStatus.PRECONDITION_FAILED
    code = "stale"


class PreconditionRequired(DomainError):
    """A change that must name what it was made from, by ``If-Match``, does not (428)."""

    status = HTTPStatus.PRECONDITION_REQUIRED
    code = "precondition_required"


class Gone(DomainError):
    """The object has been used or has expired for good (410)."""

    status = HTTPStatus.GONE
    code = "gone"


class UnsupportedMedia(DomainError):
    """The body is of a type that the route does not read (415)."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media"


class Invalid(DomainError):
    """The request is well-formed but breaks a rule (422)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"


class TooMany(DomainError):
    """Too many attempts; ``retry_after`` is in seconds (429)."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many"


class Unavailable(DomainError):
    """Something that the deployment needs is missing or down (503)."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"


class StorageFull(Unavailable):
    """The disk has no room for a file, or the file is larger than the system allows: nothing was kept (503)."""

    code = "storage_full"


class StorageAway(DomainError):
    """The store of files does not answer, or refuses: nothing was kept (503); ``retry_after`` is in seconds.

    Not ``Unavailable``, which also stands for a file that is lost: this one comes back with the store.
    """

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "storage_away"


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_storage_full(error: BaseException | None) -> bool:
    """Return whether an error is a full disk, a quota that is used up, or a limit on the size of files."""
    return isinstance(error, OSError) and error.errno in FULL


def refuse_unless(*reasons: Reason, code: str | None = None) -> None:
    """Raise :class:`Invalid` with the reasons, if there is any."""
    if reasons:
        raise Invalid(code or reasons[0].code, *reasons)
