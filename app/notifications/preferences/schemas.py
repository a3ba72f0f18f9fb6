"""Commands and read models of preferences."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from app.network.schemas import ZoneName
from app.notifications.enums import Kind, MailChoice
from app.notifications.rules import CHOICES, EARLIEST_QUIET, LATEST_QUIET, QUIET_FROM, QUIET_UNTIL
from app.platform.schema import BlankIsNone, Command, Read

QuietFrom = Annotated[int, Field(ge=EARLIEST_QUIET, le=23)]
QuietUntil = Annotated[int, Field(ge=5, le=LATEST_QUIET)]
Language = Literal["fr", "en"]


class KindChoice(Command):
    """When the e-mail of a kind of message is sent, where that may be chosen."""

    kind: Kind
    choice: MailChoice

    @model_validator(mode="after")
    def _offered(self) -> "KindChoice":
        if self.choice not in CHOICES[self.kind]:
            raise ValueError("must be known")
        return self


class ChangePreferences(Command):
    """How to get e-mails; a kind that is left out gets its default, hours without a beginning are no quiet hours."""

    choices: Annotated[tuple[KindChoice, ...], Field(max_length=len(Kind))] = ()
    timezone: ZoneName = "America/Toronto"
    quiet_from: QuietFrom | None = QUIET_FROM
    quiet_until: QuietUntil = QUIET_UNTIL
    language: Language = "fr"


class PreferencesForm(Command):
    """The form of the preferences: each of ``choices`` is a kind and a choice, ``judged:digest``."""

    choices: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z_]+:[a-z_]+$", max_length=60)], ...] = ()
    timezone: ZoneName = "America/Toronto"
    quiet_from: Annotated[QuietFrom | None, BlankIsNone] = None
    quiet_until: QuietUntil = QUIET_UNTIL
    language: Language = "fr"


class OfferedChoice(Read):
    """A kind of message, when its e-mail is sent, and what may be chosen instead."""

    kind: Kind
    choice: MailChoice
    offered: tuple[MailChoice, ...]


class PreferencesShown(Read):
    """How the person gets e-mails."""

    choices: tuple[OfferedChoice, ...]
    timezone: str
    quiet_from: int | None
    quiet_until: int
    language: str
