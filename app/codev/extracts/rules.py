"""Pure rules of extracts: what in a text would let someone be recognised, and why an extract is not taken yet."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from app.codev.extracts.enums import MarkKind
from app.codev.extracts.schemas import Mark
from app.platform.errors import Reason
from app.platform.search import search_words

SHORTEST_NAME = 3
"""Parts of names shorter than this are not looked for alone: « Le », « De »."""
OF_ENTERPRISES = frozenset(
    {
        "les", "des", "aux", "sur", "pour", "chez", "inc", "ltee", "ltd", "enr", "senc", "coop", "cooperative",
        "ferme", "usine", "atelier", "ateliers", "boulangerie", "garage", "scierie", "scieries", "entreprise",
        "entreprises", "groupe", "service", "services", "fils", "freres", "quebec", "nord", "sud", "est", "ouest",
        "lac", "saint", "sainte"
    }
)  # fmt: skip
"""Words of the names of enterprises that say nothing of which one it is."""

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<!\d)(?:\+?1[ .\u00a0-]?)?\(?\d{3}\)?[ .\u00a0-]?\d{3}[ .\u00a0-]?\d{4}(?!\d)")
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*", re.UNICODE)


def marks_in(text: str, people: Iterable[str], enterprises: Iterable[str]) -> tuple[Mark, ...]:
    """Return what in a text would let someone be recognised, as it is written there, each once.

    ``people`` are those of the group, found by any part of their name; ``enterprises``, by what is their own in their
    name; then addresses and telephone numbers of anybody.
    """
    persons = {word for name in people for word in search_words(name) if len(word) >= SHORTEST_NAME}
    firms = {
        word
        for name in enterprises
        for word in search_words(name)
        if len(word) >= SHORTEST_NAME and word not in OF_ENTERPRISES
    }
    marks = [
        *(Mark(kind=MarkKind.EMAIL, text=match.group()) for match in _EMAIL.finditer(text)),
        *(Mark(kind=MarkKind.PHONE, text=match.group()) for match in _PHONE.finditer(text)),
        *_named(_EMAIL.sub(" ", text), persons, firms),
    ]
    return tuple(dict.fromkeys(marks))


def _named(text: str, persons: AbstractSet[str], firms: AbstractSet[str]) -> Iterator[Mark]:
    for match in _WORD.finditer(text):
        words = set(search_words(match.group())) | set(search_words(re.sub(r"^[^\W\d_]{1,2}['’ʼ]", "", match.group())))
        if words & persons:
            yield Mark(kind=MarkKind.PERSON, text=match.group())
        elif words & firms:
            yield Mark(kind=MarkKind.ENTERPRISE, text=match.group())


def extract_reasons(marks: Sequence[Mark], confirmed: Collection[str], *, leaves_group: bool) -> list[Reason]:
    """Return why an extract is not taken: each mark is removed, or confirmed to let nobody be recognised.

    Its author says that they know that it is no longer the group's.
    """
    reasons = [
        Reason("extract_identifies", {"text": mark.text, "kind": mark.kind.value}, "confirmed")
        for mark in marks
        if mark.text not in confirmed
    ]
    return reasons if leaves_group else [*reasons, Reason("extract_leaves_group", field="leaves_group")]
