"""Commands and read models of missed workshops and catch-ups."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from app.cohorts.schemas import Justification
from app.platform.schema import BlankIsNone, Code, Command, Read

ActivityCode = Annotated[Code, StringConstraints(max_length=20)]
MOST_ITEMS = 200
"""The most workshops that one list may decide of."""


class CatchUpCommand(Command):
    """A missed workshop to make up before a date."""

    activity_code: ActivityCode
    due_on: date


class CatchUpDecision(Command):
    """What is decided of a missed workshop: made up before ``due_on``, or waived for a reason."""

    activity_code: ActivityCode
    due_on: date | None = None
    waived_because: Justification | None = None


class CatchUpListCommand(Command):
    """What is decided of every workshop that a person missed."""

    items: Annotated[tuple[CatchUpDecision, ...], Field(min_length=1, max_length=MOST_ITEMS)]


class CatchUpListForm(Command):
    """The same as the page's form sends it: parallel lists; a reason to waive goes before the day proposed."""

    activity_code: Annotated[tuple[ActivityCode, ...], Field(max_length=MOST_ITEMS)] = ()
    due_on: tuple[Annotated[date | None, BlankIsNone], ...] = ()
    waived_because: tuple[Annotated[Justification | None, BlankIsNone], ...] = ()

    @property
    def items(self) -> tuple[CatchUpDecision, ...]:
        """Return one decision per workshop."""
        lines = zip(self.activity_code, self.due_on, self.waived_because, strict=False)
        return tuple(
            CatchUpDecision(activity_code=code, due_on=None if why else due_on, waived_because=why)
            for code, due_on, why in lines
        )


class CatchUpDone(Command):
    """The date on which a catch-up was done."""

    done_on: date


class CatchUpRef(Read):
    """A catch-up that was loaded within the actor's reach; services accept it as proof."""

    id: int
    enrolment_id: int
    activity_code: str
    minutes: int
    due_on: date | None
    waived_because: str | None


class CatchUpShown(CatchUpRef):
    """A catch-up, done or not, or waived for a reason."""

    done_on: date | None


class LateJoiner(Read):
    """Someone who joined after the start and of whose missed workshops nothing is decided yet; ``n`` is how many."""

    enrolment_id: int
    name: str
    n: int


class Missed(Read):
    """A workshop missed for good that can be made up: the day of its last session, and its planned minutes."""

    activity_code: str
    on: date
    minutes: int
