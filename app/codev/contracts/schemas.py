"""Command, form and read models of the contract of a group."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.platform.schema import Code, Command, Read


class AgreeCommand(Command):
    """One's agreement to the contract as it was read: its version, and the composition of the group."""

    contract_version: Annotated[Code, StringConstraints(max_length=20)]
    composition: Annotated[int, Field(ge=1)]


class AgreeForm(AgreeCommand):
    """An agreement as the page's form sends it."""

    accepted: bool = False

    @property
    def command(self) -> AgreeCommand:
        """Return the command for the service."""
        return AgreeCommand(**self.model_dump(exclude={"accepted"}))


class ClauseShown(Read):
    """A clause of the contract."""

    code: str
    title: str
    text: str


class AgreementShown(Read):
    """Someone of the group; ``agreed_at`` is ``None`` while they have not agreed to it as it is composed."""

    name: str
    is_facilitator: bool
    agreed_at: datetime | None


class ContractShown(Read):
    """The contract of a group in the reader's language, and who has agreed to it; ``own`` is about the reader."""

    group_id: int
    contract_version: str
    composition: int
    title: str
    preamble: str
    clauses: tuple[ClauseShown, ...]
    agreements: tuple[AgreementShown, ...]
    to_accept: bool = Field(description="whether the reader is asked to agree")


class ContractToAccept(Read):
    """A group whose contract waits for someone."""

    id: int
    name: str
