"""The query and the rows of a cohort's board."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from app.cohorts.enums import EnrolmentState
from app.network.enums import CertificateKind
from app.platform.paging import ListQuery
from app.platform.schema import Command, Read, SearchText
from app.progress.schemas import StoredReason


class BoardOrder(StrEnum):
    """What the board is sorted by; equal rows are sorted by name."""

    NAME = "nom"
    HOURS = "heures"
    ATTENDANCE = "assiduite"
    DUE = "echeance"
    RISK = "risque"


class BoardQuery(Command):
    """The rows to show: by part of a name, of one state instead of everyone seated, and in which order."""

    search: SearchText = ""
    state: EnrolmentState | None = None
    tri: BoardOrder = BoardOrder.NAME


class BoardSort(StrEnum):
    """What the table of people is sorted by."""

    NAME = "nom"
    HOURS = "heures"
    ATTENDANCE = "assiduite"
    MODULES = "modules"
    DUE = "echeance"
    LAST = "dernier"


class AtRisk(Read):
    """How many people of a cohort are at risk, and for which of the reasons; someone may be for both."""

    people: int = 0
    long_late: int = 0
    attendance_low: int = 0


class BoardConcern(StrEnum):
    """What may need a call: something is late, or the person is at risk."""

    RISK = "risque"
    LATE = "retard"


class BoardListQuery(ListQuery):
    """The people to show on a cohort's page, everyone seated unless a state is chosen."""

    SORTS: ClassVar = BoardSort
    tri: str = "nom"
    etat: EnrolmentState | None = None
    suivi: BoardConcern | None = None


class BoardRow(Read):
    """One person of the cohort; what depends on the day is computed when read, on the cohort's local date."""

    enrolment_id: int
    name: str
    state: EnrolmentState
    joined_on: date | None
    recognised_minutes: int
    planned_minutes: int
    attendance_pct: int | None = Field(description="whole percent; null before the first closed roll call")
    modules_done: int
    modules_total: int
    next_due_on: date | None
    last_fact_on: date | None
    eligible: tuple[CertificateKind, ...]
    late: bool = Field(description="something due is not done")
    calls: tuple[StoredReason, ...] = Field(
        description="why to call the person: long_late, attendance_low; none is fine"
    )
    at_risk: bool
