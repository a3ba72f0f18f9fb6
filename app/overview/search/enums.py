"""The kinds of things that the search of every page finds, and what its lists are sorted by."""

from enum import StrEnum


class SearchKind(StrEnum):
    """The kinds of things, each a field of the results."""

    PEOPLE = "people"
    COHORTS = "cohorts"
    OPEN_COHORTS = "open_cohorts"
    ACTIVITIES = "activities"
    ENTERPRISES = "enterprises"
    TERMS = "terms"
    RESOURCES = "resources"
    ADVISORS = "advisors"


class PersonSort(StrEnum):
    """What the people found are sorted by."""

    NAME = "nom"


class ActivitySort(StrEnum):
    """What the activities found are sorted by: their order in the paths, or their title."""

    PLACE = "parcours"
    TITLE = "titre"
