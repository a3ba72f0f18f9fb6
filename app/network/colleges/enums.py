"""What the list of colleges is sorted by and filtered on."""

from enum import StrEnum


class CollegeSort(StrEnum):
    """What the list of colleges is sorted by."""

    NAME = "nom"
    CITY = "ville"
    REGION = "region"


class Openness(StrEnum):
    """Whether a college is open or closed, as the address of the list says it."""

    OPEN = "ouvert"
    CLOSED = "ferme"
