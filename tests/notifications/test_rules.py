"""What messages say, in both languages, and when their e-mail is sent."""

import ast
import string
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.network.colleges.rules import QUEBEC_ZONES
from app.notifications import texts
from app.notifications.enums import Kind, MailChoice
from app.notifications.rules import (
    AT_ANY_HOUR,
    CHOICES,
    DIGEST_HOUR,
    PARAMS,
    MailHours,
    after_quiet,
    choice_of,
    mail_time,
    missing_params,
    next_digest,
)
from app.platform.locations import ROOT
from app.platform.messages.i18n import LANGUAGES, NBSP, catalogue, language

SAMPLE = {
    "cohort": "Généraliste, Alma",
    "resource": "Centre d’essai",
    "activity": "Atelier 1",
    "competency": "Mener un diagnostic",
    "certificate_kind": "attestation_reussite",
    "hold_kind": "formality",
    "ending_kind": "accepted",
    "college": "Collège d’Alma",
    "starts_at": "2026-11-27T18:00:00+00:00",
    "was_at": "2026-11-26T18:30:00+00:00",
    "until_at": "2026-11-28T04:59:00+00:00",
    "timezone": "America/Toronto",
    "was_timezone": "America/Halifax",
    "mode": "online",
    "planned_minutes": 90,
    "starts_on": "2026-12-01",
    "ends_on": "2027-05-28",
    "enters_on": "2026-12-04",
    "due_on": "2026-11-20",
    "destroyed_on": "2026-12-29",
    "worked_on": "2026-11-19",
    "minutes": 90,
    "members": 3,
    "place": "Salle 12",
    "state": "on_leave",
    "subject": "Stationnement",
    "text": "Le stationnement est fermé.",
    "number": 2,
    "sessions": [
        {
            "activity": "Atelier 1",
            "starts_at": "2026-11-27T18:00:00+00:00",
            "timezone": "America/Toronto",
            "place": "A",
            "mode": "onsite",
        },
        {
            "activity": "Atelier 2",
            "starts_at": "2026-12-04T18:00:00+00:00",
            "timezone": "America/Halifax",
            "place": "",
            "mode": "online",
        },
    ],
}


def test_each_kind_has_a_sender() -> None:
    """What nothing sends is offered to nobody: the kinds are those named by the features that send messages."""
    sent = set()
    for path in (ROOT / "app").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if (
            path.is_relative_to(ROOT / "app" / "notifications")
            or "from app.notifications.enums import Kind" not in source
        ):
            continue
        sent |= {
            node.attr
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Kind"
        }
    assert sent == {kind.name for kind in Kind}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_each_kind_has_its_texts_in_both_languages(kind: Kind, lang: str) -> None:
    known = catalogue(lang)
    for part in ("kind", "title", "body"):
        assert f"message.{part}.{kind.value}" in known


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_texts_use_the_parameters_of_their_kind_alone(kind: Kind, lang: str) -> None:
    parts = [str(catalogue(lang)[f"message.{part}.{kind.value}"]) for part in ("title", "body")]
    used = {name for part in parts for _, name, _, _ in string.Formatter().parse(part) if name}
    assert used <= PARAMS[kind]
    assert PARAMS[kind] - used <= {"timezone", "was_timezone", "mode"}, "those that say how another one is shown"


@pytest.mark.parametrize("kind", Kind)
def test_a_message_is_plain_text_without_a_code_in_it(kind: Kind) -> None:
    params = {name: SAMPLE[name] for name in PARAMS[kind]}
    assert missing_params(kind, params) == frozenset()
    for text in (texts.title(kind, params), texts.body(kind, params)):
        assert "{" not in text
        assert "_" not in text
        assert "T18" not in text


def test_each_session_of_a_series_has_a_line_with_its_own_clock_and_place() -> None:
    text = texts.body(Kind.SERIES_PLANNED, {name: SAMPLE[name] for name in PARAMS[Kind.SERIES_PLANNED]})
    assert text.replace(NBSP, " ").splitlines()[1:] == [
        "- 27 novembre 2026, 13 h : « Atelier 1 ». Lieu : A.",
        "- 4 décembre 2026, 14 h (heure de l’Atlantique) : « Atelier 2 ». Lieu : En ligne.",
    ]


def test_a_moment_is_shown_in_the_zone_of_the_session() -> None:
    at = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert texts.moment(at, "America/Toronto").replace(NBSP, " ") == "27 novembre 2026, 13 h"
    assert texts.moment(at, "America/Halifax").replace(NBSP, " ") == "27 novembre 2026, 14 h (heure de l’Atlantique)"


def test_a_reader_of_english_gets_english_days_and_states() -> None:
    token = language.set("en")
    try:
        params = {"cohort": "Généraliste", "starts_on": "2026-12-01"}
        assert "begins on December 1, 2026" in texts.body(Kind.ADMITTED, params).replace(NBSP, " ")
    finally:
        language.reset(token)


def test_parameters_that_differ_from_the_kinds_are_named() -> None:
    assert missing_params(Kind.ADMITTED, {"cohort": "x", "age": 3}) == {"starts_on", "age"}


# When the e-mail is sent -------------------------------------------------------------------------

HOURS = MailHours()
MONTREAL = ZoneInfo("America/Toronto")


