"""Kinds of milestones."""

from enum import StrEnum


class MilestoneKind(StrEnum):
    """The three milestones of a mandate."""

    AGREEMENT = "agreement"
    DIAGNOSTIC = "diagnostic"
    PLAN = "plan"
