"""What the list of projects is sorted by."""

from enum import StrEnum


class ProjectSort(StrEnum):
    """What the list of projects is sorted by."""

    NAME = "nom"
    START = "debut"
    END = "fin"
