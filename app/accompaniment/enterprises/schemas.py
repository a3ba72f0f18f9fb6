"""Enterprises and mandates as they come in and go out."""

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from app.accompaniment.enterprises.enums import EnterpriseSize
from app.platform.schema import Command, Line, Read

NeqTyped = Annotated[str, StringConstraints(min_length=1, max_length=20)]


class NewEnterprise(Command):
    """An enterprise to add; ``neq`` may hold spaces and may be left out."""

    name: Line
    neq: NeqTyped | None = None
    sector: Annotated[Line, StringConstraints(max_length=60)]
    size: EnterpriseSize
    region_code: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-7])$")]


class EnterpriseShown(Read):
    """An enterprise that the actor may see; also what commands accept."""

    id: int
    college_id: int
    neq: str | None
    name: str
    sector: str
    size: EnterpriseSize
    region_code: str


class EnterprisePage(Read):
    """Some enterprises by name; ``next`` is the ``after`` of the following page."""

    items: tuple[EnterpriseShown, ...]
    next: int | None


def _blank_is_none(value: object) -> object:
    return value or None


Blank = BeforeValidator(_blank_is_none)


class NewEnterpriseForm(NewEnterprise):
    """The same, as the page's form sends it: with its college, the number left blank when there is none."""

    college_id: int
    neq: Annotated[NeqTyped | None, Blank] = None

    @property
    def command(self) -> NewEnterprise:
        """What the service takes."""
        return NewEnterprise.model_validate(self.model_dump(exclude={"college_id"}))
