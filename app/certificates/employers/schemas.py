"""The query and the list of an employer's attestations, which it must be able to produce (D-8.3, r. 3, s. 4)."""

from datetime import date
from typing import Annotated

from pydantic import Field

from app.network.enums import CertificateKind
from app.platform.schema import Command, Line, Read


class EmployerQuery(Command):
    """An employer as written on the records, regardless of accents and case, and a calendar year of issue."""

    employer: Line
    year: Annotated[int, Field(ge=2000, le=2199)]


class EmployerAttestation(Read):
    """One valid certificate of someone who consents; no level, no evidence. Times are minutes."""

    number: str
    holder: str
    kind: CertificateKind
    path_title: str
    object: str
    starts_on: date
    ends_on: date
    recognised_minutes: int
    ceu: str | None
    issued_on: date
    employer: str


class EmployerAttestations(Read):
    """The list, by name; ``withheld`` counts the certificates left out because their holders have not consented."""

    items: tuple[EmployerAttestation, ...]
    withheld: int
