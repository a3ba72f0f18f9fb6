"""E-mail addresses: which are accepted, how they are stored and compared, how they go to a mail server.

One validation for forms, the API, imports and the command line: RFC 5321 and 6531, the domain by IDNA 2008
(email-validator). An address is stored in lower case with its domain as people read it (``zoe@collège.example.com``);
mail servers receive the domain in ASCII (``xn--…``). Letters outside ASCII before the ``@`` are accepted too: only a
server that announces SMTPUTF8 takes them, and the outbox says so when it does not.
"""

from dataclasses import dataclass
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.platform.schema import cleaned_by
from app.platform.text import clean_address


@dataclass(frozen=True, slots=True)
class Envelope:
    """An address as a mail server receives it; ``needs_utf8``: only with SMTPUTF8 (RFC 6531)."""

    address: str
    needs_utf8: bool


def valid_address(text: str) -> str:
    """Return an address as it is stored; raise ``ValueError`` for a text that is none."""
    return validate_email(clean_address(text), check_deliverability=False, strict=True).normalized.lower()


def _accepted(text: str) -> str:
    """Return an address as it is stored; a text that is none is a validation error."""
    try:
        return valid_address(text)
    except EmailNotValidError:
        raise PydanticCustomError("email_invalid", "not an e-mail address") from None


Email = Annotated[
    str,
    cleaned_by(clean_address),
    AfterValidator(_accepted),
    WithJsonSchema({"type": "string", "format": "email"}),
]
"""An e-mail address of a command."""


def normal_address(text: str) -> str:
    """Return a typed address as it is compared with stored ones; a text that is no address equals none of them."""
    try:
        return valid_address(text)
    except EmailNotValidError:
        return clean_address(text).lower()


def envelope(address: str) -> Envelope:
    """Return an address for a mail server; raise ``ValueError`` for one that no server can be given."""
    checked = validate_email(address, check_deliverability=False)
    if checked.ascii_email is not None:
        return Envelope(checked.ascii_email, needs_utf8=False)
    return Envelope(f"{checked.local_part}@{checked.ascii_domain}", needs_utf8=True)


def ascii_host(host: str) -> str:
    """Return a host as it stands in headers: in ASCII (IDNA 2008)."""
    return host if host.isascii() else envelope(f"escouade@{host}").address.partition("@")[2]
