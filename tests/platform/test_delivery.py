"""What becomes of a message for each answer of a mail server: refused, tried again, given up, never lost or doubled."""

import logging
import socket
import traceback
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage as ReceivedMessage

import pytest
from sqlalchemy import text

from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.messages import smtp as client
from app.platform.messages.addresses import Envelope
from app.platform.messages.i18n import explain
from app.platform.messages.outbox import EmailMessage, deliver_letter, due_letters, enqueue
from app.platform.messages.rules import DeliveryReason, LetterState
from app.platform.messages.smtp import server_problems
from tests.factories.mail_server import DROP, MailServer, listening
from tests.factories.outbox import deliver, letter_problems

R, S = DeliveryReason, LetterState
ZOE = "zoe@alma.example.com"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """Yield a mail server on this machine."""
    with listening() as started:
        yield started


@pytest.fixture
def smtp(settings: Settings, mail_server: MailServer) -> Settings:
    """Return settings with the URL of the mail server."""
    return settings.model_copy(update={"smtp_url": mail_server.url})


def write(database: Database, recipient: str = ZOE, *, lasts: timedelta | None = None) -> int:
    """Enqueue a message, as a service does; return its number."""
    with database.transaction() as db:
        until = None if lasts is None else now() + lasts
        letter = enqueue(db, recipient, "reset", None, until, link="http://testserver/secret", delay=60)
        db.flush()
        return letter.id


def row(database: Database) -> EmailMessage:
    """Return the only message."""
    with database.as_owner() as db:
        return EmailMessage(**db.execute(text("select * from letter")).mappings().one())


def outcome(database: Database) -> tuple[LetterState, DeliveryReason | None, str]:
    """Return the state of the only message, and why."""
    message = row(database)
    return message.state, message.reason, message.status


@pytest.mark.parametrize(
    ("step", "answer", "reason", "status"),
    [
        ("RCPT", b"550 5.1.1 <zoe@alma.example.com> unknown", R.MAILBOX_UNKNOWN, "550 5.1.1"),
        ("RCPT", b"550 5.1.2 alma.example.com unknown", R.DOMAIN_UNKNOWN, "550 5.1.2"),
        ("RCPT", b"550 non", R.ADDRESS_REFUSED, "550"),
        ("RCPT", b"552 5.2.2 plein", R.MAILBOX_FULL, "552 5.2.2"),
        ("DATA", b"554 5.6.0 non", R.LETTER_REFUSED, "554 5.6.0"),
        ("ACCEPTED", b"552 5.3.4 trop gros", R.LETTER_TOO_LARGE, "552 5.3.4"),
    ],
)
def test_permanent_refusal_stops_the_message_at_once(
    database: Database,
    smtp: Settings,
    mail_server: MailServer,
    *,
    step: str,
    answer: bytes,
    reason: DeliveryReason,
    status: str,
) -> None:
    mail_server.answers[step] = answer
    write(database)
    assert deliver(database, smtp) == 0
    message = row(database)
    assert (message.state, message.reason, message.status) == (S.REFUSED, reason, status)
    assert (message.body, message.tries) == ("", 1)
    assert message.stopped_at is not None
    mail_server.answers.clear()
    with at(now() + timedelta(days=1)):
        assert deliver(database, smtp) == 0
    assert mail_server.received == []


@pytest.mark.parametrize(
    ("step", "answer", "reason", "status"),
    [
        ("GREETING", b"421 4.3.2 fermeture", R.SERVER_BUSY, "421 4.3.2"),
        ("GREETING", b"554 5.7.1 pas vous", R.SERVER_REFUSES_US, "554 5.7.1"),
        ("GREETING", DROP, R.SERVER_UNREACHABLE, ""),
        ("MAIL", b"550 5.7.1 sender rejected", R.SERVER_REFUSES_US, "550 5.7.1"),
        ("MAIL", b"451 4.3.0 plus tard", R.SERVER_BUSY, "451 4.3.0"),
        ("RCPT", b"421 4.7.0 trop de lettres", R.SERVER_BUSY, "421 4.7.0"),
        ("RCPT", b"450 4.2.0 liste grise", R.SERVER_BUSY, "450 4.2.0"),
        ("RCPT", b"452 4.2.2 plein", R.MAILBOX_FULL, "452 4.2.2"),
        ("RCPT", DROP, R.SERVER_UNREACHABLE, ""),
        ("DATA", b"451 plus tard", R.SERVER_BUSY, "451"),
        ("ACCEPTED", b"452 4.3.1 disque plein", R.SERVER_BUSY, "452 4.3.1"),
        ("ACCEPTED", DROP, R.SERVER_UNREACHABLE, ""),
    ],
)
def test_passing_failure_is_tried_again_and_then_succeeds(
    database: Database,
    smtp: Settings,
    mail_server: MailServer,
    *,
    step: str,
    answer: bytes,
    reason: DeliveryReason,
    status: str,
) -> None:
    mail_server.answers[step] = answer
    write(database)
    assert deliver(database, smtp) == 0
    assert outcome(database) == (S.RETRYING, reason, status)
    assert deliver(database, smtp) == 0  # not due yet
    mail_server.answers.clear()
    mail_server.received.clear()
    with at(row(database).due_at):
        assert deliver(database, smtp) == 1
    assert outcome(database) == (S.SENT, None, "")
    assert len(mail_server.received) == 1


