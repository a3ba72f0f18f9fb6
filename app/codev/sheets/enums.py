"""What a member may bring to a consultation."""

from enum import StrEnum


class TopicKind(StrEnum):
    """The kind of topic of a sheet: one of the three that the method takes."""

    PROBLEM = "problem"
    CONCERN = "concern"
    PROJECT = "project"
