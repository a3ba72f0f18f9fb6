"""What the words of the lexicon are sorted by."""

from enum import StrEnum


class TermSort(StrEnum):
    """The orders of the list of words."""

    NAME = "mot"
    DOMAIN = "domaine"
