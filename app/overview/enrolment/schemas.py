"""What someone's departure would leave, before it is decided."""

from app.codev.groups.schemas import SmallGroup
from app.platform.schema import Read


class DepartureEffects(Read):
    """What a withdrawal or a suspension would leave: the group that would have too few members, if any."""

    small_group: SmallGroup | None
    minimum: int
