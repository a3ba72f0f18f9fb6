"""People, their accounts, the roles they hold and their sign-ins.

A person is global: one row whatever the colleges. Others see them through what they hold or follow.
"""

from enum import StrEnum


class SignInKind(StrEnum):
    """A browser's cookie or a program's bearer token."""

    COOKIE = "cookie"
    BEARER = "bearer"
