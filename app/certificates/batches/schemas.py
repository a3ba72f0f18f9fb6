"""Many certificates by one decision: what is asked, what is shown of it. Times are minutes, dates ISO 8601."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from app.certificates.enums import CertificateState
from app.certificates.schemas import CertificateRecord
from app.network.enums import CertificateKind
from app.platform.schema import Command, Read
from app.progress.schemas import StoredReason

MOST = 900
"""Certificates of one decision: a form holds a thousand fields."""


class BatchLine(Read):
    """A kind of certificate for someone who may be issued it."""

    enrolment_id: int
    kind: CertificateKind
    name: str
    legal_name: str = Field(description="as it will be printed")
    cohort_code: str


class LeftOut(BatchLine):
    """One that cannot be issued now, and everything that stands in the way."""

    why: tuple[StoredReason, ...]


class CohortChoice(Read):
    """A cohort whose people may be issued something."""

    id: int
    code: str
    title: str


class BatchPreview(Read):
    """What one decision would issue, and what it would leave out and why; by name."""

    ready: tuple[BatchLine, ...]
    left_out: tuple[LeftOut, ...]
    cohorts: tuple[CohortChoice, ...] = Field(description="of the whole college: what ``cohort_id`` may be")


class BatchChoice(Command):
    """One certificate of the decision."""

    enrolment_id: int
    kind: CertificateKind


class NewBatch(Command):
    """A named person decides to issue these certificates, as the preview listed them ready."""

    items: Annotated[tuple[BatchChoice, ...], Field(min_length=1, max_length=MOST)]


class BatchRef(Read):
    """A batch that the actor may see: what commands accept."""

    id: int
    college_id: int


class ItemState(StrEnum):
    """How far one certificate of a batch has come."""

    WAITING = "waiting"
    ISSUED = "issued"
    DONE = "done"
    REFUSED = "refused"
    UNDRAWN = "undrawn"


class BatchProgress(Read):
    """How many certificates are in each state."""

    waiting: int = 0
    issued: int = Field(default=0, description="issued, the document still to be drawn")
    done: int = Field(default=0, description="issued, with its document")
    refused: int = 0
    undrawn: int = Field(default=0, description="issued, its document could not be drawn; a resumption tries again")

    @property
    def total(self) -> int:
        """All of them."""
        return self.waiting + self.issued + self.done + self.refused + self.undrawn

    @property
    def settled(self) -> int:
        """Those with nothing left to do."""
        return self.done + self.refused + self.undrawn


class BatchShown(Read):
    """A batch in a list."""

    id: int
    decided_by: str = Field(description="name of the person who decided")
    decided_at: datetime
    finished_at: datetime | None = Field(description="once each certificate has its document or its refusal")
    progress: BatchProgress


class BatchItemShown(Read):
    """One certificate of a batch."""

    enrolment_id: int
    kind: CertificateKind
    name: str
    cohort_code: str
    state: ItemState
    certificate_id: int | None
    number: str | None
    why: tuple[StoredReason, ...]


class BatchView(BatchShown):
    """A batch whole, its certificates in the order of their numbers-to-be."""

    college_id: int
    can_resume: bool = Field(description="something failed that may succeed another time")
    items: tuple[BatchItemShown, ...]


class BatchList(Read):
    """A college's batches, newest first."""

    items: tuple[BatchShown, ...]


class RegisterColumn(StrEnum):
    """The columns of the register, in order: what a training register holds (D-8.3, r. 7, s. 15), where we know it.

    None is renamed or moved; new ones come at the end.
    """

    NUMBER = "number"
    HOLDER = "holder"
    KIND = "kind"
    PATH = "path"
    VERSION = "version"
    OBJECT = "object"
    STARTS_ON = "starts_on"
    ENDS_ON = "ends_on"
    PLACE = "place"
    PLANNED_HOURS = "planned_hours"
    FOLLOWED_HOURS = "followed_hours"
    PRIOR_HOURS = "prior_hours"
    RECOGNISED_HOURS = "recognised_hours"
    CEU = "ceu"
    COMPETENCIES = "competencies"
    COLLEGE = "college"
    COHORT = "cohort"
    EMPLOYER = "employer"
    ISSUED_ON = "issued_on"
    STATE = "state"
    VERIFICATION = "verification"


class RegisterLine(Read):
    """A certificate as the register tells it."""

    cohort_code: str
    state: CertificateState
    record: CertificateRecord


class BatchRegister(Read):
    """The certificates of a batch, by number; ``on`` is the day it was finished, or decided while it is not."""

    batch_id: int
    college_name: str
    college_slug: str
    on: date
    lines: tuple[RegisterLine, ...]
