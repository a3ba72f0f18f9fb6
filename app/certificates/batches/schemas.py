"""Commands and read models of batches, and the columns of their register. Times are minutes, dates ISO 8601."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from app.certificates.enums import BatchWait, CertificateState
from app.certificates.schemas import CertificateRecord
from app.network.enums import CertificateKind
from app.platform.schema import Command, Read
from app.progress.schemas import StoredReason

MAX_ITEMS = 900
"""The most certificates of one batch: a form may have a thousand fields."""


class BatchLine(Read):
    """A kind of certificate that may be issued to someone."""

    enrolment_id: int
    kind: CertificateKind
    name: str
    legal_name: str = Field(description="as it will be printed")
    cohort_code: str


class LeftOut(BatchLine):
    """A certificate that cannot be issued now, and everything that forbids it."""

    why: tuple[StoredReason, ...]


class CohortChoice(Read):
    """A cohort with candidates."""

    id: int
    code: str
    title: str


class BatchPreview(Read):
    """What one decision would issue, and what it would leave out and why; by name, the people of a page."""

    ready: tuple[BatchLine, ...]
    left_out: tuple[LeftOut, ...]
    cohorts: tuple[CohortChoice, ...] = Field(description="the newest of the college: values of ``cohort_id``")
    next: int | None


class BatchChoice(Command):
    """One certificate of a decision."""

    enrolment_id: int
    kind: CertificateKind


class NewBatch(Command):
    """A named person decides to issue these certificates, listed as ready in the preview."""

    items: Annotated[tuple[BatchChoice, ...], Field(min_length=1, max_length=MAX_ITEMS)]


class BatchRef(Read):
    """A batch that the actor was allowed to see; commands take it instead of an id."""

    id: int
    college_id: int


class ItemState(StrEnum):
    """The state of one certificate of a batch; ``undrawn``: issued, but its document could not be rendered."""

    WAITING = "waiting"
    ISSUED = "issued"
    DONE = "done"
    REFUSED = "refused"
    UNDRAWN = "undrawn"


class BatchProgress(Read):
    """How many certificates are in each state."""

    waiting: int = 0
    issued: int = Field(default=0, description="issued, the document still to be rendered")
    done: int = Field(default=0, description="issued, with its document")
    refused: int = 0
    undrawn: int = Field(default=0, description="issued, its document could not be rendered; a resumption retries")

    @property
    def total(self) -> int:
        """The number of certificates."""
        return self.waiting + self.issued + self.done + self.refused + self.undrawn

    @property
    def settled(self) -> int:
        """The number of certificates with nothing left to do."""
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
    """A batch with its certificates, in the order of their numbers."""

    college_id: int
    can_resume: bool = Field(description="a failure may succeed when retried")
    ended_signatories: tuple[str, ...]
    waits_for: BatchWait | None
    items: tuple[BatchItemShown, ...]


class BatchList(Read):
    """A college's batches, newest first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[BatchShown, ...]
    next: int | None


class RegisterColumn(StrEnum):
    """The columns of the register, in order: those of a training register (D-8.3, r. 7, s. 15) that are known here.

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
    """A certificate in the register."""

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
