"""The command that issues a certificate, the query and the read models of the candidates."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from app.network.enums import CertificateKind
from app.platform.paging import ListQuery
from app.platform.schema import Command, Read
from app.progress.schemas import StoredReason


class IssueCertificate(Command):
    """A named person decides to issue a kind of certificate for an enrolment."""

    kind: CertificateKind


class Situation(StrEnum):
    """What is left to do for a person, over every kind of certificate that their path leads to."""

    READY = "a_emettre"
    LATER = "pas_encore"
    ALL = "tous"


class CandidateSort(StrEnum):
    """What the list of candidates is sorted by."""

    NAME = "nom"
    COHORT = "cohorte"


class CandidatesQuery(ListQuery):
    """The candidates to show in a list, by name; those for whom only a decision is missing unless others are chosen."""

    SORTS: ClassVar = CandidateSort
    tri: str = "nom"
    situation: Situation = Situation.READY


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
    """The candidates of a college, by name; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[Candidate, ...]
    next: int | None