def tries(database: Database) -> list[int]:
    """Return how often each message was tried, in order."""
    with database.as_owner() as db:
        return list(db.execute(text("select tries from letter order by id")).scalars())


def test_server_that_is_away_is_tried_by_one_message_a_round(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    """Each round by another message, so that one that the server cannot stand keeps none of the others."""
    away, start = smtp.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"}), now()
    for number in range(4):
        write(database, f"n{number}@alma.example.com")
    for minutes, expected in ((0, [1, 0, 0, 0]), (1, [1, 1, 0, 0]), (2, [1, 1, 1, 0]), (3, [1, 1, 1, 1])):
        with at(start + timedelta(minutes=minutes, seconds=1)):
            assert deliver(database, away) == 0
            assert tries(database) == expected
    with at(start + timedelta(hours=1)):
        write(database, "n4@alma.example.com")
        assert deliver(database, smtp) == 5


def test_message_of_a_person_waits_for_no_other_address(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    """What concerns one recipient says nothing of the server."""
    mail_server.answers["RCPT"] = b"450 4.2.0 liste grise"
    write(database)
    write(database, "maude@alma.example.com")
    assert deliver(database, smtp) == 0
    assert tries(database) == [1, 1]


@pytest.mark.parametrize("answer", [DROP, b"421 4.4.2 trop tard", b"500 quoi"])
def test_message_that_was_taken_is_not_sent_again_when_the_goodbye_fails(
    database: Database, smtp: Settings, mail_server: MailServer, answer: bytes
) -> None:
    mail_server.answers["QUIT"] = answer
    write(database)
    assert deliver(database, smtp) == 1
    with at(now() + timedelta(days=1)):
        assert deliver(database, smtp) == 0
    assert len(mail_server.received) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("smtp://127.0.0.1:1", R.SERVER_UNREACHABLE),
        ("smtp://courriel.invalid", R.SERVER_UNREACHABLE),
        ("smtps://127.0.0.1:{port}", R.SERVER_TLS),
        ("smtp://127.0.0.1:{port}?starttls", R.SERVER_REFUSES_US),
        ("smtp://escouade:faux@127.0.0.1:{port}", R.SERVER_REFUSES_US),
    ],
)
def test_server_that_cannot_be_used_lets_the_message_wait_and_the_check_says_why(
    database: Database, settings: Settings, mail_server: MailServer, url: str, reason: DeliveryReason
) -> None:
    mail_server.answers["AUTH"] = b"535 5.7.8 escouade: non"
    url = url.format(port=mail_server.port)
    write(database)
    write(database, "maude@alma.example.com")
    assert deliver(database, settings.model_copy(update={"smtp_url": url})) == 0
    with database.as_owner() as db:
        states = db.execute(text("select state, reason, tries from letter order by id")).all()
    assert states == [("retrying", reason.value, 1), ("waiting", None, 0)]  # the second was not tried in vain
    [problem] = server_problems(url, seconds=2)
    assert problem.code == f"mail_{reason.value}"
    assert explain(problem)
    assert "faux" not in explain(problem)


