"""Commands and read models of invitations."""

from datetime import datetime
from enum import StrEnum

from pydantic import SecretStr

from app.identity.account.schemas import Email
from app.identity.invitations.rules import InvitationState
from app.people.schemas import NewPerson
from app.platform.schema import Command, Read
from app.platform.security.permissions import Role


class NewInvitation(Command):
    """An invitation to send; without a role the person may apply to a cohort. A cohort goes only with a trainer."""

    email: Email
    role: Role | None = None
    cohort_id: int | None = None


class InvitationShown(Read):
    """An invitation as the college sees it, without its link."""

    id: int
    email: str
    role: Role | None
    cohort_id: int | None
    cohort: str | None
    state: InvitationState
    created_at: datetime
    expires_at: datetime
    invited_by: str


class CohortToTrain(Read):
    """A cohort that an invited trainer may be given."""

    id: int
    code: str
    title: str


class InvitationList(Read):
    """Invitations, newest first."""

    items: tuple[InvitationShown, ...]


class InvitationRef(Read):
    """An invitation within the actor's reach: what commands accept."""

    id: int
    college_id: int


class Step(StrEnum):
    """What the person who opens the link must do next."""

    OPEN_ACCOUNT = "open_account"
    SIGN_IN = "sign_in"
    ACCEPT = "accept"
    SIGN_OUT = "sign_out"


class InvitationOffer(Read):
    """An invitation as the person invited sees it."""

    email: str
    college: str
    role: Role | None
    cohort: str | None
    step: Step


class AcceptInvitation(NewPerson):
    """The names and the password of a new account; its address, college and role are the invitation's."""

    password: SecretStr
