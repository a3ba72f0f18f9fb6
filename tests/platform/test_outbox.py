"""Letters: posted with the transaction that decides them, delivered to a real server, again when it fails."""

import base64
import socketserver
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.cli.worker import sweep_letters
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.messages.i18n import explain
from app.platform.messages.outbox import EmailMessage, deliver, enqueue, has_post_office, waiting

LATER = timedelta(minutes=1)


@dataclass
class Server:
    """What a mail server took, and how it answers."""

    port: int = 0
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    refusal: bytes = b""
    logins: list[str] = field(default_factory=list)
    on_taken: Callable[[], None] = lambda: None

    @property
    def messages(self) -> list[EmailMessage]:
        """The letters, read."""
        return [message_from_bytes(data, policy=default) for _, _, data in self.taken]  # type: ignore[misc]


class Conversation(socketserver.StreamRequestHandler):
    """One client of a small SMTP server (RFC 5321, and AUTH PLAIN)."""

    def handle(self) -> None:
        """Answer until it quits."""
        state: Server = self.server.state  # type: ignore[attr-defined]
        sender, recipient = "", ""
        self.say(b"220 essai")
        while line := self.rfile.readline():
            words = line.decode().split()
            match words[0].upper():
                case "EHLO":
                    self.say(b"250-essai\r\n250-AUTH PLAIN\r\n250 8BITMIME")
                case "AUTH":
                    state.logins.append(base64.b64decode(words[2]).decode().replace("\0", ":"))
                    self.say(b"235 ok")
                case "MAIL":
                    sender = words[1].removeprefix("FROM:<").removesuffix(">")
                    self.say(b"250 ok")
                case "RCPT":
                    recipient = words[1].removeprefix("TO:<").removesuffix(">")
                    self.say(state.refusal or b"250 ok")
                case "DATA":
                    self.say(b"354 go on")
                    data = b"".join(iter(self.rfile.readline, b".\r\n"))
                    state.taken.append((sender, recipient, data))
                    state.on_taken()
                    self.say(b"250 ok")
                case "QUIT":
                    self.say(b"221 bye")
                    return
                case _:
                    self.say(b"250 ok")

    def say(self, line: bytes) -> None:
        """One answer."""
        self.wfile.write(line + b"\r\n")


@pytest.fixture
def post_office() -> Iterator[Server]:
    """A mail server on this machine."""
    state = Server()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as listening:
        listening.daemon_threads = True
        listening.state = state  # type: ignore[attr-defined]
        state.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        yield state
        listening.shutdown()
        thread.join()


@pytest.fixture
def sending(settings: Settings, post_office: Server) -> Settings:
    """Settings that name the server."""
    return settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{post_office.port}"})


def write(database: Database, recipient: str = "zoe@alma.example.com", college: str = "Collège d’Alma") -> None:
    """A letter, as a service posts it."""
    with database.transaction() as db:
        enqueue(db, recipient, "invitation", college=college, link="http://testserver/x", until="demain")


def rows(database: Database) -> list[EmailMessage]:
    """All letters, in order."""
    with database.as_owner() as db:
        return [EmailMessage(**row) for row in db.execute(text("select * from letter order by id")).mappings()]


def test_a_letter_arrives_and_its_words_are_forgotten(
    database: Database, sending: Settings, post_office: Server
) -> None:
    write(database)
    assert deliver(database, sending) == 1
    [(sender, recipient, _)] = post_office.taken
    assert (sender, recipient) == ("escouade@testserver", "zoe@alma.example.com")
    [message] = post_office.messages
    assert message["subject"] == "Invitation de Collège d’Alma"
    assert message["auto-submitted"] == "auto-generated"
    assert "l’espace de formation des conseillères" in message.get_content()
    assert "http://testserver/x" in message.get_content()
    [row] = rows(database)
    assert (row.body, row.tries, row.last_error) == ("", 1, "")
    assert row.sent_at is not None
    assert deliver(database, sending) == 0
    assert len(post_office.taken) == 1


def test_the_sender_and_the_login_are_the_deployments(
    database: Database, settings: Settings, post_office: Server
) -> None:
    chosen = settings.model_copy(
        update={
            "smtp_url": f"smtp://escouade:s%40cret@127.0.0.1:{post_office.port}",
            "mail_from": "Réseau d’essai <reseau@example.org>",
        }
    )
    write(database)
    deliver(database, chosen)
    assert post_office.logins == [":escouade:s@cret"]
    assert post_office.taken[0][0] == "reseau@example.org"
    assert post_office.messages[0]["from"] == "Réseau d’essai <reseau@example.org>"


def test_a_transaction_that_is_refused_sends_nothing(
    database: Database, sending: Settings, post_office: Server
) -> None:
    with database.transaction() as db:
        enqueue(db, "zoe@alma.example.com", "password_changed")
        db.flush()
        db.rollback()
    assert deliver(database, sending) == 0
    assert post_office.taken == []


