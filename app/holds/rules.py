"""What an open hold forbids, who may lift it, and who reads its reason.

Pure: no session, no clock. Sources: BR-13, BR-19; for the reason, sections 83 and 88 of the Act respecting access to
documents held by public bodies (A-2.1).
"""

from collections.abc import Iterable

from app.holds.enums import HoldKind
from app.holds.schemas import OpenHold
from app.platform.errors import Reason

LIFTED_BY_HAND = frozenset({HoldKind.REVOCATION, HoldKind.FORMALITY})
"""The kinds that a registrar lifts; the others are lifted by the decision that they wait for."""

BY_ANOTHER = frozenset({HoldKind.REVOCATION})
"""The kinds that another person lifts than the one who opened them."""

ABOUT_OTHERS = frozenset({HoldKind.CONFLICT})
"""The kinds whose reason is also about someone else, whose interests it tells: the person does not read it."""


def hold_reasons(holds: Iterable[OpenHold]) -> list[Reason]:
    """Return what open holds forbid with: each by its kind and its day, without its reason."""
    return [
        Reason("hold_open", {"hold_kind": hold.kind.value, "opened_on": hold.opened_on.isoformat()}) for hold in holds
    ]


def lift_reasons(kind: HoldKind, *, lifted: bool, by_hand: bool) -> list[Reason]:
    """Return why a hold is not lifted: it was already, or the decision that it waits for lifts it."""
    if lifted:
        return [Reason("hold_lifted")]
    return [Reason("hold_awaits_decision")] if by_hand and kind not in LIFTED_BY_HAND else []


def shows_reason(kind: HoldKind, *, own: bool) -> bool:
    """Return whether a reader of the hold reads its reason; ``own`` when they are the one who is held."""
    return not (own and kind in ABOUT_OTHERS)
