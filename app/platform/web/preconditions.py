"""``If-Match``: a change names the version that it was made from, so that nobody writes over what they never read.

The ETag of what can be changed is its version in quotes. A change without ``If-Match`` is refused (428); the service
compares the version under the row's lock and raises ``Stale`` (412) for another one. RFC 9110, 13.1.1; RFC 6585, 3.
"""

from typing import Annotated

from fastapi import Depends, Header

from app.platform.errors import PreconditionRequired, Stale

LARGEST = 2**31 - 1


def etag_of(version: int) -> str:
    """Return the ETag of a version; 0 is the version of what does not exist yet."""
    return f'"{version}"'


def version_named(if_match: Annotated[str | None, Header()] = None) -> int:
    """Return the version that ``If-Match`` names; raise ``PreconditionRequired`` without it, ``Stale`` for no version.

    A proxy that compresses makes an ETag weak: the version is the same, and it is accepted.
    """
    if if_match is None:
        raise PreconditionRequired
    named = if_match.strip().removeprefix("W/")
    digits = named[1:-1] if named[:1] == named[-1:] == '"' else ""
    if not (digits.isascii() and digits.isdigit()) or int(digits[:12]) > LARGEST:
        raise Stale
    return int(digits[:12])


IfMatch = Annotated[int, Depends(version_named)]
"""The version that a change was made from."""
