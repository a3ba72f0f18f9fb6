"""How far a batch has come, and what its register says: pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

from app.certificates.batches.schemas import BatchProgress, ItemState, RegisterColumn, RegisterLine
from app.platform.documents.spreadsheets import Cell, in_hours
from app.progress.schemas import StoredReason

FAILED = "batch_item_failed"
"""The reason of what failed by our fault: it may succeed another time."""


def state_of(*, issued: bool, settled: bool, refused: bool) -> ItemState:
    """The state of an item: ``settled`` when its certificate has a document, or needs none any more."""
    if issued:
        return ItemState.DONE if settled else ItemState.UNDRAWN if refused else ItemState.ISSUED
    return ItemState.REFUSED if refused else ItemState.WAITING


def progress_of(states: Iterable[ItemState]) -> BatchProgress:
    """How many are in each state."""
    return BatchProgress.model_validate({state.value: n for state, n in Counter(states).items()})


def may_succeed(state: ItemState, why: Iterable[StoredReason]) -> bool:
    """Whether a resumption tries an item again: not what a rule or a person stands against."""
    return state is ItemState.UNDRAWN or (state is ItemState.REFUSED and any(w.code == FAILED for w in why))


def register_cells(line: RegisterLine, words: Mapping[str, str]) -> dict[RegisterColumn, Cell]:
    """A line by column, in order; ``words`` says kinds and states, an absent one stays a code."""
    record, c = line.record, RegisterColumn
    return {
        c.NUMBER: record.number,
        c.HOLDER: record.holder,
        c.KIND: words.get(record.kind.value, record.kind.value),
        c.PATH: record.path_title,
        c.VERSION: record.curriculum_version,
        c.OBJECT: record.object,
        c.STARTS_ON: record.starts_on,
        c.ENDS_ON: record.ends_on,
        c.PLACE: record.place,
        c.PLANNED_HOURS: in_hours(record.planned_minutes),
        c.FOLLOWED_HOURS: in_hours(record.followed_minutes),
        c.PRIOR_HOURS: in_hours(record.prior_minutes),
        c.RECOGNISED_HOURS: in_hours(record.recognised_minutes),
        c.CEU: None if record.ceu is None else Decimal(record.ceu),
        c.COMPETENCIES: ", ".join(f"{one.code} {one.level}" for one in record.competencies),
        c.COLLEGE: record.college_name,
        c.COHORT: line.cohort_code,
        c.EMPLOYER: record.employer,
        c.ISSUED_ON: record.issued_on,
        c.STATE: words.get(line.state.value, line.state.value),
        c.VERIFICATION: record.verify_url,
    }
