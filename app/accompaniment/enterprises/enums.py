"""Sizes of enterprises."""

from enum import StrEnum


class EnterpriseSize(StrEnum):
    """Number of persons employed, in the usual bands."""

    MICRO = "1-4"
    SMALL = "5-49"
    MEDIUM = "50-249"
    LARGE = "250+"


class EnterpriseSort(StrEnum):
    """What lists of enterprises are sorted by."""

    NAME = "nom"
    SECTOR = "secteur"
