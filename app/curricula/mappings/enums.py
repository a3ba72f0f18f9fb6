"""The fates of what a version asks for, in another version."""

from enum import StrEnum


class Fate(StrEnum):
    """What becomes of an activity, a module or a competency of one version in the other."""

    CARRIED = "carried"
    PARTLY = "partly"
    TO_DO = "to_do"
