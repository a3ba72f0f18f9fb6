"""The conversation with the mail server: sending a message, and checking that the server can be used.

Whatever fails becomes a :class:`DeliveryFailed` that holds codes alone: replies and exceptions may hold addresses.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from email.message import EmailMessage as MimeMessage
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit

from app.platform.errors import Reason
from app.platform.messages.addresses import Envelope
from app.platform.messages.rules import DeliveryReason, Failure, Step, failure_of_reply

SMTP_SECONDS = 20
"""How long a mail server may take for each of its answers."""
CHECK_SECONDS = 5
SERVER_PROBLEMS = {
    DeliveryReason.SERVER_BUSY: "mail_server_busy",
    DeliveryReason.SERVER_REFUSES_US: "mail_server_refuses_us",
    DeliveryReason.SERVER_TLS: "mail_server_tls",
    DeliveryReason.SERVER_UNREACHABLE: "mail_server_unreachable",
}
OK = HTTPStatus.OK + 50
"""``250``: the reply of a mail server that did what it was asked (RFC 5321)."""


class DeliveryFailed(Exception):
    """A message was not delivered."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.reason.value, failure.status)


def send(url: str, message: MimeMessage, sender: str, recipient: Envelope) -> None:
    """Give a message to the mail server; raise :class:`DeliveryFailed` unless it took it.

    What happens after it took the message (a lost connection, a refused ``QUIT``) does not count.
    """
    with failures(), closing(_session(url, SMTP_SECONDS)) as server:
        if recipient.needs_utf8 and not server.has_extn("smtputf8"):
            raise DeliveryFailed(Failure(DeliveryReason.NEEDS_SMTPUTF8, permanent=True))
        server.send_message(message, sender, [recipient.address])
        with suppress(OSError):  # smtplib's errors are among them
            server.quit()


def server_problems(url: str, *, seconds: float = CHECK_SECONDS) -> list[Reason]:
    """Return why the mail server cannot be used: it is asked for a session, TLS and the sign-in, and no message.

    ``seconds``: how long it may take for each of its answers.
    """
    try:
        with failures(), closing(_session(url, seconds)) as server:
            code, text = server.noop()
            if code != OK:
                raise smtplib.SMTPResponseException(code, text)
            with suppress(OSError):
                server.quit()
    except DeliveryFailed as error:
        problem = SERVER_PROBLEMS.get(error.failure.reason, "mail_server_unreachable")
        return [Reason(problem, {"host": urlsplit(url).hostname, "status": error.failure.status})]
    return []


def _session(url: str, seconds: float) -> smtplib.SMTP:
    """Return a session that is ready for a message: encrypted and signed in as the address says."""
    parts = urlsplit(url)
    host, context = parts.hostname or "localhost", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=seconds, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=seconds)
    try:
        if "starttls" in parse_qs(parts.query, keep_blank_values=True):
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


@contextmanager
def failures() -> Iterator[None]:
    """Raise :class:`DeliveryFailed`, without the cause that may hold an address, for what smtplib raises."""
    try:
        yield
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors
        raise DeliveryFailed(_failure_of(error)) from None


def _failure_of(error: OSError | ValueError) -> Failure:
    """Return what an exception of smtplib, or of making the message, means."""
    match error:
        case ValueError() if not isinstance(error, OSError):
            return Failure(DeliveryReason.ADDRESS_UNUSABLE, permanent=True)
        case smtplib.SMTPRecipientsRefused():
            [(code, text)] = error.recipients.values()
            return failure_of_reply(Step.RECIPIENT, code, _decoded(text))
        case smtplib.SMTPResponseException():
            step = Step.CONTENT if isinstance(error, smtplib.SMTPDataError) else Step.SESSION
            return failure_of_reply(step, error.smtp_code, _decoded(error.smtp_error))
    return Failure(_reason_of(error), server_wide=True)


def _reason_of(error: OSError | ValueError) -> DeliveryReason:
    """Return the reason of a failure without a reply: no name, no connection, a dropped line, no answer in time."""
    if isinstance(error, ssl.SSLError):
        return DeliveryReason.SERVER_TLS
    unusable = isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected)
    # no STARTTLS, or no way to sign in, where the address asks for it
    return DeliveryReason.SERVER_REFUSES_US if unusable else DeliveryReason.SERVER_UNREACHABLE


def _decoded(text: bytes | str) -> str:
    return text.decode("ascii", "replace") if isinstance(text, bytes) else text
