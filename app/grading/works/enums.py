"""What may be decided on a work without a level, and the state of a work."""

from enum import StrEnum


class WorkDecisionKind(StrEnum):
    """A decision that gives no level: the work is to be redone, or need not be judged."""

    RETURNED = "returned"
    WAIVED = "waived"


class WorkState(StrEnum):
    """The state of a work, as its author reads it; of its competencies, ``waiting`` stands for the first two."""

    RECEIVED = "received"
    BEING_READ = "being_read"
    RETURNED = "returned"
    JUDGED = "judged"
    WAIVED = "waived"
    REPLACED = "replaced"


class CompetencyState(StrEnum):
    """The state of one competency that a work assesses."""

    WAITING = "waiting"
    RETURNED = "returned"
    WAIVED = "waived"
    JUDGED = "judged"