def test_a_refused_letter_waits_longer_each_time_then_is_given_up(
    database: Database, sending: Settings, post_office: Server
) -> None:
    post_office.refusal = b"451 plus tard"
    write(database)
    start = now()
    waits = []
    for _ in range(4):
        [row] = rows(database)
        with at(row.due_at):
            assert deliver(database, sending) == 0
            waits.append(rows(database)[0].due_at - row.due_at)
    assert [w // LATER for w in waits] == [1, 2, 4, 8]
    [row] = rows(database)
    assert (row.tries, row.sent_at) == (4, None)
    assert "451" in row.last_error
    assert "http://testserver/x" not in row.last_error
    with at(start + timedelta(days=3, minutes=1)):
        assert deliver(database, sending) == 0
    assert (rows(database)[0].body, rows(database)[0].sent_at) == ("", None)
    post_office.refusal = b""
    with at(start + timedelta(days=9)):
        assert deliver(database, sending) == 0
    assert post_office.taken == []


def test_a_server_that_comes_back_gets_what_waited(
    database: Database, settings: Settings, sending: Settings, post_office: Server
) -> None:
    write(database)
    away = settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})
    assert deliver(database, away) == 0
    assert deliver(database, sending) == 0  # not due yet
    with at(now() + LATER):
        assert deliver(database, sending) == 1
    assert len(post_office.taken) == 1


def test_one_letter_that_cannot_leave_holds_no_other_back(
    database: Database, sending: Settings, post_office: Server
) -> None:
    write(database, "dz@alma.example.com")
    with database.engine.begin() as owner:
        owner.execute(text("update letter set recipient = :to"), {"to": "a@b.example\r\nBcc: tous@b.example"})
    write(database)
    assert deliver(database, sending) == 1
    assert [to for _, to, _ in post_office.taken] == ["zoe@alma.example.com"]
    assert b"tous@b.example" not in post_office.taken[0][2]
    assert rows(database)[0].last_error.startswith("ValueError")


def test_a_name_adds_no_header(database: Database, sending: Settings, post_office: Server) -> None:
    write(database, college="Collège\r\nBcc: tous@b.example\r\n\r\nBonjour")
    deliver(database, sending)
    [message] = post_office.messages
    assert message["bcc"] is None
    assert message["subject"] == "Invitation de Collège Bcc: tous@b.example Bonjour"
    assert [to for _, to, _ in post_office.taken] == ["zoe@alma.example.com"]


def test_several_workers_share_the_letters(database: Database, sending: Settings, post_office: Server) -> None:
    people = [f"n{n}@alma.example.com" for n in range(20)]
    for address in people:
        write(database, address)
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: deliver(database, sending), range(4))) == 20
    assert sorted(to for _, to, _ in post_office.taken) == sorted(people)


def test_a_worker_that_dies_before_its_note_sends_the_same_letter_again(
    database: Database, sending: Settings, post_office: Server
) -> None:
    """At least once, never lost: the database goes away between the server's yes and our own note of it."""
    write(database)

    def cut() -> None:
        post_office.on_taken = lambda: None
        others = text(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        with database.engine.connect() as owner:
            owner.execute(others)

    post_office.on_taken = cut
    with pytest.raises(OperationalError):
        deliver(database, sending)
    assert deliver(database, sending) == 1
    first, second = post_office.messages
    assert first["message-id"] == second["message-id"]
    assert first.as_bytes() == second.as_bytes()


def test_without_a_server_letters_are_files_for_their_owner_only(database: Database, settings: Settings) -> None:
    write(database)
    assert deliver(database, settings) == 1
    [file] = (settings.data_dir / "mail").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    message = message_from_bytes(file.read_bytes(), policy=default)
    assert message["to"] == "zoe@alma.example.com"
    assert rows(database)[0].body == ""


def test_in_production_letters_wait_for_a_server_and_it_is_said(database: Database, settings: Settings) -> None:
    chosen = settings.model_copy(update={"environment": "production"})
    url = database.engine.url.render_as_string(hide_password=False)
    write(database)
    assert not has_post_office(chosen)
    assert deliver(database, chosen) == 0
    assert not (settings.data_dir / "mail").exists()
    assert waiting(url) == []
    with at(now() + timedelta(minutes=16)):
        assert [(r.code, r.params["n"]) for r in waiting(url)] == [("letters_wait", 1)]
        assert all(explain(r) for r in waiting(url))
    with database.engine.begin() as owner:
        owner.execute(text("update letter set body = ''"))
    assert [(r.code, r.params["n"]) for r in waiting(url)] == [("letters_lost", 1)]


def test_the_application_reads_no_letter(database: Database) -> None:
    """It writes them: what it could be made to read would open accounts."""
    write(database)
    for column in ("body", "recipient", "*"):
        with pytest.raises(ProgrammingError, match="permission denied"), database.transaction() as db:
            db.execute(text(f"select {column} from letter"))  # noqa: S608 - literals of ours


def test_a_month_after_they_left_letters_are_forgotten(
    database: Database, sending: Settings, post_office: Server
) -> None:
    write(database)
    deliver(database, sending)
    write(database, "qui.attend@alma.example.com")
    assert sweep_letters(database) == 0
    with database.engine.begin() as owner:
        owner.execute(text("update letter set due_at = due_at - interval '31 days'"))
    assert sweep_letters(database) == 1
    assert [row.recipient for row in rows(database)] == ["qui.attend@alma.example.com"]
    assert len(post_office.taken) == 1


@pytest.mark.parametrize("url", ["http://mail.example.org", "mail.example.org", "smtp://", "smtp://a:b", "smtp://a:0"])
def test_what_names_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(smtp_url=url)


@pytest.mark.parametrize("sender", ["Escouade", "", "a@b\r\nBcc: c@d"])
def test_what_is_no_sender_is_refused(sender: str) -> None:
    with pytest.raises(ValidationError):
        Settings(mail_from=sender)
