"""Queries and read models of the lexicon."""

from typing import ClassVar

from app.curricula.enums import TermDomain
from app.platform.paging import ListQuery
from app.platform.schema import Command, Read, SearchText
from app.resources.lexicon.enums import TermSort


class TermsQuery(ListQuery):
    """The words to show in a list, in alphabetical order."""

    SORTS: ClassVar = TermSort
    tri: str = "mot"
    domaine: TermDomain | None = None


class LexiconQuery(Command):
    """The words to return: those that hold each word of ``search``, of one ``domain`` or of all."""

    search: SearchText = ""
    domain: TermDomain | None = None


class TermLink(Read):
    """A word to read as well."""

    slug: str
    name: str


class TermShown(Read):
    """A word with its meaning; ``name`` in the language of its reader, ``french`` and ``english`` always."""

    slug: str
    name: str
    french: str
    english: str | None
    domain: TermDomain
    definition: str
    avoid: str
    heard: tuple[str, ...]
    see: tuple[TermLink, ...]


class LexiconShown(Read):
    """A version of the lexicon, with the words that were asked for, in alphabetical order."""

    version: str
    terms: tuple[TermShown, ...]
