"""What messages say: every kind has its texts in both languages, of its parameters alone."""

import string
from datetime import UTC, datetime

import pytest

from app.notifications import texts
from app.notifications.enums import Kind
from app.notifications.rules import PARAMS, missing_params
from app.platform.messages.i18n import LANGUAGES, NBSP, catalogue, language

SAMPLE = {
    "cohort": "Généraliste, Alma",
    "activity": "Atelier 1",
    "competency": "Mener un diagnostic",
    "certificate_kind": "attestation_reussite",
    "starts_at": "2026-11-27T18:00:00+00:00",
    "was_at": "2026-11-26T18:30:00+00:00",
    "until_at": "2026-11-28T04:59:00+00:00",
    "timezone": "America/Toronto",
    "starts_on": "2026-12-01",
    "due_on": "2026-11-20",
    "worked_on": "2026-11-19",
    "minutes": 90,
    "place": "Salle 12",
    "reason": "Tempête",
    "state": "on_leave",
}


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
    assert PARAMS[kind] - used <= {"timezone", "title", "text"}


@pytest.mark.parametrize("kind", Kind)
def test_a_message_is_plain_text_without_a_code_in_it(kind: Kind) -> None:
    params = {name: SAMPLE[name] for name in PARAMS[kind]}
    assert missing_params(kind, params) == frozenset()
    for text in (texts.title(kind, params), texts.body(kind, params)):
        assert "{" not in text
        assert "_" not in text
        assert "T18" not in text


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
