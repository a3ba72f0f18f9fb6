"""Kinds of milestones."""

from enum import StrEnum


class MilestoneKind(StrEnum):
    """The three milestones of a mandate."""

    AGREEMENT = "agreement"
    DIAGNOSTIC = "diagnostic"
    PLAN = "plan"


class MandateSort(StrEnum):
    """What lists of mandates are sorted by."""

    OPENED = "ouverture"
    ENTERPRISE = "entreprise"
