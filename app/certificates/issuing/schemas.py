"""The command that issues a certificate, and the read models of the candidates."""

from pydantic import Field

from app.network.enums import CertificateKind
from app.platform.schema import Command, Read
from app.progress.schemas import StoredReason


class IssueCertificate(Command):
    """A named person decides to issue a kind of certificate for an enrolment."""

    kind: CertificateKind


class Choice(Read):
    """One kind of certificate for one enrolment: issued, ready, or forbidden for the reasons in ``why``."""

    kind: CertificateKind
    certificate_id: int | None = Field(default=None, description="the valid certificate, once issued")
    number: str | None = None
    ready: bool = Field(description="only the decision of a person is missing (BR-19)")
    why: tuple[StoredReason, ...] = Field(
        default=(), description="everything that forbids issuing it now, when it is neither ready nor issued"
    )


class Candidate(Read):
    """An enrolment in the registrar's list, with the kinds of certificate that its path leads to."""

    enrolment_id: int
    name: str
    legal_name: str = Field(description="as it will be printed")
    cohort_id: int
    cohort_code: str
    cohort_title: str
    choices: tuple[Choice, ...]


class Candidates(Read):
    """The candidates of a college, by name."""

    items: tuple[Candidate, ...]
