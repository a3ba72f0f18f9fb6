"""The query of the register, and the result of a public verification. Times are minutes, dates ISO 8601."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from app.certificates.enums import CertificateState
from app.network.enums import CertificateKind
from app.platform.paging import ListQuery
from app.platform.schema import Read


class Verified(Read):
    """What the code of a valid certificate reveals to anyone: nothing that the document does not show (BR-21)."""

    state: Literal["valid"]
    issued_on: date
    number: str
    kind: CertificateKind
    holder: str
    path_title: str
    college_name: str
    recognised_minutes: int
    ceu: str | None = None
    document_sha256: str | None = Field(default=None, description="of the issued PDF, once it was rendered")


class NoLongerValid(Read):
    """What the code of a replaced or revoked certificate reveals: state and days; no name, no reason (BR-21)."""

    state: Literal["superseded", "revoked"]
    issued_on: date
    ended_on: date


Verification = Annotated[Verified | NoLongerValid, Field(discriminator="state")]


class RegisterSort(StrEnum):
    """What the register is sorted by."""

    DATE = "date"
    NUMBER = "numero"
    HOLDER = "nom"


class RegisterQuery(ListQuery):
    """The certificates to show of a college's register, newest first."""

    SORTS: ClassVar = RegisterSort
    tri: str = "-date"
    etat: CertificateState | None = None
    document: CertificateKind | None = None
