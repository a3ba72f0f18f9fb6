"""Words of the audit record: outcomes, acts, parts of a file."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of an act."""

    DONE = "done"
    REFUSED = "refused"


class Part(StrEnum):
    """What of a person's file was seen; the last four are lists of a cohort or a college."""

    ENROLMENT = "enrolment"
    PROGRESS = "progress"
    EVIDENCE = "evidence"
    JUDGEMENT = "judgement"
    CERTIFICATE = "certificate"
    MANDATE = "mandate"
    REPORT = "report"
    BOARD = "board"
    APPLICATION = "application"
    CANDIDATES = "candidates"
    HOURS = "hours"


class Act(StrEnum):
    """What was done to a row."""

    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"
