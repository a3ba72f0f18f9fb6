"""Catalogue texts, and the display forms of dates, hours and numbers, in the reader's language.

Catalogues are gettext files with message ids as keys, ``app/locale/<language>/<feature>.po``; a key
missing in another language falls back to French (BR-23), never the reverse.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date as babel_date
from babel.dates import get_timezone_name
from babel.messages.pofile import read_po

from app.platform.clock import now
from app.platform.errors import DomainError, Reason

LOCALE = Path(__file__).parents[2] / "locale"
LANGUAGES = ("fr", "en")
QUEBEC = ZoneInfo("America/Toronto")
NBSP = "\N{NO-BREAK SPACE}"
PLURAL_FROM = 2

language: ContextVar[str] = ContextVar("language", default="fr")


@contextmanager
def in_language(of: str) -> Iterator[None]:
    """Set the language inside the context: that of a letter's reader, who asks for nothing just then."""
    token = language.set(of)
    try:
        yield
    finally:
        language.reset(token)


def in_french() -> AbstractContextManager[None]:
    """Set the language to French inside the context, whatever the reader's: for certificates (BR-23)."""
    return in_language("fr")


@cache
def catalogue(lang: str) -> dict[str, str | tuple[str, ...]]:
    """Return all messages of a language by key; plural messages as a tuple of forms."""
    messages: dict[str, str | tuple[str, ...]] = {}
    for path in sorted((LOCALE / lang).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=lang, abort_invalid=True):
                if not message.id or not message.string:
                    continue
                key = message.id if isinstance(message.id, str) else message.id[0]
                if key in messages:
                    raise ValueError(f"{path}: {key} is already in another catalogue")
                forms = [message.string] if isinstance(message.string, str) else message.string
                spaced = tuple(map(no_break_spaces, forms)) if lang == "fr" else tuple(forms)
                messages[key] = spaced[0] if isinstance(message.string, str) else spaced
    return messages


def no_break_spaces(text: str) -> str:
    """Return a French text whose spaces before ``:``, ``»`` and ``%`` and after ``«`` do not break (OQLF).

    A catalogue may have either: nobody sees the difference where they are typed.
    """
    return re.sub(r"(?<=«) | (?=[:»%])", NBSP, text)


def t(key: str, /, **params: object) -> str:
    """Return the text of a key in the reader's language, its ``{values}`` filled in.

    The value ``n`` selects the form of a plural message (French: 0 and 1 are singular). An unknown key raises
    ``KeyError``; a test compares the catalogues with the code.
    """
    lang = language.get()
    message = catalogue(lang).get(key) or catalogue("fr")[key]
    if isinstance(message, tuple):
        n = abs(float(str(params["n"])))
        singular = n < PLURAL_FROM if lang == "fr" else n == 1
        message = message[0] if singular else message[1]
    return message.format(**params) if params else message


def has_message(key: str) -> bool:
    """Return whether the French catalogue has the key."""
    return key in catalogue("fr")


def explain(reason: Reason) -> str:
    """Return the sentence of a reason."""
    return t(f"reason.{reason.code}", **display_params(reason.params))


def explain_error(error: DomainError) -> str:
    """Return the sentence of an error."""
    return t(f"error.{error.code}", **display_params(error.params))


def display_params(params: Mapping[str, object]) -> dict[str, object]:
    """Return parameters in display form: ``*minutes`` as hours, ``*_on`` as a day in words, ``job`` by its name.

    ``*_at`` is shown as an hour, on the clock of the offset that it is given with; ``*_kind`` by the name of the kind.
    """
    return {name: _display(name, value) for name, value in params.items()}


def _display(name: str, value: object) -> object:
    if name.endswith("minutes") and isinstance(value, int):
        return hours(value)
    if (name == "on" or name.endswith("_on")) and isinstance(value, str):
        return day(date.fromisoformat(value))
    if name.endswith("_at") and isinstance(value, str):
        at = datetime.fromisoformat(value)
        return _clock(at.hour, at.minute)
    if name.endswith("_kind") and has_message(f"{name}.{value}"):
        return t(f"{name}.{value}")
    return job_name(value) if name == "job" and isinstance(value, str) else value


def job_name(name: str) -> str:
    """Return the name of a kind of job in the reader's language; that of another version's as it stands."""
    return t(f"job.{name}") if has_message(f"job.{name}") else name


def number(value: float, decimals: int = 0) -> str:
    """Return a number as ``1 234,5``: no-break space and decimal comma (OQLF)."""
    text = f"{value:,.{decimals}f}".replace(",", NBSP)
    return text.replace(".", ",")


def hours(minutes: int) -> str:
    """Return minutes as hours: ``90`` gives ``1,5 h``; two decimals at most."""
    value = minutes / 60
    text = f"{value:,.2f}".rstrip("0").rstrip(".").replace(",", NBSP).replace(".", ",")
    return f"{text}{NBSP}h"


def local(moment: datetime, zone: str | ZoneInfo = QUEBEC) -> datetime:
    """Return an aware moment in a time zone (BR-30), Quebec's by default."""
    return moment.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)


def day(value: date) -> str:
    """Return a date as ``22 novembre 2026`` (``1er`` on the first, in French), with no-break spaces."""
    return _day_in(language.get(), value)


@lru_cache(maxsize=4096)
def _day_in(lang: str, value: date) -> str:
    """Return a date in a language: a page shows the same few again and again, and a date is slow to write."""
    text = babel_date(value, format="long", locale="fr_CA" if lang == "fr" else "en_CA")
    text = text.replace("1 ", "1er ", 1) if value.day == 1 and lang == "fr" else text
    return text.replace(" ", NBSP)


def clock(moment: datetime, zone: str | ZoneInfo = QUEBEC) -> str:
    """Return a moment's time of day in a zone as ``14 h 02``, or ``9 h`` on the hour (OQLF)."""
    at = local(moment, zone)
    return _clock(at.hour, at.minute)


def _clock(hour: int, minute: int) -> str:
    return f"{hour}{NBSP}h{NBSP}{minute:02d}" if minute else f"{hour}{NBSP}h"


def zone_name(zone: str) -> str:
    """Return the display name of a time zone: ``heure de l’Est``."""
    return get_timezone_name(ZoneInfo(zone), locale="fr_CA" if language.get() == "fr" else "en_CA")


def today(zone: str | ZoneInfo = QUEBEC) -> date:
    """Return the current date in a time zone, Quebec's by default."""
    return local(now(), zone).date()
