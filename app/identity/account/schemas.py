"""Commands and read models of accounts and passwords."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Protocol

from pydantic import Field, SecretStr

from app.people.schemas import NewPerson
from app.platform.messages.addresses import Email
from app.platform.messages.schemas import DeliveryShown
from app.platform.paging import PAGE, After, Limit, ListQuery
from app.platform.schema import Command, Read, SearchText


class NewAccount(NewPerson):
    """A person who will sign in."""

    email: Email
    password: SecretStr


TypedPassword = Annotated[SecretStr, Field(max_length=200)]


class PresentPassword(Protocol):
    """A command that may hold the present password."""

    @property
    def present(self) -> SecretStr | None:
        """The present password, where it was sent."""


class PasswordProof(Command):
    """The present password, asked again before a sensitive change."""

    present: TypedPassword


class ChangePassword(PasswordProof):
    """A new password, with the present one."""

    password: TypedPassword


class AccountsQuery(Command):
    """A search: every word must be in a name, whatever its accents and case."""

    search: SearchText = ""
    after: After = None
    limit: Limit = PAGE


class AccountRow(Read):
    """A person who has an account; ``delivery``: where the last letter to its address stands."""

    person_id: int
    name: str
    email: str
    suspended_at: datetime | None
    delivery: DeliveryShown | None


class AccountsPage(Read):
    """A page of accounts by name; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[AccountRow, ...]
    next: int | None


class AccountSort(StrEnum):
    """What the list of accounts is sorted by."""

    NAME = "nom"
    EMAIL = "courriel"


class AccountState(StrEnum):
    """Whether an account may sign in."""

    OPEN = "open"
    SUSPENDED = "suspended"


class AccountListQuery(ListQuery):
    """The accounts to show in a list, by name; the search looks at names and addresses."""

    SORTS: ClassVar = AccountSort
    tri: str = "nom"
    etat: AccountState | None = None


class AccountRef(Read):
    """An account within an administrator's reach: what commands accept."""

    account_id: int
    person_id: int
    name: str
