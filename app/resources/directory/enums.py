"""What the entries of the directory are, how they are sorted, and what happens to them."""

from enum import StrEnum


class ResourceKind(StrEnum):
    """What an entry is about."""

    ORGANISATION = "organisme"
    SERVICE = "service"
    PROGRAMME = "programme"


class ResourceSort(StrEnum):
    """What the directory is sorted by: how well an entry answers the search, its name, or its last verification."""

    ANSWER = "reponse"
    NAME = "nom"
    VERIFIED = "verification"


class Freshness(StrEnum):
    """Whether an entry was verified within a year, is to be verified, or is out of use."""

    FRESH = "a_jour"
    STALE = "a_verifier"
    RETIRED = "retiree"


class ResourceActSort(StrEnum):
    """What the history of an entry is sorted by."""

    DATE = "date"


class ResourceAct(StrEnum):
    """What someone did to an entry."""

    ADDED = "added"
    CHANGED = "changed"
    VERIFIED = "verified"
    RETIRED = "retired"
    RETURNED = "returned"
