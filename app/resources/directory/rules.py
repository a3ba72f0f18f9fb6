"""What an entry must say, when it is to be verified, and which needs a sentence lets hear. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from app.curricula.enums import TermDomain
from app.curricula.schemas import Lexicon
from app.platform.errors import Reason
from app.platform.search import search_key, search_words
from app.platform.text import is_https
from app.resources.directory.enums import ResourceKind
from app.resources.directory.schemas import ResourceContent

CONDITIONS = ("eligibility", "expenses", "own_share", "ceiling", "deadline", "source", "consulted_on")
"""The six conditions of a programme; the sixth is its source, and the day on which that was read."""
CONTACTS = ("address", "phone", "email", "website")
YEAR = timedelta(days=365)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
SAYING_LITTLE = frozenset(
    """
    a ai as au aux avec c ca ce cela ces cet cette chaque chez comme d dans de depuis des deux du elle elles en encore
    est et etait etaient ete eu fait font fois hier ici il ils j je jour l la le les leur leurs lui m ma mais me mes moi
    mon monde n ne ni non nos notre nous on ont ou par pas plus pour qu quand que qui s sa sais sait sans se ses si son
    sont sur t ta te tes ton tout tous toute toutes tres trop tu un une va veut veux vos votre vous y
    """.split()  # noqa: SIM905 - seventy words in quotes are not easier to read
)
"""Words that say nothing of a need."""
PLURAL = 5
"""From how many letters on a final s or x is taken for a plural."""


def resource_reasons(content: ResourceContent, lexicon: Lexicon, today: date) -> list[Reason]:
    """Return why an entry cannot be kept as it is."""
    reasons = [Reason("need_unknown", field="needs")] if set(content.needs) - needs_of(lexicon) else []
    if not content.needs:
        reasons.append(Reason("need_missing", field="needs"))
    if not any(getattr(content, name) for name in CONTACTS):
        reasons.append(Reason("contact_missing", field="website"))
    reasons += contact_reasons("website", content.website) + contact_reasons("email", content.email)
    return [*reasons, *_condition_reasons(content, today)]


def contact_reasons(name: str, value: str | None, field: str | None = None) -> list[Reason]:
    """Return why a way to reach an organisation cannot be one."""
    if value is not None and name == "website" and not is_https(value):
        return [Reason("link_not_https", field=field or name)]
    if value is not None and name == "email" and not EMAIL.fullmatch(value):
        return [Reason("email_unusable", field=field or name)]
    return []


def _condition_reasons(content: ResourceContent, today: date) -> list[Reason]:
    given = {name for name in CONDITIONS if getattr(content, name) is not None}
    if content.kind is not ResourceKind.PROGRAMME:
        return [Reason("condition_of_programme", field=name) for name in CONDITIONS if name in given]
    reasons = [Reason("condition_missing", field=name) for name in CONDITIONS if name not in given]
    if content.consulted_on is not None and content.consulted_on > today:
        reasons.append(Reason("consulted_in_future", field="consulted_on"))
    return reasons


def needs_of(lexicon: Lexicon) -> set[str]:
    """Return the words of the lexicon that are needs."""
    return {term.slug for term in lexicon.terms if term.domain is TermDomain.NEED}


def is_stale(verified_at: datetime, now: datetime) -> bool:
    """Return whether nobody has verified an entry for more than a year (GEN-6.A, step 1)."""
    return verified_at < now - YEAR


def telling(typed: str) -> list[str]:
    """Return the words of a sentence that tell what it is about, each once, without the mark of the plural."""
    words = [w for w in search_words(typed) if w not in SAYING_LITTLE and (len(w) > 1 or w.isdigit())]
    return list(dict.fromkeys(w.rstrip("sx") if len(w) >= PLURAL else w for w in words))


def needs_heard(words: Sequence[str], lexicon: Lexicon) -> dict[str, int]:
    """Return the needs that a sentence lets hear, each with how many of its words say so, the clearest first."""
    heard = {
        term.slug: sum(word in key for word in words)
        for term in lexicon.terms
        if term.domain is TermDomain.NEED
        for key in [" " + " ".join(search_words(" ".join((term.name.fr, *term.heard))))]
    }
    return dict(sorted(((s, n) for s, n in heard.items() if n), key=lambda found: -found[1]))


def searched_text(content: ResourceContent) -> str:
    """Return what the search of the directory looks into, beside the needs: the name, the verb, what is done."""
    return f"{search_key(content.name)}  {' '.join(search_words(f'{content.verb} {content.summary}'))}"


def former_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the former value of each field that changes."""
    return {name: value for name, value in before.items() if value != after[name]}
