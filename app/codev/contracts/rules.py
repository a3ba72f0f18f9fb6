"""Pure rules of contracts: what an agreement covers, and whose presence waits for it (BR-10, BR-11, S2)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from app.attendance.roll_calls.rules import ATTENDING
from app.codev.records.rules import Presence
from app.platform.errors import Reason


@dataclass(frozen=True, slots=True)
class Terms:
    """What people agree to: a version of the contract, and the group as it is composed.

    ``composition`` counts from 1; each entrance makes the next one, a departure none.
    """

    version: str
    composition: int

    def covers(self, other: "Terms") -> bool:
        """Whether an agreement to these holds for others: the same text, and nobody who entered since."""
        return self.version == other.version and self.composition >= other.composition


def agreement_reasons(read: Terms, asked: Terms, *, accepted: bool) -> list[Reason]:
    """Return why an agreement is refused: its box is not ticked, or what was read is no longer what is asked."""
    reasons = [] if accepted else [Reason("contract_not_accepted", field="accepted")]
    if read.version != asked.version:
        reasons.append(Reason("contract_changed", field="contract_version"))
    elif read.composition != asked.composition:
        reasons.append(Reason("composition_changed", field="composition"))
    return reasons


def presence_reasons(
    entries: Sequence[Presence], without: Collection[int], *, facilitator_agrees: bool
) -> list[Reason]:
    """Return whose presence waits for their agreement: that of ``without``, memberships, and the facilitator's."""
    reasons = [
        Reason("contract_to_accept", field=f"entries.{index}.status")
        for index, entry in enumerate(entries)
        if entry.status in ATTENDING and entry.membership_id in without
    ]
    if not facilitator_agrees:
        reasons.append(Reason("own_contract_to_accept", field="facilitator_present"))
    return reasons


def terms_of_session(version: str, compositions: Iterable[int]) -> Terms:
    """Return what the people of a session agree to, from the composition that the entrance of each member made.

    Who entered the group after the session is not among them: it waits for no agreement about them.
    """
    return Terms(version, max(compositions, default=1))
