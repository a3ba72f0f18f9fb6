"""The read model of a level."""

from app.platform.schema import Read


class LevelShown(Read):
    """The level reached in a competency, and how much the judgements that give it rest on."""

    competency_code: str
    level: int
    evidence_count: int
    activity_count: int
    assessor_count: int


class LevelList(Read):
    """The levels of an enrolment, by competency."""

    items: tuple[LevelShown, ...]