def here(text: str) -> datetime:
    """Return a moment of Quebec's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=MONTREAL)


def test_each_kind_has_its_choices() -> None:
    assert CHOICES.keys() == set(Kind)
    assert all(offered[0] is MailChoice.AT_ONCE for offered in CHOICES.values())
    assert {kind for kind, offered in CHOICES.items() if MailChoice.NONE in offered} == {
        Kind.TRAINING_STARTED, Kind.CORRECTION_ACCEPTED, Kind.CORRECTION_REFUSED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "given", "used"),
    [
        (Kind.JUDGED, "digest", MailChoice.DIGEST),
        (Kind.JUDGED, "none", MailChoice.AT_ONCE),
        (Kind.SESSION_MOVED, "digest", MailChoice.AT_ONCE),
        (Kind.TRAINING_STARTED, "none", MailChoice.NONE),
        (Kind.TRAINING_STARTED, "weekly", MailChoice.AT_ONCE),
    ],
)
def test_a_choice_that_a_kind_does_not_offer_is_not_used(kind: Kind, given: str, used: MailChoice) -> None:
    assert choice_of(kind, {kind.value: given}) is used
    assert choice_of(kind, {}) is MailChoice.AT_ONCE


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("2026-11-26 14:00", "2026-11-26 14:00"),
        ("2026-11-26 20:59", "2026-11-26 20:59"),
        ("2026-11-26 21:00", "2026-11-27 07:00"),
        ("2026-11-27 06:59", "2026-11-27 07:00"),
        ("2026-03-07 23:30", "2026-03-08 07:00"),
        ("2026-10-31 23:30", "2026-11-01 07:00"),
    ],
)
def test_an_email_of_the_night_leaves_in_the_morning(written: str, sent: str) -> None:
    assert mail_time(Kind.JUDGED, MailChoice.AT_ONCE, here(written), HOURS, here(written)) == here(sent)
    assert mail_time(Kind.SESSION_CANCELLED, MailChoice.AT_ONCE, here(written), HOURS, here(written)) == here(written)
    assert mail_time(Kind.TRAINING_STARTED, MailChoice.NONE, here(written), HOURS, here(written)) is None


@pytest.mark.parametrize(
    ("written", "choice", "now", "sent"),
    [
        ("2026-11-26 20:59", MailChoice.AT_ONCE, "2026-11-26 21:30", "2026-11-27 07:00"),
        ("2026-11-26 14:00", MailChoice.AT_ONCE, "2026-11-27 02:00", "2026-11-27 07:00"),
        ("2026-11-26 14:00", MailChoice.AT_ONCE, "2026-11-26 20:00", "2026-11-26 20:00"),
        ("2026-11-26 14:00", MailChoice.DIGEST, "2026-11-27 22:00", "2026-11-28 07:00"),
    ],
)
def test_quiet_hours_hold_when_the_email_is_sent_late(written: str, choice: MailChoice, now: str, sent: str) -> None:
    assert mail_time(Kind.JUDGED, choice, here(written), HOURS, here(now)) == here(sent)
    assert mail_time(Kind.SESSION_CANCELLED, MailChoice.AT_ONCE, here(written), HOURS, here(now)) == here(now)


def test_a_digest_leaves_the_next_morning_after_the_quiet_hours() -> None:
    def sent(written: str, hours: MailHours = HOURS) -> datetime | None:
        return mail_time(Kind.JUDGED, MailChoice.DIGEST, here(written), hours, here(written))

    assert sent("2026-11-26 07:00") == here("2026-11-27 07:00")
    assert sent("2026-11-26 06:30") == here("2026-11-26 07:00")
    assert sent("2026-11-26 14:00", MailHours(quiet_until=10)) == here("2026-11-27 10:00")
    assert after_quiet(here("2026-11-26 23:00"), MailHours(quiet_from=None)) == here("2026-11-26 23:00")


MINUTES = st.integers(0, 2 * 365 * 24 * 60)
NIGHTS = st.builds(MailHours, st.sampled_from(QUEBEC_ZONES), st.none() | st.integers(18, 23), st.integers(5, 10))


@given(MINUTES, NIGHTS, st.sampled_from(Kind), st.sampled_from(MailChoice))
def test_no_email_comes_early_a_day_late_or_in_the_night(
    minutes: int, hours: MailHours, kind: Kind, choice: MailChoice
) -> None:
    """Across both changes of the clock too, and asked again at its time it is due at once."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    sent = mail_time(kind, choice, at, hours, at)
    if sent is None:
        assert choice is MailChoice.NONE
        return
    assert mail_time(kind, choice, at, hours, sent) == sent
    longest = timedelta(hours=29) if choice is MailChoice.DIGEST else timedelta(hours=17)
    assert at <= sent <= at + longest
    hour = sent.astimezone(ZoneInfo(hours.timezone)).hour
    if kind not in AT_ANY_HOUR and hours.quiet_from is not None:
        assert hours.quiet_until <= hour < hours.quiet_from
        assert after_quiet(sent, hours) == sent
    digest = next_digest(at, hours.timezone)
    assert at < digest <= at + timedelta(hours=25)
    assert digest.astimezone(ZoneInfo(hours.timezone)).hour == DIGEST_HOUR
