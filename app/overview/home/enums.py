"""What may wait for someone, the most urgent first."""

from enum import StrEnum


class WaitingKind(StrEnum):
    """The parts of a home page; a person sees those that their roles let them act on, in this order."""

    CALLS = "calls"
    RISKS = "risks"
    WORKS = "works"
    REVIEWS = "reviews"
    CONTRACTS = "contracts"
    CONFIRMATIONS = "confirmations"
    RECORDS = "records"
    DISPUTES = "disputes"
    APPLICATIONS = "applications"
    PROPOSALS = "proposals"
    ROLES = "roles"
    HOURS = "hours"
    MILESTONES = "milestones"
    CERTIFICATES = "certificates"
    CORRECTIONS = "corrections"
    INTERESTS = "interests"
