"""What an entry of the directory must say, and which needs a sentence lets hear."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.curricula.library import default_library
from app.resources.corrections.enums import CorrectionAbout
from app.resources.corrections.rules import correction_reasons
from app.resources.corrections.schemas import NewCorrection
from app.resources.directory import rules
from app.resources.directory.schemas import ResourceContent

LEXICON = default_library().lexicon
TODAY = date(2026, 11, 27)
ENTRY: dict[str, Any] = {
    "kind": "organisme", "name": "Centre", "verb": "essayer", "summary": "Essaie.", "needs": ["essai-de-technologie"],
    "phone": "418 555-0100",
}  # fmt: skip
CONDITIONS: dict[str, Any] = {
    "eligibility": "Toutes.", "expenses": "Licences.", "own_share": "La moitié", "ceiling": "Aucun",
    "deadline": "Aucune", "source": "Guide", "consulted_on": "2026-11-27",
}  # fmt: skip


def reasons(**changes: object) -> list[tuple[str, str | None]]:
    content = ResourceContent.model_validate({**ENTRY, **changes})
    return [(r.code, r.field) for r in rules.resource_reasons(content, LEXICON, TODAY)]


@pytest.mark.parametrize(
    ("sentence", "need"),
    [
        ("Mon neveu s'occupait du site et il est parti", "autonomie-numerique"),
        ("On tape deux fois chaque bon de livraison", "integration-des-systemes"),
        ("Mon monde ne sait pas se servir du logiciel", "formation-du-personnel"),
    ],
)
def test_each_sentence_of_the_activity_lets_its_need_be_heard_first(sentence: str, need: str) -> None:
    """GEN-6.A, step 2."""
    assert next(iter(rules.needs_heard(rules.telling(sentence), LEXICON))) == need


def test_sentence_that_says_nothing_lets_no_need_be_heard() -> None:
    assert rules.telling("Et on a ça chez nous, à lui") == []
    assert rules.needs_heard([], LEXICON) == {}
    assert rules.needs_heard(rules.telling("zzzz introuvable"), LEXICON) == {}


def test_telling_words_lose_accents_and_the_mark_of_the_plural() -> None:
    assert rules.telling("Les Réseaux, les factures et le gaz") == ["reseau", "facture", "gaz"]


def test_entry_answers_a_need_and_gives_a_way_to_reach_it() -> None:
    assert reasons() == []
    assert reasons(needs=[]) == [("need_missing", "needs")]
    assert reasons(needs=["relais"]) == [("need_unknown", "needs")]  # a word of the field, no need
    assert reasons(phone=None) == [("contact_missing", "website")]


def test_entry_has_an_address_that_opens_and_an_email_that_receives() -> None:
    assert reasons(website="http://organisme.example") == [("link_not_https", "website")]
    assert reasons(website="https://organisme.example", email="info@organisme.example") == []
    assert reasons(email="info@organisme") == [("email_unusable", "email")]


@pytest.mark.parametrize("name", rules.CONDITIONS)
def test_programme_gives_its_six_conditions_with_the_day_of_their_source(name: str) -> None:
    """GEN-6.A, step 4."""
    assert reasons(kind="programme", **CONDITIONS) == []
    assert reasons(kind="programme", **{**CONDITIONS, name: None}) == [("condition_missing", name)]
    assert reasons(**{name: CONDITIONS[name]}) == [("condition_of_programme", name)]


def test_source_was_consulted_today_or_before() -> None:
    found = reasons(kind="programme", **{**CONDITIONS, "consulted_on": "2026-11-28"})
    assert found == [("consulted_in_future", "consulted_on")]


def test_entry_is_stale_after_more_than_a_year() -> None:
    """GEN-6.A, step 1."""
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert not rules.is_stale(now - timedelta(days=365), now)
    assert rules.is_stale(now - timedelta(days=366), now)


def correction(about: str, value: str | None, present: str | None = None) -> list[tuple[str, str | None]]:
    command = NewCorrection.model_validate({"about": about, "value": value, "because": "Appel."})
    return [(r.code, r.field) for r in correction_reasons(command, present)]


def test_correction_says_what_a_field_should_say_and_nothing_else() -> None:
    assert correction("phone", "418 555-0199", "418 555-0100") == []
    assert correction("phone", None) == [("missing", "value")]
    assert correction("phone", "418 555-0100", "418 555-0100") == [("correction_same", "value")]
    assert correction("website", "organisme.example") == [("link_not_https", "value")]
    assert correction("email", "info") == [("email_unusable", "value")]
    assert correction("verb", "a" * 41) == [("string_too_long", "value")]
    assert correction("summary", "a" * 600) == []


def test_correction_of_a_whole_entry_names_its_double_or_nothing() -> None:
    assert correction("duplicate", "Centre d’essai numérique") == []
    assert correction("duplicate", None) == [("missing", "value")]
    assert correction("closed", None) == []
    assert correction("closed", "Fermé") == [("correction_value_unused", "value")]
    assert {about.value for about in CorrectionAbout} >= {"address", "summary", "duplicate"}  # GEN-6.A, step 7
