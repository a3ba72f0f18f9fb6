"""What people read: messages by key, dates, hours and the search key. French first (BR-23).

Catalogues are gettext files with message ids as keys, ``app/locale/<language>/<feature>.po``; a key
missing in another language falls back to French, never the reverse.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
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
def in_french() -> Iterator[None]:
    """What is French whoever asks for it: the certificates (BR-23)."""
    token = language.set("fr")
    try:
        yield
    finally:
        language.reset(token)


@cache
def catalogue(lang: str) -> dict[str, str | tuple[str, ...]]:
    """All messages of a language by key; plural messages as a tuple of forms."""
    found: dict[str, str | tuple[str, ...]] = {}
    for path in sorted((LOCALE / lang).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=lang, abort_invalid=True):
                if not message.id or not message.string:
                    continue
                key = message.id if isinstance(message.id, str) else message.id[0]
                if key in found:
                    raise ValueError(f"{path}: {key} is already in another catalogue")
                found[key] = message.string if isinstance(message.string, str) else tuple(message.string)
    return found


def t(key: str, /, **params: object) -> str:
    """The text of a key in the reader's language, its ``{values}`` filled in.

    A plural message chooses its form by the value ``n`` (French: 0 and 1 are singular). An unknown key
    is an error: a test holds the catalogues against the code.
    """
    lang = language.get()
    message = catalogue(lang).get(key) or catalogue("fr")[key]
    if isinstance(message, tuple):
        n = abs(float(str(params["n"])))
        singular = n < PLURAL_FROM if lang == "fr" else n == 1
        message = message[0] if singular else message[1]
    return message.format(**params) if params else message


def known(key: str) -> bool:
    """Whether the French catalogue has the key."""
    return key in catalogue("fr")


def explain(reason: Reason) -> str:
    """A reason in words."""
    return t(f"reason.{reason.code}", **shown(reason.params))


def explain_error(error: DomainError) -> str:
    """An error's sentence."""
    return t(f"error.{error.code}", **shown(error.params))


def shown(params: Mapping[str, object]) -> dict[str, object]:
    """Parameters as a reader sees them: ``*minutes`` as hours, ``*_on`` as a day in words, the others as they are."""
    return {name: _seen(name, value) for name, value in params.items()}


def _seen(name: str, value: object) -> object:
    if name.endswith("minutes") and isinstance(value, int):
        return hours(value)
    if (name == "on" or name.endswith("_on")) and isinstance(value, str):
        return day(date.fromisoformat(value))
    return value


def number(value: float, decimals: int = 0) -> str:
    """``1 234,5``: narrow grouping and decimal comma, as the OQLF asks."""
    text = f"{value:,.{decimals}f}".replace(",", NBSP)
    return text.replace(".", ",")


def hours(minutes: int) -> str:
    """Minutes as hours: ``90`` gives ``1,5 h``; a quarter is kept, more is rounded to hundredths."""
    value = minutes / 60
    text = f"{value:,.2f}".rstrip("0").rstrip(".").replace(",", NBSP).replace(".", ",")
    return f"{text}{NBSP}h"


def local(moment: datetime, zone: str | ZoneInfo = QUEBEC) -> datetime:
    """An aware moment in a zone (BR-30); Quebec's usual one unless told."""
    return moment.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)


def day(value: date) -> str:
    """``22 novembre 2026`` in words (``1er`` on the first, in French), on one line."""
    text = babel_date(value, format="long", locale="fr_CA" if language.get() == "fr" else "en_CA")
    text = text.replace("1 ", "1er ", 1) if value.day == 1 and language.get() == "fr" else text
    return text.replace(" ", NBSP)


def clock(moment: datetime, zone: str | ZoneInfo = QUEBEC) -> str:
    """``14 h 02`` in a zone; ``9 h`` on the hour, as the OQLF asks."""
    at = local(moment, zone)
    return f"{at.hour}{NBSP}h{NBSP}{at.minute:02d}" if at.minute else f"{at.hour}{NBSP}h"


def zone_name(zone: str) -> str:
    """A time zone as people call it: ``heure de l’Est``."""
    return get_timezone_name(ZoneInfo(zone), locale="fr_CA" if language.get() == "fr" else "en_CA")


def today(zone: str | ZoneInfo = QUEBEC) -> date:
    """The date where people are."""
    return local(now(), zone).date()


def search_key(text: str) -> str:
    """Search and sort key: no accents, no case, single spaces, ligatures opened (no extension needed)."""
    opened = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE")
    plain = "".join(c for c in unicodedata.normalize("NFKD", opened) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in plain.casefold()).split())
