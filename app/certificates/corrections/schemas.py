"""What is asked and shown when a certificate is replaced or revoked."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from app.certificates.schemas import CertificateLine
from app.platform.schema import Command, Line, Read


class Correction(StrEnum):
    """What the new document takes as it is today."""

    NAME = "name"
    CONTENT = "content"


class Reissue(Command):
    """Replace a document: its names as they are today, or all that it says, judged again on the facts."""

    what: Correction
    reason: Annotated[Line, StringConstraints(max_length=500), Field(description="for the register alone")]


Words = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class OpenRevocation(Command):
    """Tell the holder that their certificate may be revoked, and why."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Heard(Command):
    """What the holder says, before the decision or against it."""

    words: Words


class DecideRevocation(Command):
    """A named person revokes the certificate, or leaves it as it is."""

    revoke: bool


class RevocationRef(Read):
    """A revocation within reach: what commands accept."""

    id: int
    college_id: int
    certificate_id: int
    enrolment_id: int
    person_id: int


class RevocationShown(Read):
    """A revocation as its holder and the registrar read it."""

    id: int
    certificate_id: int
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


class RevocationList(Read):
    """Revocations, the latest first."""

    items: tuple[RevocationShown, ...]


class CertificateHistory(Read):
    """What became of a certificate: the documents before and after it, why, and its revocations."""

    replaces: CertificateLine | None
    replaced_by: CertificateLine | None
    reason: str | None = Field(description="of the correction that made this document")
    ended_on: date | None
    revocations: tuple[RevocationShown, ...]
