"""Commands that replace or revoke a certificate, and the read models of its revocations and history."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from app.certificates.enums import RevocationGround
from app.certificates.schemas import CertificateLine
from app.platform.messages.schemas import DeliveryShown
from app.platform.schema import Command, Line, Read


class Correction(StrEnum):
    """What a correction brings up to date: the name alone, or the whole content."""

    NAME = "name"
    CONTENT = "content"


class Reissue(Command):
    """Replace a certificate: with its names as they are today, or with its whole content, eligibility checked again."""

    what: Correction
    reason: Annotated[Line, StringConstraints(max_length=500), Field(description="for the register alone")]


Words = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class OpenRevocation(Command):
    """Notify the holder that their certificate may be revoked, and why."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    ground: RevocationGround = Field(
        default=RevocationGround.CAUSE,
        description="`cause`: opens a hold on the person's certificates; `error`: the college's own mistake",
    )


class HolderStatement(Command):
    """What the holder states, before the decision or against it."""

    words: Words


class DecideRevocation(Command):
    """A named person revokes the certificate, or leaves it as it is."""

    revoke: bool


class RevocationRef(Read):
    """A revocation that the actor was allowed to see; commands take it instead of an id."""

    id: int
    college_id: int
    certificate_id: int
    enrolment_id: int
    person_id: int


class RevocationShown(Read):
    """A revocation, as the holder and the registrar read it.

    ``delivery``: where the last letter to the holder stands while the decision waits; ``None`` also without an account.
    """

    id: int
    certificate_id: int
    ground: RevocationGround
    reason: str
    opened_at: datetime
    opened_by: str
    answer_by: date
    answer: str | None
    answered_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    revoked: bool | None
    contest: str | None
    contested_at: datetime | None
    hold_id: int | None = Field(description="of the hold that it opened: revoked for cause alone")
    delivery: DeliveryShown | None


class RevocationList(Read):
    """Revocations, the latest first."""

    items: tuple[RevocationShown, ...]


class CertificateHistory(Read):
    """The history of a certificate: the documents before and after it, the reason, and its revocations."""

    replaces: CertificateLine | None
    replaced_by: CertificateLine | None
    reason: str | None = Field(description="of the correction that issued this document")
    ended_on: date | None
    revocations: tuple[RevocationShown, ...]
