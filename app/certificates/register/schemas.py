"""What certificates say, what is asked of them and what is shown of them. Times are minutes, dates ISO 8601."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from app.network.enums import CertificateKind
from app.platform.schema import Read


class Verified(Read):
    """What a stranger learns of a valid certificate from its code: no more than it says itself (BR-21)."""

    state: Literal["valid"]
    issued_on: date
    number: str
    kind: CertificateKind
    holder: str
    path_title: str
    college_name: str
    recognised_minutes: int
    ceu: str | None = None
    document_sha256: str | None = Field(default=None, description="of the issued PDF, once it was drawn")


class NoLongerValid(Read):
    """A certificate that was replaced or revoked: that, and when; no name, no reason (BR-21)."""

    state: Literal["superseded", "revoked"]
    issued_on: date
    ended_on: date


Verification = Annotated[Verified | NoLongerValid, Field(discriminator="state")]
