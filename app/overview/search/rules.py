"""Which activities a search finds, and the page that each has. Pure."""

from collections.abc import Sequence

from app.overview.search.schemas import FoundActivity
from app.platform.search import search_key, search_words


def matches(words: Sequence[str], text: str) -> bool:
    """Return whether a text has each word: a letter or a digit alone as a whole word, longer ones anywhere."""
    key, whole = search_key(text), search_words(text)
    return all(word in whole if len(word) == 1 else word in key for word in words)


def matching_activities(words: Sequence[str], activities: Sequence[FoundActivity]) -> list[FoundActivity]:
    """Return the activities whose code, title or module has each word, the one whose code was typed before the others.

    Without a word, all of them.
    """
    found = [a for a in activities if matches(words, f"{a.code} {a.title} {a.module_title}")]
    return sorted(found, key=lambda a: search_words(a.code) != list(words))


def activity_address(activity: FoundActivity) -> str:
    """Return the page of an activity of one's own path, else the public page of the path, at its module."""
    if activity.enrolment_id is not None:
        return f"/parcours/{activity.enrolment_id}/activites/{activity.code}"
    return f"/parcours-publies/{activity.curriculum_slug}/{activity.curriculum_version}#{activity.module}"
