"""Read models of the people whom letters do not reach."""

from app.platform.messages.schemas import DeliveryShown
from app.platform.schema import Read


class UnreachablePerson(Read):
    """Someone whose last letter was refused or given up; their address is theirs alone to read and correct."""

    person_id: int
    name: str
    delivery: DeliveryShown


class UnreachableInvitation(Read):
    """An invitation to train the cohort whose letter was refused or given up; ``recipient`` is masked."""

    invitation_id: int
    recipient: str
    delivery: DeliveryShown


class Unreachable(Read):
    """Whom the letters of a cohort do not reach, by name."""

    people: tuple[UnreachablePerson, ...]
    invitations: tuple[UnreachableInvitation, ...]
