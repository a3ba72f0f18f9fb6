"""The shape of a curriculum and of its competency framework, as the files in ``curricula/`` hold them.

Frozen pydantic values: every text has French (BR-23), unknown keys are refused, nothing is coerced (an
unquoted ``1.10`` is not a version). Checks that need more than one field are in ``rules.py``. Times are
whole hours in the files and minutes inside.
"""

from enum import StrEnum


class ActivityType(StrEnum):
    """How people learn in an activity."""

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


class MandateKind(StrEnum):
    """What an advisor does for an enterprise: refer it, or accompany it from end to end."""

    orientation = "orientation"
    accompagnement = "accompagnement"
