"""Pure rules of action items: who decides one, what comes back at a session, and the rate of follow-up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.codev.actions.enums import ActionState
from app.platform.errors import Reason

MOST = 3
"""The most actions of one consultation: one to three, that will be tried."""
COMING_BACK = frozenset({ActionState.OPEN, ActionState.NOT_DONE})
"""The states of what a session takes up again."""


def action_reasons(*, is_client: bool, kept: int, due_on: date, decided_on: date) -> list[Reason]:
    """Return why an action cannot be added: not one's own consultation, too many, or due before it was decided."""
    reasons = [] if is_client else [Reason("action_of_the_client", field="position")]
    if kept >= MOST:
        reasons.append(Reason("actions_enough", {"max": MOST}, "position"))
    if due_on < decided_on:
        reasons.append(Reason("action_due_before", field="due_on"))
    return reasons


def follow_up_reasons(state: ActionState, decided_at: datetime, session_at: datetime, at: datetime) -> list[Reason]:
    """Return why what became of an action cannot be said at a session: closed already, or no later session begun."""
    if state not in COMING_BACK:
        return [Reason("action_closed")]
    return [Reason("follow_up_later")] if session_at <= decided_at or at < session_at else []


@dataclass(frozen=True, slots=True)
class FollowUp:
    """How far a group follows up: actions decided, those that a later session could take up, those that it did."""

    actions: int
    due: int
    followed: int

    @property
    def rate(self) -> int | None:
        """The share of what was due that was followed up, in per cent; ``None`` while nothing is due."""
        return round(100 * self.followed / self.due) if self.due else None


def follow_up_of(actions: Iterable[tuple[datetime, datetime | None]], held: Iterable[datetime]) -> FollowUp:
    """Return the follow-up of actions, each with when its session was and when it was last taken up."""
    last_held = max(held, default=None)
    decided = list(actions)
    due = [followed for at, followed in decided if last_held is not None and last_held > at]
    return FollowUp(len(decided), len(due), sum(followed is not None for followed in due))
