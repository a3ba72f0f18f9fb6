"""Commands, form and read models of enterprises."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from app.accompaniment.enterprises.enums import EnterpriseSize, EnterpriseSort
from app.platform.paging import ListQuery
from app.platform.schema import BlankIsNone, Code, Command, Line, Read

NeqTyped = Annotated[Code, StringConstraints(min_length=1, max_length=20)]


class NewEnterprise(Command):
    """An enterprise to add; ``neq`` may hold spaces and may be left out."""

    name: Line
    neq: NeqTyped | None = None
    sector: Annotated[Line, StringConstraints(max_length=60)]
    size: EnterpriseSize
    region_code: Annotated[Code, StringConstraints(pattern=r"^(0[1-9]|1[0-7])$")]


class EnterpriseShown(Read):
    """An enterprise that the actor may see; commands accept it."""

    id: int
    college_id: int
    neq: str | None
    name: str
    sector: str
    size: EnterpriseSize
    region_code: str


class EnterprisePage(Read):
    """A page of enterprises by name; ``next`` is the ``after`` of the following page."""

    items: tuple[EnterpriseShown, ...]
    next: int | None


class EnterprisesQuery(ListQuery):
    """The enterprises to show in a list, by name."""

    SORTS: ClassVar = EnterpriseSort
    tri: str = "nom"
    taille: EnterpriseSize | None = None
    region: Annotated[str, StringConstraints(max_length=2)] | None = None


class NewEnterpriseForm(NewEnterprise):
    """An enterprise as the page's form sends it: with its college, the number blank when there is none."""

    college_id: int
    neq: Annotated[NeqTyped | None, BlankIsNone] = None

    @property
    def command(self) -> NewEnterprise:
        """Return the command for the service."""
        return NewEnterprise.model_validate(self.model_dump(exclude={"college_id"}))
