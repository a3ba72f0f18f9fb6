"""The frozen record of a certificate, and the read models of certificates. Times are minutes, dates ISO 8601."""

from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.certificates.enums import CertificateState
from app.network.enums import CertificateKind
from app.platform.messages.i18n import QUEBEC
from app.platform.schema import Read

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
TypedColour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$", to_lower=True)]
"""A colour as it is typed: upper case is accepted and stored as lower case."""
StoredPng = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}\.png$")]
"""The name of a stored picture, by the SHA-256 of its content."""

SHORT_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is mistaken for a digit, read or heard."""
SHORT_CODE_LENGTH = 8
"""Characters of a short code, its hyphen aside."""


def short_code(code: str) -> str:
    """Return the short code of a code, ``7K3M-Q9TD``: 40 bits of its SHA-256 digest in Crockford's base 32."""
    number = int.from_bytes(sha256(code.encode()).digest()[:5])
    letters = "".join(SHORT_CODE_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"


class PrintedCompetency(Read):
    """A competency as printed, and the level reached in it."""

    code: str
    title: str
    level: int = Field(ge=1, le=4)
    level_title: str


class PrintedSignatory(Read):
    """Someone who signs, as printed below the document."""

    name: str
    title: str
    image: StoredPng | None = Field(default=None, description="the stored file of their signature, <sha256>.png")


class CertificateRecord(Read):
    """The whole content of a certificate, frozen the day it is issued; always in French.

    It has no field for a date of birth, a mark, codevelopment content or the name of an enterprise.
    """

    college_name: str
    college_slug: str
    logo: StoredPng | None = Field(default=None, description="the stored file of the college's logo, <sha256>.png")
    ink: Colour | None = Field(default=None, description="colour of titles, #rrggbb; the design's when empty")
    accent: Colour | None = Field(default=None, description="colour of ornaments, #rrggbb; the design's when empty")
    city: str
    kind: CertificateKind
    holder: str = Field(description="legal name")
    path_title: str
    curriculum_slug: str
    curriculum_version: str
    framework_version: str
    object: str = Field(description="object of the activity, for the employer's proof (D-8.3, r. 3, s. 4)")
    starts_on: date
    ends_on: date
    place: str
    planned_minutes: int
    recognised_minutes: int
    prior_minutes: int = Field(default=0, description="of which by recognition of prior learning")
    employer: str | None = Field(default=None, description="on the day of issue; for the employer's proof, not printed")
    ceu: str | None = Field(default=None, description='continuing-education units, "6.0"; accredited colleges only')
    competencies: tuple[PrintedCompetency, ...] = Field(default=(), description="empty on a participation (BR-22)")
    timezone: str | None = Field(
        default=None, description="time zone that its dates are of; null in a record of before 2026-12: Quebec's"
    )
    issued_on: date
    first_issued_on: date | None = Field(
        default=None, description="day of issue of the document that this one replaces"
    )
    number: str
    code: str
    verify_url: str
    signatories: tuple[PrintedSignatory, ...] = Field(min_length=1, max_length=4)
    non_credited: bool = True
    language: Literal["fr"] = "fr"
    design: str = Field(description="name and version of the design, e.g. escouade/1.1")

    @property
    def zone(self) -> str:
        """The time zone that the document's dates are of (BR-30)."""
        return self.timezone or QUEBEC.key

    @property
    def pictures(self) -> tuple[str, ...]:
        """The names of the stored files that it shows: the college's logo, the signatures."""
        return tuple(name for name in (self.logo, *(s.image for s in self.signatories)) if name)

    @property
    def followed_minutes(self) -> int:
        """The minutes followed, without recognition of prior learning: what continuing-education units count (S9)."""
        return self.recognised_minutes - self.prior_minutes

    @property
    def short_code(self) -> str:
        """The code to read to the registrar over the telephone (S10); it gives no access."""
        return short_code(self.code)

    @property
    def printed_text(self) -> str:
        """Every text of the record that the document prints, to check that its fonts have the glyphs."""
        return " ".join(
            (
                self.college_name, self.city, self.holder, self.path_title, self.object, self.place,
                *(f"{c.title} {c.level_title}" for c in self.competencies),
                *(f"{s.name} {s.title}" for s in self.signatories),
            )
        )  # fmt: skip


class CertificateRef(Read):
    """A certificate that the actor was allowed to see; commands take it instead of an id."""

    id: int
    college_id: int
    enrolment_id: int
    person_id: int


class CertificateLine(Read):
    """A certificate in a list."""

    id: int
    enrolment_id: int
    kind: CertificateKind
    number: str
    state: CertificateState
    issued_on: date
    holder: str
    path_title: str


class CertificateView(CertificateLine):
    """A certificate with its whole record, who decided and when."""

    decided_by: str = Field(description="name of the person who decided")
    decided_at: datetime
    record: CertificateRecord


class Document(Read):
    """A file of a certificate."""

    name: str
    content: bytes


class CertificatePage(Read):
    """Certificates of a register, newest first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[CertificateLine, ...]
    next: int | None


class CertificateList(Read):
    """Certificates of one person, newest first."""

    items: tuple[CertificateLine, ...]
