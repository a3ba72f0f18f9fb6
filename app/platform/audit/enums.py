"""The enumerations of the audit record: outcomes, acts, parts of a person's file."""

from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of an act: done, or refused."""

    DONE = "done"
    REFUSED = "refused"


class Part(StrEnum):
    """The part of a person's file that was read; the last six are read of many people at once."""

    ENROLMENT = "enrolment"
    PROGRESS = "progress"
    EVIDENCE = "evidence"
    JUDGEMENT = "judgement"
    CERTIFICATE = "certificate"
    MANDATE = "mandate"
    CONFIDENCE = "confidence"
    REPORT = "report"
    BOARD = "board"
    APPLICATION = "application"
    CANDIDATES = "candidates"
    HOURS = "hours"
    NAME = "name"
    TIMETABLE = "timetable"


class Act(StrEnum):
    """The kind of change made to a row."""

    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"
