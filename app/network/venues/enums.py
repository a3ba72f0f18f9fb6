"""What the list of venues is sorted by and filtered on."""

from enum import StrEnum


class VenueSort(StrEnum):
    """What the list of venues is sorted by."""

    NAME = "nom"
    CITY = "ville"
    COLLEGE = "college"


class VenueState(StrEnum):
    """Whether a venue is in use or retired, as the address of the list says it."""

    IN_USE = "en_service"
    RETIRED = "retire"
