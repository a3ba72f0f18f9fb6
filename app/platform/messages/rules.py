"""Pure rules about the delivery of e-mail messages: what an answer of a mail server means, and when to try again.

Sources: RFC 5321 (replies), RFC 3463 (enhanced status codes), RFC 6531 (SMTPUTF8).
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=6)
TRIED_FOR = timedelta(days=3)
"""How long a message that no server takes is tried again."""
LATE_AFTER = timedelta(minutes=15)
SERVER_ROUND = timedelta(minutes=1)
"""How long the messages that are due wait after one found that the mail server itself fails."""

PERMANENT = 500
"""The first reply code that asks not to try again."""


class LetterState(StrEnum):
    """Where a message stands; ``SENT`` means that the mail server took it, not that anyone has read it."""

    WAITING = "waiting"
    RETRYING = "retrying"
    SENT = "sent"
    REFUSED = "refused"
    GIVEN_UP = "given_up"


OPEN_STATES = (LetterState.WAITING, LetterState.RETRYING)
"""The states of a message that is still to be sent."""
STOPPED = frozenset({LetterState.REFUSED, LetterState.GIVEN_UP})
"""The states of a message that reached nobody and is not tried again."""


def mask(address: str) -> str:
    """Return an address as an administrator sees it: the first character, and the domain."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}…{at}{domain}"


class DeliveryReason(StrEnum):
    """Why a message was not delivered, or not yet."""

    MAILBOX_UNKNOWN = "mailbox_unknown"
    MAILBOX_DISABLED = "mailbox_disabled"
    MAILBOX_FULL = "mailbox_full"
    DOMAIN_UNKNOWN = "domain_unknown"
    ADDRESS_REFUSED = "address_refused"
    ADDRESS_UNUSABLE = "address_unusable"
    NEEDS_SMTPUTF8 = "needs_smtputf8"
    LETTER_REFUSED = "letter_refused"
    LETTER_TOO_LARGE = "letter_too_large"
    LETTER_EXPIRED = "letter_expired"
    SERVER_BUSY = "server_busy"
    SERVER_UNREACHABLE = "server_unreachable"
    SERVER_TLS = "server_tls"
    SERVER_REFUSES_US = "server_refuses_us"


class Step(StrEnum):
    """What a mail server was asked when it failed."""

    SESSION = "session"
    """The greeting, TLS, the sign-in, the sender: nothing that depends on this message."""
    RECIPIENT = "recipient"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed delivery: why, the server's status (``550 5.1.1``), whether trying again is of no use.

    ``server_wide``: the next message would fail the same way.
    """

    reason: DeliveryReason
    status: str = ""
    permanent: bool = False
    server_wide: bool = False


BY_DETAIL = {
    "1.0": DeliveryReason.ADDRESS_REFUSED,
    "1.1": DeliveryReason.MAILBOX_UNKNOWN,
    "1.2": DeliveryReason.DOMAIN_UNKNOWN,
    "1.3": DeliveryReason.ADDRESS_REFUSED,
    "1.6": DeliveryReason.MAILBOX_DISABLED,
    "1.10": DeliveryReason.DOMAIN_UNKNOWN,
    "2.0": DeliveryReason.MAILBOX_DISABLED,
    "2.1": DeliveryReason.MAILBOX_DISABLED,
    "2.2": DeliveryReason.MAILBOX_FULL,
    "2.3": DeliveryReason.LETTER_TOO_LARGE,
    "3.4": DeliveryReason.LETTER_TOO_LARGE,
    "4.3": DeliveryReason.DOMAIN_UNKNOWN,
    "4.4": DeliveryReason.DOMAIN_UNKNOWN,
    "6.7": DeliveryReason.NEEDS_SMTPUTF8,
}
"""Reasons by subject and detail of an enhanced status code (RFC 3463, RFC 6531, RFC 7505)."""
PASSING = frozenset({DeliveryReason.MAILBOX_FULL, DeliveryReason.DOMAIN_UNKNOWN})
"""The reasons that a 4xx reply states as such; the others (grey lists among them) only ask to come back."""
OVER_QUOTA = 552
"""The reply of a mailbox that is full where the server gives no enhanced status code (RFC 5321)."""
_ENHANCED = re.compile(r"\s*[245]\.(\d{1,3}\.\d{1,3})\b")


def failure_of_reply(step: Step, code: int, text: str) -> Failure:
    """Return what a reply other than success means.

    A refusal (5xx) of the recipient or of the content stops the message. One of the session concerns every message and
    is the operator's to repair: the message waits. Only the codes of the reply are kept: its text may hold the address.
    """
    found = _ENHANCED.match(text)
    detail = found[1] if found else ""
    status = f"{code} {code // 100}.{detail}" if detail else str(code)
    permanent = code >= PERMANENT
    if step is Step.SESSION:
        refused = DeliveryReason.SERVER_REFUSES_US if permanent else DeliveryReason.SERVER_BUSY
        return Failure(refused, status, server_wide=True)
    reason = BY_DETAIL.get(detail)
    if reason is None or not (permanent or reason in PASSING):
        reason = _reason_without_detail(step, code, permanent=permanent)
    return Failure(reason, status, permanent=permanent)


def _reason_without_detail(step: Step, code: int, *, permanent: bool) -> DeliveryReason:
    if code == OVER_QUOTA:
        return DeliveryReason.MAILBOX_FULL
    if not permanent:
        return DeliveryReason.SERVER_BUSY
    return DeliveryReason.ADDRESS_REFUSED if step is Step.RECIPIENT else DeliveryReason.LETTER_REFUSED


def next_try(at: datetime, *, tries: int, number: int) -> datetime:
    """Return when to try again after ``tries`` failures: each delay is twice the one before, up to six hours.

    The messages of one failure are spread by their number, up to a tenth of the delay, so that they do not all come
    back at once.
    """
    delay: timedelta = min(FIRST_DELAY * 2 ** min(tries - 1, 10), LONGEST_DELAY)
    return at + delay * (1 + number % 10 / 100)


def gives_up(at: datetime, *, created_at: datetime, expires_at: datetime | None) -> bool:
    """Return whether a message that has just failed again is abandoned: after three days, or with its link."""
    return at >= created_at + TRIED_FOR or (expires_at is not None and at >= expires_at)


def next_state(failure: Failure, at: datetime, *, created_at: datetime, expires_at: datetime | None) -> LetterState:
    """Return the state of a message after a failed delivery."""
    if failure.permanent:
        return LetterState.REFUSED
    return LetterState.GIVEN_UP if gives_up(at, created_at=created_at, expires_at=expires_at) else LetterState.RETRYING
