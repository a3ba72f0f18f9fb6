"""The words of the lexicon: listed, searched, read one by one."""

from collections.abc import Callable

from app.curricula.library import default_library
from app.platform.errors import NotFound
from app.platform.paging import Page, page_of
from app.platform.search import search_key, search_words
from app.resources.lexicon import rules
from app.resources.lexicon.enums import TermSort
from app.resources.lexicon.schemas import LexiconQuery, LexiconShown, TermShown, TermsQuery


def lexicon(query: LexiconQuery) -> LexiconShown:
    """Return the newest version, with the words that answer the query."""
    terms = rules.matching(_terms(), search_words(query.search), query.domain)
    return LexiconShown(version=default_library().lexicon.version, terms=tuple(terms))


def list_terms(query: TermsQuery) -> Page[TermShown]:
    """Return a page of the words that answer the query."""
    orders: dict[TermSort, Callable[[TermShown], tuple[str | bool, str]]] = {
        TermSort.NAME: lambda term: rules.place(term, query.words),
        TermSort.DOMAIN: lambda term: (term.domain.value, search_key(term.name)),
    }
    return page_of(rules.matching(_terms(), query.words, query.domaine), query, orders=orders)


def see_term(slug: str) -> TermShown:
    """Return a word by its stable name; raise ``NotFound`` when there is none."""
    current = default_library().lexicon
    if slug not in current.by_slug:
        raise NotFound
    return rules.shown(current, current.by_slug[slug])


def _terms() -> list[TermShown]:
    current = default_library().lexicon
    return [rules.shown(current, term) for term in current.terms]
