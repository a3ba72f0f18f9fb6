"""The outbox: messages enqueued with the transaction, delivered to a real SMTP server, retried when it fails."""

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.claims import Right
from app.platform.database.session import allow
from app.platform.database.transaction import Database
from app.platform.jobs.upkeep import sweep_messages
from app.platform.messages.i18n import explain
from app.platform.messages.outbox import LETTER, EmailMessage, can_send, enqueue
from app.platform.messages.rules import DeliveryReason, LetterState
from tests.factories.engine import running_engine
from tests.factories.full_disk import largest_file
from tests.factories.mail_server import MailServer, listening
from tests.factories.outbox import deliver, letter_problems
from tests.factories.waiting import wait_until

LATER = timedelta(minutes=1)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """Yield a mail server on this machine."""
    with listening() as server:
        yield server


@pytest.fixture
def smtp(settings: Settings, mail_server: MailServer) -> Settings:
    """Return settings with the URL of the mail server."""
    return settings.model_copy(update={"smtp_url": mail_server.url})


def write(database: Database, recipient: str = "zoe@alma.example.com", college: str = "Collège d’Alma") -> None:
    """Enqueue a message, as a service does."""
    with database.transaction() as db:
        enqueue(db, recipient, "invitation", college=college, link="http://testserver/x", until="demain")


def rows(database: Database) -> list[EmailMessage]:
    """Return all messages, in order."""
    with database.as_owner() as db:
        return [EmailMessage(**row) for row in db.execute(text("select * from letter order by id")).mappings()]


