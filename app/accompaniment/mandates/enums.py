"""Enterprises and the mandates in which advisors accompany them (BR-15, BR-18)."""

from enum import StrEnum


class MilestoneKind(StrEnum):
    """The three dated facts of a mandate."""

    AGREEMENT = "agreement"
    DIAGNOSTIC = "diagnostic"
    PLAN = "plan"
