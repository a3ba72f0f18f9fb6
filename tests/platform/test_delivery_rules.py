"""What the answers of a mail server mean, when a message is tried again, and which addresses there are."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from app.platform.messages.addresses import Email, Envelope, ascii_host, envelope, normal_address
from app.platform.messages.rules import (
    DeliveryReason,
    Failure,
    LetterState,
    Step,
    failure_of_reply,
    gives_up,
    next_state,
    next_try,
)

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
R = DeliveryReason


@pytest.mark.parametrize(
    ("step", "code", "text", "reason", "status", "permanent"),
    [
        (Step.RECIPIENT, 550, "5.1.1 no such user", R.MAILBOX_UNKNOWN, "550 5.1.1", True),
        (Step.RECIPIENT, 550, "5.1.10 null MX", R.DOMAIN_UNKNOWN, "550 5.1.10", True),
        (Step.RECIPIENT, 550, "5.1.2 bad host", R.DOMAIN_UNKNOWN, "550 5.1.2", True),
        (Step.RECIPIENT, 550, "5.2.1 disabled", R.MAILBOX_DISABLED, "550 5.2.1", True),
        (Step.RECIPIENT, 553, "5.6.7 no utf8", R.NEEDS_SMTPUTF8, "553 5.6.7", True),
        (Step.RECIPIENT, 550, "non", R.ADDRESS_REFUSED, "550", True),
        (Step.RECIPIENT, 550, "5.99.1 ?", R.ADDRESS_REFUSED, "550 5.99.1", True),
        (Step.RECIPIENT, 552, "plein", R.MAILBOX_FULL, "552", True),
        (Step.RECIPIENT, 452, "4.2.2 plein", R.MAILBOX_FULL, "452 4.2.2", False),
        (Step.RECIPIENT, 450, "revenez", R.SERVER_BUSY, "450", False),
        (Step.CONTENT, 552, "5.3.4 trop gros", R.LETTER_TOO_LARGE, "552 5.3.4", True),
        (Step.CONTENT, 554, "5.7.1 pourriel", R.LETTER_REFUSED, "554 5.7.1", True),
        (Step.CONTENT, 451, "4.7.1 revenez", R.SERVER_BUSY, "451 4.7.1", False),
    ],
)
def test_reply_about_a_message_has_a_reason(
    step: Step, code: int, text: str, reason: DeliveryReason, status: str, *, permanent: bool
) -> None:
    assert failure_of_reply(step, code, text) == Failure(reason, status, permanent=permanent)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(421, R.SERVER_BUSY), (454, R.SERVER_BUSY), (535, R.SERVER_REFUSES_US), (554, R.SERVER_REFUSES_US)],
)
def test_reply_about_the_session_never_stops_a_message(code: int, reason: DeliveryReason) -> None:
    failure = failure_of_reply(Step.SESSION, code, "5.7.8 non")
    assert (failure.reason, failure.permanent, failure.server_wide) == (reason, False, True)


def test_delays_double_up_to_six_hours() -> None:
    delays = [next_try(AT, tries=tries, number=0) - AT for tries in range(1, 14)]
    minutes = [delay // timedelta(minutes=1) for delay in delays]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360, 360]


def test_messages_of_one_failure_come_back_apart() -> None:
    delays = {next_try(AT, tries=5, number=number) - AT for number in range(100)}
    assert len(delays) == 10
    assert max(delays) < timedelta(minutes=16) * 1.1


def test_message_is_given_up_after_three_days_or_with_its_link() -> None:
    def after(delay: timedelta, expires_at: datetime | None = None) -> LetterState:
        return next_state(Failure(R.SERVER_BUSY), AT + delay, created_at=AT, expires_at=expires_at)

    hour = timedelta(hours=1)
    assert after(timedelta(days=3) - hour) is LetterState.RETRYING
    assert after(timedelta(days=3)) is LetterState.GIVEN_UP
    assert after(hour / 2, AT + hour) is LetterState.RETRYING
    assert after(hour, AT + hour) is LetterState.GIVEN_UP
    assert not gives_up(AT, created_at=AT, expires_at=None)


def test_permanent_refusal_stops_at_the_first_try() -> None:
    refused = Failure(R.MAILBOX_UNKNOWN, "550 5.1.1", permanent=True)
    assert next_state(refused, AT, created_at=AT, expires_at=None) is LetterState.REFUSED


@pytest.mark.parametrize(
    ("typed", "stored", "given"),
    [
        (" Zoe.Roy@Alma.Example.COM ", "zoe.roy@alma.example.com", Envelope("zoe.roy@alma.example.com", False)),
        ("zoe@Collège.example.com", "zoe@collège.example.com", Envelope("zoe@xn--collge-6ua.example.com", False)),
        (
            "zoe@xn--collge-6ua.example.com",
            "zoe@collège.example.com",
            Envelope("zoe@xn--collge-6ua.example.com", False),
        ),
        ("ZOÉ@collège.example.com", "zoé@collège.example.com", Envelope("zoé@xn--collge-6ua.example.com", True)),
        ("zoe\u0301@alma.example.com", "zoé@alma.example.com", Envelope("zoé@alma.example.com", True)),
        ("zoe\u200b@alma.example.com", "zoe@alma.example.com", Envelope("zoe@alma.example.com", False)),
        ("zoe+essai@alma.example.com", "zoe+essai@alma.example.com", Envelope("zoe+essai@alma.example.com", False)),
    ],
)
def test_address_is_stored_as_read_and_given_as_servers_take_it(typed: str, stored: str, given: Envelope) -> None:
    assert TypeAdapter(Email).validate_python(typed) == stored == normal_address(typed) == normal_address(stored)
    assert envelope(stored) == given


@pytest.mark.parametrize(
    "typed",
    [
        "", "zoe", "zoe@", "@alma.example.com", "zoe@alma", "zoe@localhost", "zoe@alma..example.com",
        "a b@alma.example.com",
        "Zoé <zoe@alma.example.com>", "zoe@[127.0.0.1]", '"z o e"@alma.example.com', "zoe@☃.example.com",
        "zoe@alma.example.com\r\nBcc: tous@b.example", "z" * 65 + "@alma.example.com",
        "zoe@" + "a" * 64 + ".example.com",
        "zoe@" + ".".join(["a" * 60] * 5) + ".com", "zoe@xn--a-.example.com",
    ],
)  # fmt: skip
def test_text_that_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Email).validate_python(typed)
    assert [error["type"] for error in refused.value.errors()] == ["email_invalid"]
    normal_address(typed)  # compares with stored addresses, and raises nothing


def test_host_stands_in_headers_in_ascii() -> None:
    assert [ascii_host(host) for host in ("testserver", "école.example.com")] == [
        "testserver", "xn--cole-9oa.example.com",
    ]  # fmt: skip
