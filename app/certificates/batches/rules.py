"""The states of a batch's items and the cells of its register.

Pure: no session, no clock.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from app.certificates.batches.schemas import BatchProgress, ItemState, RegisterColumn, RegisterLine
from app.platform.documents.spreadsheets import Cell, in_hours
from app.progress.schemas import StoredReason

FAILED = "batch_item_failed"
"""The code of an internal failure, which may succeed when retried."""


def item_state(*, issued: bool, settled: bool, refused: bool) -> ItemState:
    """Return the state of an item; ``settled`` when its certificate has a document, or needs none any more."""
    if issued:
        return ItemState.DONE if settled else ItemState.UNDRAWN if refused else ItemState.ISSUED
    return ItemState.REFUSED if refused else ItemState.WAITING


def progress_of(states: Iterable[ItemState]) -> BatchProgress:
    """Return how many items are in each state."""
    return BatchProgress.model_validate({state.value: n for state, n in Counter(states).items()})


def may_retry(state: ItemState, why: Iterable[StoredReason]) -> bool:
    """Return whether a resumption retries an item: a failed document or an internal failure, never a refusal."""
    return state is ItemState.UNDRAWN or (state is ItemState.REFUSED and any(reason.code == FAILED for reason in why))


def dump_reasons(reasons: Iterable[StoredReason]) -> list[Any]:
    """Return reasons as an item stores them, in JSON."""
    return [reason.model_dump(mode="json") for reason in reasons]


def register_cells(line: RegisterLine, labels: Mapping[str, str]) -> dict[RegisterColumn, Cell]:
    """Return a line of the register by column, in order.

    ``labels`` translates kinds and states; one that it lacks stays a code.
    """
    record, c = line.record, RegisterColumn
    return {
        c.NUMBER: record.number,
        c.HOLDER: record.holder,
        c.KIND: labels.get(record.kind.value, record.kind.value),
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
        c.COMPETENCIES: ", ".join(f"{competency.code} {competency.level}" for competency in record.competencies),
        c.COLLEGE: record.college_name,
        c.COHORT: line.cohort_code,
        c.EMPLOYER: record.employer,
        c.ISSUED_ON: record.issued_on,
        c.STATE: labels.get(line.state.value, line.state.value),
        c.VERIFICATION: record.verify_url,
    }
