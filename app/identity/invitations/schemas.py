"""Commands and read models of invitations."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import SecretStr

from app.identity.invitations.rules import InvitationState
from app.people.schemas import NewPerson
from app.platform.messages.addresses import Email
from app.platform.messages.schemas import DeliveryShown
from app.platform.paging import ListQuery
from app.platform.schema import Command, Read
from app.platform.security.permissions import Role


class NewInvitation(Command):
    """An invitation to send; without a role the person may apply to a cohort. A cohort goes only with a trainer."""

    email: Email
    role: Role | None = None
    cohort_id: int | None = None


class Invitee(NewPerson):
    """Who is invited, with the names that the inviter knows; the person has the last word on them."""

    email: Email


class InvitedAddress(Command):
    """The address of someone who is invited without names."""

    email: Email


class CorrectedAddress(Command):
    """The address that an invitation should have gone to."""

    email: Email


class InvitationShown(Read):
    """An invitation as the college sees it, without its link; ``invited_by`` is ``None`` for the operator.

    ``link_printed_at``: the operator printed the link in place of a letter, on a network without mail.
    ``delivery``: where its last letter stands; ``None`` when there was none, or a month after it.
    """

    id: int
    email: str
    role: Role | None
    cohort_id: int | None
    cohort: str | None
    state: InvitationState
    created_at: datetime
    expires_at: datetime
    invited_by: str | None
    link_printed_at: datetime | None
    delivery: DeliveryShown | None


class CohortToTrain(Read):
    """A cohort that an invited trainer may be given."""

    id: int
    code: str
    title: str


class InvitationList(Read):
    """Invitations, newest first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[InvitationShown, ...]
    next: int | None


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


class Offer(Read):
    """A role offered, with its college (``None`` for the platform) and its cohort."""

    role: Role | None
    college: str | None
    cohort: str | None


class InvitationOffer(Read):
    """A link as the person invited sees it: what it offers, and the names that the inviter wrote."""

    email: str
    offers: tuple[Offer, ...]
    legal_first_name: str
    legal_last_name: str
    chosen_name: str
    step: Step


class AcceptInvitation(NewPerson):
    """The names and the password of a new account; its address, college and role are the invitation's."""

    password: SecretStr


class InvitationSort(StrEnum):
    """What the list of invitations is sorted by."""

    SENT = "envoi"
    EMAIL = "courriel"
    EXPIRY = "echeance"


class InvitationsQuery(ListQuery):
    """The invitations to show in a list, newest first; the search looks at the beginning of the address."""

    SORTS: ClassVar = InvitationSort
    tri: str = "-envoi"
    etat: InvitationState | None = None
