"""Commands and read models of turns passed and of swaps: no free text, no reason (BR-11)."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.codev.handovers.enums import SwapOutcome
from app.platform.schema import Command, Read


class SwapCommand(Command):
    """A swap to propose: a member is asked to take one's turn, for theirs in another session or in the same one."""

    asked_id: int
    exchange_session_id: int | None = None


class SwapForm(Command):
    """The same as the page's form sends it: the member, then the session of their turn if there is one."""

    swap_with: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,9}(-[1-9][0-9]{0,9})?$")]

    @property
    def command(self) -> SwapCommand:
        """Return the command for the service."""
        asked, _, session = self.swap_with.partition("-")
        return SwapCommand(asked_id=int(asked), exchange_session_id=int(session) if session else None)


class SwapAnswer(Command):
    """What whoever is asked says of a swap."""

    is_accepted: bool


class SwapRef(Read):
    """A swap that the actor proposed or is asked for; commands accept it."""

    id: int
    college_id: int
    group_id: int
    cohort_id: int
    session_id: int
    exchange_session_id: int | None
    membership_id: int
    asked_id: int
    is_asked: bool


class ExchangeTurn(Read):
    """The turn of a swap, or the one given in exchange."""

    session_id: int
    starts_at: datetime
    timezone: str


class SwapChoice(Read):
    """Somebody who may be asked to take one's turn, for theirs if they have one."""

    asked_id: int
    name: str
    exchange: ExchangeTurn | None

    @property
    def value(self) -> str:
        """What the page's form sends for it."""
        return f"{self.asked_id}-{self.exchange.session_id}" if self.exchange else str(self.asked_id)


class PassShown(Read):
    """A turn passed before the session, and who took it."""

    position: int
    name: str
    taken_by: str | None
    passed_at: datetime


class SwapShown(Read):
    """A proposed swap; ``outcome`` is ``None`` while it waits for its answer, ``refusals`` say why it cannot be."""

    id: int
    name: str
    asked: str
    given: ExchangeTurn
    exchange: ExchangeTurn | None
    proposed_at: datetime
    outcome: SwapOutcome | None
    ended_at: datetime | None
    is_own: bool = Field(description="whether the reader proposed it")
    is_asked: bool = Field(description="whether the reader is asked")
    refusals: tuple[str, ...]


class HandoversShown(Read):
    """The turns of a session that changed hands, or may: swaps are for those who are in them and the facilitator."""

    own_position: int | None = Field(description="consultation whose planned client is the reader")
    is_open: bool = Field(description="whether turns of the session still change hands here")
    choices: tuple[SwapChoice, ...]
    passes: tuple[PassShown, ...]
    swaps: tuple[SwapShown, ...]