def test_server_that_never_greets_is_left_after_its_time(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SMTP_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"smtp://127.0.0.1:{mute.getsockname()[1]}"
        write(database)
        assert deliver(database, settings.model_copy(update={"smtp_url": url})) == 0
        assert [problem.code for problem in server_problems(url, seconds=0.2)] == ["mail_server_unreachable"]
    assert outcome(database) == (S.RETRYING, R.SERVER_UNREACHABLE, "")


def test_check_of_a_server_that_works_finds_nothing_and_sends_nothing(mail_server: MailServer) -> None:
    url = f"smtp://escouade:secret@127.0.0.1:{mail_server.port}"
    assert server_problems(url) == []
    assert (mail_server.logins, mail_server.envelopes, mail_server.received) == ([":escouade:secret"], [], [])
    mail_server.answers["NOOP"] = b"421 4.3.2 fermeture"
    assert [(problem.code, problem.params["status"]) for problem in server_problems(url)] == [
        ("mail_server_busy", "421 4.3.2")
    ]


def test_link_that_has_expired_is_not_sent(database: Database, smtp: Settings, mail_server: MailServer) -> None:
    mail_server.answers["RCPT"] = b"450 plus tard"
    write(database, lasts=timedelta(hours=1))
    assert deliver(database, smtp) == 0
    mail_server.answers.clear()
    with at(now() + timedelta(hours=1)):
        assert deliver(database, smtp) == 0
    assert outcome(database) == (S.GIVEN_UP, R.LETTER_EXPIRED, "")
    assert row(database).body == ""
    assert mail_server.received == []


def test_one_message_is_sent_by_its_number_once(database: Database, smtp: Settings, mail_server: MailServer) -> None:
    first, second = write(database), write(database, "maude@alma.example.com")
    assert due_letters(database, smtp) == [first, second]
    sent = deliver_letter(database, smtp, second)
    assert sent is not None
    assert (sent.state, sent.next_try) == (S.SENT, None)
    assert deliver_letter(database, smtp, second) is None
    assert due_letters(database, smtp) == [first]
    mail_server.answers["RCPT"] = b"450 plus tard"
    again = deliver_letter(database, smtp, first)
    assert again is not None
    assert again.next_try is not None
    assert again.next_try > now()
    assert len(mail_server.received) == 1


def test_message_that_one_worker_sends_is_left_alone_by_the_others(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    number, others = write(database), []
    mail_server.on_received = lambda: others.append(deliver_letter(database, smtp, number))
    assert deliver(database, smtp) == 1
    assert others == [None]
    assert len(mail_server.received) == 1


def test_domain_of_other_letters_is_given_in_ascii(database: Database, smtp: Settings, mail_server: MailServer) -> None:
    write(database, "zoe@collège.example.com")
    assert deliver(database, smtp) == 1
    [(_, recipient, _)] = mail_server.received
    [message] = mail_server.messages
    assert (recipient, message["to"]) == ("zoe@xn--collge-6ua.example.com",) * 2


def test_address_of_other_letters_is_refused_by_a_server_without_smtputf8(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    write(database, "zoé@collège.example.com")
    assert deliver(database, smtp) == 0
    assert outcome(database) == (S.REFUSED, R.NEEDS_SMTPUTF8, "")
    assert mail_server.envelopes == []


def test_address_of_other_letters_is_delivered_with_smtputf8(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    mail_server.extensions = (b"SMTPUTF8", b"8BITMIME")
    write(database, "zoé@collège.example.com")
    assert deliver(database, smtp) == 1
    sender, recipient = mail_server.envelopes
    assert sender.endswith("SMTPUTF8 BODY=8BITMIME")
    assert recipient == "rcpt TO:<zoé@xn--collge-6ua.example.com>"
    assert _to(mail_server.messages[0]) == "zoé@xn--collge-6ua.example.com"


def test_address_of_other_letters_is_written_to_a_file_too(database: Database, settings: Settings) -> None:
    write(database, "zoé@collège.example.com")
    assert deliver(database, settings) == 1
    [file] = (settings.data_dir / "mail").iterdir()
    assert "zoé@xn--collge-6ua.example.com" in file.read_text("utf-8")


def test_addresses_stand_in_no_log_line_and_in_no_error(
    database: Database, smtp: Settings, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for answer in (b"550 5.1.1 <zoe@alma.example.com> zoe: unknown", b"450 zoe@alma.example.com", b"250 ok"):
        mail_server.answers["RCPT"] = answer
        number = write(database)
        deliver_letter(database, smtp, number)
    lines = [record.getMessage() for record in caplog.records if record.name == "escouade.letters"]
    assert [line.split(" ", 2)[2] for line in lines] == [
        "(reset) refused, try 1: mailbox_unknown 550 5.1.1",
        "(reset) retrying, try 1: server_busy 450",
        "(reset) sent",
    ]
    assert "zoe" not in caplog.text
    with database.as_owner() as db:
        kept = db.execute(text("select string_agg(to_jsonb(l)::text, '') from letter l where state <> 'retrying'"))
        assert "unknown" not in kept.scalar_one().replace("mailbox_unknown", "")


def test_failure_holds_no_address_in_its_traceback(database: Database, smtp: Settings, mail_server: MailServer) -> None:
    mail_server.answers["RCPT"] = b"550 5.1.1 <zoe@alma.example.com> unknown"
    with pytest.raises(client.DeliveryFailed) as refused:
        client.send(mail_server.url, ReceivedMessage(), "a@b.example", Envelope(ZOE, needs_utf8=False))
    shown = "".join(traceback.format_exception(refused.value))
    assert "zoe" not in shown


def test_problems_tell_what_nobody_sends_from_what_no_server_takes(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    def problems() -> list[str]:
        return [problem.code for problem in letter_problems(database)]

    mail_server.answers["RCPT"] = b"450 plus tard"
    write(database)
    assert problems() == []
    with at(now() + timedelta(minutes=16)):
        assert problems() == ["letters_wait"]
        deliver(database, smtp)
        assert problems() == ["letters_retried"]
    with at(now() + timedelta(days=4)):
        deliver(database, smtp)
        assert problems() == ["letters_lost"]


def test_refused_address_is_no_problem_of_the_deployment(
    database: Database, smtp: Settings, mail_server: MailServer
) -> None:
    """Whoever invited corrects it; who operates the service can do nothing about it."""
    mail_server.answers["RCPT"] = b"550 5.1.1 unknown"
    write(database)
    deliver(database, smtp)
    assert letter_problems(database) == []


def _to(message: ReceivedMessage) -> str:
    return str(message["to"])
