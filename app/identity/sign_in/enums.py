"""The kinds of sign-in."""

from enum import StrEnum


class SignInKind(StrEnum):
    """A browser's cookie or a program's bearer token."""

    COOKIE = "cookie"
    BEARER = "bearer"
