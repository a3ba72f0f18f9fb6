"""Types and modes of activities and kinds of mandates, with the values that curriculum files use."""

from enum import StrEnum


class ActivityType(StrEnum):
    """The type of an activity."""

    self_study = "self_study"
    workshop = "workshop"
    codev = "codev"
    field_mandate = "field_mandate"
    assessment = "assessment"


class Mode(StrEnum):
    """Where and when an activity takes place."""

    async_ = "async"
    onsite = "onsite"
    online = "online"
    hybrid = "hybrid"
    field = "field"


GROUP_MODES = frozenset({Mode.onsite, Mode.online, Mode.hybrid})
"""The modes of activities that a group attends together; they count in the attendance base (BR-08)."""


class MandateKind(StrEnum):
    """The kind of a mandate: refer an enterprise to others, or accompany it from end to end."""

    orientation = "orientation"
    accompagnement = "accompagnement"


class TermDomain(StrEnum):
    """What a word of the lexicon is about; needs are what the directory of resources is searched by."""

    TRAINING = "formation"
    FIELD = "terrain"
    PRIVACY = "protection"
    NEED = "besoin"
