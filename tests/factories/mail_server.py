"""A small SMTP server (RFC 5321, AUTH PLAIN, SMTPUTF8) that answers as a test scripts it."""

import base64
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage as ReceivedMessage
from email.policy import default

DROP = b""
"""The answer that drops the line."""


@dataclass
class MailServer:
    """The messages received, and the answers.

    ``answers``: by step (``GREETING``, ``EHLO``, ``AUTH``, ``MAIL``, ``RCPT``, ``DATA``, ``NOOP``, ``QUIT``), and
    ``ACCEPTED`` for the answer to a whole message; a step that is not there succeeds. ``extensions`` are announced.
    ``on_received`` runs when a message is whole, before its answer.
    """

    port: int = 0
    answers: dict[str, bytes] = field(default_factory=dict)
    extensions: tuple[bytes, ...] = (b"AUTH PLAIN", b"8BITMIME")
    received: list[tuple[str, str, bytes]] = field(default_factory=list)
    envelopes: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    on_received: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        """The address of the server, as the setting has it."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[ReceivedMessage]:
        """The messages received, parsed."""
        return [message_from_bytes(data, policy=default) for _, _, data in self.received]


class Conversation(socketserver.StreamRequestHandler):
    """One client."""

    def handle(self) -> None:
        """Answer commands until the client quits, or an answer drops the line."""
        state: MailServer = self.server.state  # type: ignore[attr-defined]
        sender, recipient = "", ""
        if not self.say("GREETING", b"220 essai"):
            return
        while line := self.rfile.readline():
            words = line.decode().split()
            verb, succeeded = words[0].upper(), b"250 ok"
            match verb:
                case "EHLO":
                    lines = (b"essai", *state.extensions)
                    succeeded = b"\r\n".join(
                        b"250" + (b" " if n == len(lines) - 1 else b"-") + text for n, text in enumerate(lines)
                    )
                case "AUTH":
                    state.logins.append(base64.b64decode(words[2]).decode().replace("\0", ":"))
                    succeeded = b"235 ok"
                case "MAIL":
                    sender = words[1].removeprefix("FROM:<").removesuffix(">")
                    state.envelopes.append(line.decode().strip())
                case "RCPT":
                    recipient = words[1].removeprefix("TO:<").removesuffix(">")
                    state.envelopes.append(line.decode().strip())
                case "DATA":
                    succeeded = b"354 go on"
                case "QUIT":
                    self.say("QUIT", b"221 bye")
                    return
            if not self.say(verb, succeeded):
                return
            if verb == "DATA" and "DATA" not in state.answers:
                data = b"".join(iter(self.rfile.readline, b".\r\n"))
                if state.answers.get("ACCEPTED", b"250")[:1] == b"2":
                    state.received.append((sender, recipient, data))
                state.on_received()
                if not self.say("ACCEPTED", b"250 ok"):
                    return

    def say(self, step: str, succeeded: bytes) -> bool:
        """Send the answer of a step; return ``False`` when it drops the line."""
        answer: bytes = self.server.state.answers.get(step, succeeded)  # type: ignore[attr-defined]
        if answer != DROP:
            self.wfile.write(answer + b"\r\n")
        return answer != DROP


@contextmanager
def listening() -> Iterator[MailServer]:
    """Yield a mail server on this machine."""
    state = MailServer()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        server.state = state  # type: ignore[attr-defined]
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