def test_message_with_a_link_that_expires_is_sent_before_those_that_can_wait(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    for number in range(20):
        write(database, f"avis{number}@alma.example.com")
    with database.transaction() as db:
        enqueue(db, "presse@alma.example.com", "invitation", None, now() + LATER, college="", link="", until="")
    with running_engine(database, smtp, LETTER):
        wait_until(lambda: len(mail_server.received) == 21)
    order = [recipient for _, recipient, _ in mail_server.received]
    assert order.index("presse@alma.example.com") < len(order) / 2


def test_delivered_message_arrives_and_its_body_is_emptied(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    write(database)
    assert deliver(database, smtp) == 1
    [(sender, recipient, _)] = mail_server.received
    assert (sender, recipient) == ("escouade@testserver", "zoe@alma.example.com")
    [message] = mail_server.messages
    assert message["subject"] == "Invitation de Collège d’Alma"
    assert message["auto-submitted"] == "auto-generated"
    assert "l’espace de formation des conseillères" in message.get_content()
    assert "http://testserver/x" in message.get_content()
    [row] = rows(database)
    assert (row.kind, row.state, row.body, row.tries, row.reason) == ("invitation", LetterState.SENT, "", 1, None)
    assert row.sent_at is not None
    assert deliver(database, smtp) == 0
    assert len(mail_server.received) == 1


def test_sender_and_login_come_from_the_settings(
    database: Database, settings: Settings, mail_server: MailServer
) -> None:
    chosen = settings.model_copy(
        update={
            "smtp_url": f"smtp://escouade:s%40cret@127.0.0.1:{mail_server.port}",
            "mail_from": "Réseau d’essai <reseau@example.org>",
        }
    )
    write(database)
    deliver(database, chosen)
    assert mail_server.logins == [":escouade:s@cret"]
    assert mail_server.received[0][0] == "reseau@example.org"
    assert mail_server.messages[0]["from"] == "Réseau d’essai <reseau@example.org>"


def test_rolled_back_transaction_sends_nothing(database: Database, smtp: Settings, mail_server: MailServer) -> None:
    with database.transaction() as db:
        enqueue(db, "zoe@alma.example.com", "password_changed")
        db.flush()
        db.rollback()
    assert deliver(database, smtp) == 0
    assert mail_server.received == []


def test_refused_message_is_retried_with_growing_delays_then_abandoned(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    mail_server.answers["RCPT"] = b"451 4.3.0 zoe@alma.example.com plus tard"
    write(database)
    start = now()
    waits = []
    for _ in range(4):
        [row] = rows(database)
        with at(row.due_at):
            assert deliver(database, smtp) == 0
            waits.append(rows(database)[0].due_at - row.due_at)
    assert [w // LATER for w in waits] == [1, 2, 4, 8]
    [row] = rows(database)
    assert (row.tries, row.sent_at, row.state) == (4, None, LetterState.RETRYING)
    assert (row.reason, row.status) == (DeliveryReason.SERVER_BUSY, "451 4.3.0")
    with at(start + timedelta(days=3, minutes=1)):
        assert deliver(database, smtp) == 0
    [row] = rows(database)
    assert (row.state, row.body, row.stopped_at) == (LetterState.GIVEN_UP, "", start + timedelta(days=3, minutes=1))
    mail_server.answers.clear()
    with at(start + timedelta(days=9)):
        assert deliver(database, smtp) == 0
    assert mail_server.received == []


def test_server_back_up_receives_the_waiting_message(
    database: Database, settings: Settings, smtp: Settings, mail_server: MailServer
) -> None:
    write(database)
    away = settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})
    assert deliver(database, away) == 0
    assert deliver(database, smtp) == 0  # not due yet
    with at(now() + timedelta(seconds=66)):
        assert deliver(database, smtp) == 1
    assert len(mail_server.received) == 1


def test_message_that_cannot_be_sent_does_not_block_the_others(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    write(database, "dz@alma.example.com")
    with database.engine.begin() as owner:
        owner.execute(text("update letter set recipient = :to"), {"to": "a@b.example\r\nBcc: tous@b.example"})
    write(database)
    assert deliver(database, smtp) == 1
    assert [to for _, to, _ in mail_server.received] == ["zoe@alma.example.com"]
    assert b"tous@b.example" not in mail_server.received[0][2]
    assert (rows(database)[0].state, rows(database)[0].reason) == (LetterState.REFUSED, DeliveryReason.ADDRESS_UNUSABLE)


def test_line_break_in_a_name_adds_no_header(database: Database, smtp: Settings, mail_server: MailServer) -> None:
    write(database, college="Collège\r\nBcc: tous@b.example\r\n\r\nBonjour")
    deliver(database, smtp)
    [message] = mail_server.messages
    assert message["bcc"] is None
    assert message["subject"] == "Invitation de Collège Bcc: tous@b.example Bonjour"
    assert [to for _, to, _ in mail_server.received] == ["zoe@alma.example.com"]


def test_concurrent_workers_send_each_message_once(database: Database, smtp: Settings, mail_server: MailServer) -> None:
    people = [f"n{n}@alma.example.com" for n in range(20)]
    for address in people:
        write(database, address)
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: deliver(database, smtp), range(4))) == 20
    assert sorted(to for _, to, _ in mail_server.received) == sorted(people)


def test_worker_that_dies_before_marking_a_message_sends_it_again(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    """Delivery is at least once: the connection breaks after the server accepts a message, before it is marked."""
    write(database)

    def cut() -> None:
        mail_server.on_received = lambda: None
        others = text(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        with database.engine.connect() as owner:
            owner.execute(others)

    mail_server.on_received = cut
    with pytest.raises(OperationalError):
        deliver(database, smtp)
    assert deliver(database, smtp) == 1
    first, second = mail_server.messages
    assert first["message-id"] == second["message-id"]
    assert first.as_bytes() == second.as_bytes()


def test_message_without_a_server_is_a_file_readable_by_its_owner_only(database: Database, settings: Settings) -> None:
    write(database)
    assert deliver(database, settings) == 1
    [file] = (settings.data_dir / "mail").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    message = message_from_bytes(file.read_bytes(), policy=default)
    assert message["to"] == "zoe@alma.example.com"
    assert rows(database)[0].body == ""


def test_message_file_on_a_full_disk_is_left_whole_or_not_at_all(database: Database, settings: Settings) -> None:
    """What a try that was killed left is replaced by the next one."""
    write(database)
    folder = settings.data_dir / "mail"
    folder.mkdir()
    number = rows(database)[0].id
    (folder / f"{number:06d}.part").write_bytes(b"From: ")
    with largest_file(100):
        assert deliver(database, settings) == 0
    assert list(folder.iterdir()) == []
    assert rows(database)[0].body
    with at(rows(database)[0].due_at):
        assert deliver(database, settings) == 1
    assert [path.name for path in folder.iterdir()] == [f"{number:06d}.eml"]


def test_production_without_a_server_keeps_messages_waiting_and_reports_them(
    database: Database, settings: Settings
) -> None:
    chosen = settings.model_copy(update={"environment": "production"})
    write(database)
    assert not can_send(chosen)
    assert deliver(database, chosen) == 0
    assert not (settings.data_dir / "mail").exists()
    assert letter_problems(database) == []
    with at(now() + timedelta(minutes=16)):
        assert [(r.code, r.params["n"]) for r in letter_problems(database)] == [("letters_wait", 1)]
        assert all(explain(r) for r in letter_problems(database))
    with database.engine.begin() as owner:
        owner.execute(text("update letter set state = 'given_up', stopped_at = now()"))
    assert [(r.code, r.params["n"]) for r in letter_problems(database)] == [("letters_lost", 1)]


def test_application_role_cannot_read_messages(database: Database) -> None:
    """It only inserts them: messages hold links that give access to accounts."""
    write(database)
    for column in ("body", "subject", "recipient", "*"):
        with pytest.raises(ProgrammingError, match="permission denied"), database.transaction() as db:
            db.execute(text(f"select {column} from letter"))  # noqa: S608 - constant names
    with database.transaction() as db:
        assert db.execute(text("select masked, state from letter")).all() == []
        allow(db, Right.LETTERS)
        assert db.execute(text("select masked, state from letter")).all() == [("z…@alma.example.com", "waiting")]


def test_sent_messages_are_deleted_after_a_month(database: Database, smtp: Settings, mail_server: MailServer) -> None:
    write(database)
    deliver(database, smtp)
    write(database, "qui.attend@alma.example.com")
    assert sweep_messages(database) == 0
    with database.engine.begin() as owner:
        owner.execute(text("update letter set due_at = due_at - interval '31 days'"))
    assert sweep_messages(database) == 1
    assert [row.recipient for row in rows(database)] == ["qui.attend@alma.example.com"]
    assert len(mail_server.received) == 1


@pytest.mark.parametrize("url", ["http://mail.example.org", "mail.example.org", "smtp://", "smtp://a:b", "smtp://a:0"])
def test_setting_that_is_not_a_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(smtp_url=url)


@pytest.mark.parametrize("sender", ["Escouade", "", "a@b\r\nBcc: c@d", "é@b.example"])
def test_setting_that_is_not_a_sender_is_refused(sender: str) -> None:
    with pytest.raises(ValidationError):
        Settings(mail_from=sender)
