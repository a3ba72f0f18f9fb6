"""Command, form and read model of a session as it happens: no content of it, no free text (BR-11)."""

from datetime import datetime

from pydantic import Field

from app.codev.live.enums import LiveAction, LivePhase, Tone
from app.codev.protocols.enums import SessionPart, Speaker, Variant
from app.codev.records.enums import TurnReason
from app.platform.schema import Command, Read


class LiveCommand(Command):
    """Something to do in a session; a presence names a membership, a swap and a postponement a kind of reason."""

    action: LiveAction
    membership_id: int | None = None
    reason: TurnReason | None = None


class LiveForm(LiveCommand):
    """The same as the page's form sends it, with the version that its sender saw."""

    version: int

    @property
    def command(self) -> LiveCommand:
        """Return the command for the service."""
        return LiveCommand(**self.model_dump(exclude={"version"}))


class LiveStep(Read):
    """A part of the session, or a step of a consultation, with its time in seconds.

    ``given_seconds`` are the planned ones with the minutes that were moved; ``spent_seconds`` leave pauses out.
    """

    part: SessionPart
    position: int | None
    title: str
    planned_seconds: int
    given_seconds: int
    spent_seconds: int


class LivePrompts(Read):
    """What the protocol says of the step under way."""

    speaks: Speaker
    purpose: str
    facilitator: tuple[str, ...]
    client: tuple[str, ...]
    consultants: tuple[str, ...]


class LiveTurn(Read):
    """A consultation: its client and its reserve as they are now."""

    position: int
    client_id: int | None
    client: str
    reserve_id: int | None
    reserve: str
    protocol: Variant
    is_postponed: bool


class LivePerson(Read):
    """A member: whether they are there, and their planned roles in the consultation under way or to come."""

    membership_id: int
    name: str
    is_here: bool
    roles: tuple[str, ...]


class LiveShown(Read):
    """A session as it happens, whole: a device that reconnects needs nothing else.

    ``version`` counts what was done; ``server_now`` is the moment of this answer, by which a clock counts
    ``left_seconds`` down until ``ends_at`` (none while it is paused). Amber from ``amber_seconds`` left on, red from
    ``red_seconds``.
    """

    session_id: int
    version: int
    server_now: datetime
    phase: LivePhase
    is_paused: bool
    started_at: datetime | None
    finished_at: datetime | None
    current: int | None = Field(description="place of the step under way, from 0")
    steps: tuple[LiveStep, ...]
    left_seconds: int | None
    ends_at: datetime | None
    amber_seconds: int
    red_seconds: int
    tone: Tone
    consultation: int | None
    prompts: LivePrompts | None
    turns: tuple[LiveTurn, ...]
    people: tuple[LivePerson, ...]
    facilitators: tuple[str, ...]
    allowed: tuple[LiveAction, ...] = Field(description="what the facilitator may do now")
    last_action: LiveAction | None = Field(description="what `undo` would take back")
