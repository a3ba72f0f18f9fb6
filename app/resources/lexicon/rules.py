"""Which words of the lexicon answer a search, and in which order. Pure."""

from collections.abc import Iterable, Sequence

from app.curricula.enums import TermDomain
from app.curricula.schemas import Lexicon, Term
from app.platform.search import search_key, search_words
from app.resources.lexicon.schemas import TermLink, TermShown


def shown(lexicon: Lexicon, term: Term) -> TermShown:
    """Return a word as its reader sees it."""
    return TermShown(
        slug=term.slug,
        name=term.name.text,
        french=term.name.fr,
        english=term.name.en,
        domain=term.domain,
        definition=term.definition,
        avoid=term.avoid,
        heard=term.heard,
        see=tuple(TermLink(slug=slug, name=lexicon.by_slug[slug].name.text) for slug in term.see),
    )


def searched_text(term: TermShown) -> str:
    """Return what a search looks into: the word in both languages, its meaning, and how a need is heard."""
    return " ".join((term.french, term.english or "", term.definition, *term.heard))


def matching(terms: Iterable[TermShown], words: Sequence[str], domain: TermDomain | None) -> list[TermShown]:
    """Return the words of a domain, or of all, whose text has each word of a search, in its order."""
    of_domain = (term for term in terms if domain in (None, term.domain))
    found = [term for term in of_domain if _holds(searched_text(term), words)]
    return sorted(found, key=lambda term: place(term, words))


def place(term: TermShown, words: Sequence[str]) -> tuple[bool, str]:
    """Return where a word stands in what a search finds: those named so first, each in alphabetical order."""
    return not _holds(f"{term.french} {term.english or ''}", words), search_key(term.name)


def _holds(text: str, words: Sequence[str]) -> bool:
    """Return whether a text has each word: a letter alone as a whole word, longer ones anywhere."""
    key, whole = search_key(text), search_words(text)
    return all(word in whole if len(word) == 1 else word in key for word in words)
