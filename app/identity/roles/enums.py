"""What the list of roles is sorted by and filtered on."""

from enum import StrEnum


class HeldRoleSort(StrEnum):
    """What the list of roles is sorted by."""

    NAME = "nom"
    ROLE = "role"
    COLLEGE = "college"
    SINCE = "depuis"


class HeldState(StrEnum):
    """Whether a role is in force or has ended, as the address of the list says it."""

    IN_FORCE = "en_cours"
    ENDED = "termine"
