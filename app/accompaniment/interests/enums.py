"""The kinds of interests."""

from enum import StrEnum


class InterestKind(StrEnum):
    """What an interest is in; ``none`` says that there is nothing to declare."""

    ENTERPRISE = "enterprise"
    PERSON = "person"
    VENDOR = "vendor"
    NONE = "none"
