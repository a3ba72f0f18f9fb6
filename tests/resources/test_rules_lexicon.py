"""The words of the lexicon: what is asked of them, and how they are found."""

import re

import pytest

from app.curricula.enums import TermDomain
from app.curricula.library import default_library
from app.curricula.rules import check_lexicon
from app.curricula.schemas import Lexicon, Term
from app.platform.search import search_words
from app.resources.lexicon.rules import matching, shown

LEXICON = default_library().lexicon
TERMS = [pytest.param(term, id=term.slug) for term in LEXICON.terms]
SHOWN = [shown(LEXICON, term) for term in LEXICON.terms]


def found(typed: str, domain: TermDomain | None = None) -> list[str]:
    return [term.slug for term in matching(SHOWN, search_words(typed), domain)]


def sample(**changes: object) -> Term:
    value = {"slug": "relais", "name": {"fr": "Relais"}, "domain": "terrain", "definition": "Un.", "avoid": "Deux."}
    return Term.model_validate({**value, **changes})


@pytest.mark.parametrize(
    ("domain", "slugs"),
    [
        (TermDomain.TRAINING, {"seance", "preuve", "seuil-de-reussite"}),
        (TermDomain.FIELD, {"entente-de-mandat", "fiche-d-orientation"}),
        (TermDomain.PRIVACY, {"renseignement-personnel", "incident-de-confidentialite"}),
    ],
)
def test_lexicon_has_the_three_packets_that_its_activity_names(domain: TermDomain, slugs: set[str]) -> None:
    """GEN-1.A, step 2."""
    assert slugs <= {term.slug for term in LEXICON.terms if term.domain is domain}


def test_lexicon_has_the_six_words_that_its_activity_asks_to_define() -> None:
    """GEN-1.A, step 1."""
    six = {"diagnostic", "plan-d-action", "relais", "mandat", "accompagnement", "maturite-numerique"}
    assert six <= LEXICON.by_slug.keys()
    assert len(LEXICON.terms) >= 60


@pytest.mark.parametrize("term", TERMS)
def test_word_is_written_in_plain_sentences_with_french_typography(term: Term) -> None:
    texts = (term.name.fr, term.definition, term.avoid, *term.heard)
    for text in texts:
        assert "'" not in text
        assert not re.search(r" [:»%;!?]|« |  |\u00a0[;!?]", text), text
    for sentences in (term.definition, term.avoid):
        assert sentences.endswith(".")
        assert len(re.findall(r"\.(?: |$)", sentences)) <= 2
        assert not re.search(r"\b[A-Z]{2,}\b", sentences), "no acronym stands in a definition (GEN-1.A, step 6)"
    assert len(term.definition) <= 220
    assert term.name.en
    assert term.see


def test_search_finds_accents_typed_without_and_words_in_english() -> None:
    assert found("maturite numerique")[0] == "maturite-numerique"
    assert found("MATURITÉ")[0] == "maturite-numerique"
    assert found("referral sheet") == ["fiche-d-orientation"]
    assert found("plan daction")[0] == "plan-d-action"


def test_search_puts_the_words_so_named_before_those_that_mention_them() -> None:
    slugs = found("relais")
    assert slugs[0] == "relais"
    assert "fiche-d-orientation" in slugs[1:]


def test_need_is_found_by_the_words_by_which_it_is_heard() -> None:
    assert found("bon de livraison") == ["integration-des-systemes"]
    assert found("bon de livraison", TermDomain.PRIVACY) == []


def test_words_are_in_french_alphabetical_order() -> None:
    names = [term.name for term in matching(SHOWN, [], None)]
    assert names.index("Évaluation certificative") < names.index("Évaluation formative") < names.index("Finalité")
    assert names[0] == "Absence motivée"


def test_word_is_shown_with_the_names_of_those_to_read_as_well() -> None:
    term = next(term for term in SHOWN if term.slug == "relais")
    assert (term.french, term.english) == ("Relais", "referral partner")
    assert [link.name for link in term.see] == ["Orientation", "Organisme-ressource"]


def test_word_listed_twice_or_referring_to_none_is_refused() -> None:
    terms = (sample(see=["inconnu", "relais"]), sample(), sample(slug="besoin", domain="besoin"))
    findings = check_lexicon(Lexicon(version="1.0", terms=terms))
    assert [(f.reason.code, f.path) for f in findings] == [
        ("curricula.duplicate", ("terms", 1, "slug")),
        ("curricula.unknown_term", ("terms", 0, "see", 0)),
        ("curricula.unknown_term", ("terms", 0, "see", 1)),
        ("curricula.term_heard", ("terms", 2)),
    ]


def test_word_that_is_no_need_has_no_words_heard() -> None:
    [finding] = check_lexicon(Lexicon(version="1.0", terms=(sample(heard=["taper deux fois"]),)))
    assert finding.reason.code == "curricula.term_heard"
