"""Issuing certificates in batches: the preview, the decision, the progress and the retry of failures.

``batch`` and ``batch_item`` say what is left to do: the decision writes them with a job for each item and returns at
once, workers process them (``jobs.py``), and continue after any interruption.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.certificates.batches.jobs import ISSUE, RENDER
from app.certificates.batches.models import Batch, BatchItem
from app.certificates.batches.rules import dump_reasons, item_state, may_retry, progress_of
from app.certificates.batches.schemas import (
    BatchItemShown,
    BatchLine,
    BatchList,
    BatchPreview,
    BatchProgress,
    BatchRef,
    BatchShown,
    BatchView,
    CohortChoice,
    ItemState,
    LeftOut,
    NewBatch,
)
from app.certificates.branding.signatories import ended_between
from app.certificates.enums import CertificateState
from app.certificates.issuing.candidates import Chosen, candidates_of, list_candidates
from app.certificates.issuing.schemas import Candidate, Choice, Situation
from app.certificates.models import Certificate
from app.cohorts.models import Cohort, Enrolment, local_today
from app.network.enums import CertificateKind
from app.network.schemas import CollegeShown
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.paging import fetch_after
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound
from app.platform.jobs.queue import enqueue
from app.platform.paging import PAGE_SIZE
from app.platform.security.actor import Actor, scoped
from app.progress.schemas import StoredReason

NEWEST = 100
"""How many cohorts are offered to choose among."""


def preview(
    db: Session,
    actor: Actor,
    college: CollegeShown,
    cohort_id: int | None = None,
    kinds: Collection[CertificateKind] = tuple(CertificateKind),
    *,
    situation: Situation = Situation.ALL,
    after: int | None = None,
    limit: int = PAGE_SIZE,
) -> BatchPreview:
    """Return the certificates of these kinds that are ready, in a cohort or the whole college, and the others with why.

    They are those of ``limit`` people in a situation, by name. Raises ``NotFound`` for another college's cohort.
    """
    college_cohort = select(Cohort.id).where(Cohort.id == cohort_id, Cohort.college_id == college.id)
    if cohort_id is not None and db.exec(college_cohort).first() is None:
        raise NotFound
    chosen = Chosen(cohort_id, kinds, situation)
    candidates = list_candidates(db, actor, college, chosen=chosen, after=after, limit=limit)
    ready, left_out = _sorted_out(db, candidates.items, kinds)
    return BatchPreview(ready=ready, left_out=left_out, cohorts=_cohorts(db, college), next=candidates.next)


def _sorted_out(
    db: Session, candidates: Sequence[Candidate], kinds: Collection[CertificateKind]
) -> tuple[tuple[BatchLine, ...], tuple[LeftOut, ...]]:
    """Return the certificates of these kinds that are ready, and the others with why."""
    pending = _pending_items(db, [candidate.enrolment_id for candidate in candidates])
    ready: list[BatchLine] = []
    left_out: list[LeftOut] = []
    for candidate in candidates:
        for choice in (choice for choice in candidate.choices if choice.kind in kinds):
            line = _line(candidate, choice)
            why = _obstacles(choice, is_pending=(candidate.enrolment_id, choice.kind) in pending)
            if why:
                left_out.append(LeftOut(**line.model_dump(), why=why))
            else:
                ready.append(line)
    return tuple(ready), tuple(left_out)


def _line(candidate: Candidate, choice: Choice) -> BatchLine:
    return BatchLine(
        enrolment_id=candidate.enrolment_id,
        kind=choice.kind,
        name=candidate.name,
        legal_name=candidate.legal_name,
        cohort_code=candidate.cohort_code,
    )


def _obstacles(choice: Choice, *, is_pending: bool) -> tuple[StoredReason, ...]:
    """Return everything that keeps a choice out of a batch; empty when it is ready.

    ``is_pending`` when an earlier batch has still to issue it.
    """
    if choice.certificate_id is not None:
        return (StoredReason(code="certificate_already", params={"number": choice.number}),)
    return (StoredReason(code="certificate_awaited"),) if is_pending and choice.ready else choice.why


def _pending_items(db: Session, enrolment_ids: Sequence[int]) -> set[tuple[int, CertificateKind]]:
    """Return which of these enrolments, and the kinds, earlier batches have still to issue."""
    rows = db.execute(
        sa.select(col(BatchItem.enrolment_id), col(BatchItem.kind)).where(
            col(BatchItem.enrolment_id).in_(enrolment_ids),
            col(BatchItem.certificate_id).is_(None),
            col(BatchItem.refusal).is_(None),
        )
    )
    return {(enrolment_id, kind) for enrolment_id, kind in rows}


def _cohorts(db: Session, college: CollegeShown) -> tuple[CohortChoice, ...]:
    """Return the newest cohorts of the college that have begun."""
    newest = (col(Cohort.starts_on).desc(), col(Cohort.id).desc())
    statement = sa.select(col(Cohort.id), col(Cohort.code), col(Cohort.title)).order_by(*newest).limit(NEWEST)
    begun = (col(Cohort.college_id) == college.id, col(Cohort.starts_on) <= local_today())
    return tuple(CohortChoice.model_validate(row) for row in db.execute(statement.where(*begun)))


def decide(db: Session, actor: Actor, college: CollegeShown, command: NewBatch) -> BatchRef:
    """Record one decision to issue several certificates; the worker issues each, under the rules of a single one.

    Certificates that are no longer ready since the preview are recorded as refused, with the reasons.
    Raises ``NotFound`` for an enrolment that is not among the college's candidates, ``Conflict("batch_empty")`` when
    nothing is ready.
    """
    named = candidates_of(db, actor, college, {choice.enrolment_id for choice in command.items})
    ready, left_out = _sorted_out(db, named, tuple(CertificateKind))
    # In the order of the list, which the numbers will follow.
    reasons: dict[tuple[int, CertificateKind], tuple[StoredReason, ...]] = {
        (line.enrolment_id, line.kind): () for line in ready
    }
    reasons |= {(line.enrolment_id, line.kind): line.why for line in left_out}
    requested = {(choice.enrolment_id, choice.kind) for choice in command.items}
    if not requested <= reasons.keys():
        raise NotFound
    if all(reasons[item] for item in requested):
        raise Conflict("batch_empty")
    batch = Batch(college_id=college.id, decided_by=actor.person_id, decided_at=now())
    db.add(batch)
    db.flush()
    keys = {"college_id": college.id, "batch_id": batch.id}
    items = [
        BatchItem(**keys, enrolment_id=enrolment_id, kind=kind, refusal=dump_reasons(why) if why else None)
        for (enrolment_id, kind), why in reasons.items()
        if (enrolment_id, kind) in requested
    ]
    db.add_all(items)
    db.flush()
    enqueue(db, ISSUE, [item.id for item in items if item.refusal is None])
    return BatchRef.model_validate(batch)


def see_batch(db: Session, actor: Actor, batch_id: int) -> BatchRef:
    """Return a batch of a college within the actor's reach; raise ``NotFound`` otherwise."""
    row = db.exec(select(Batch).where(Batch.id == batch_id, scoped(actor, college=Batch.college_id))).first()
    if row is None:
        raise NotFound
    return BatchRef.model_validate(row)


def list_batches(db: Session, college: CollegeShown, *, after: int | None = None, limit: int = PAGE_SIZE) -> BatchList:
    """Return a college's batches with the progress of each, newest first."""
    statement = _BATCHES.where(col(Batch.college_id) == college.id)
    rows, next_ = fetch_after(db, statement, (), col(Batch.id), after=after, limit=limit, descending=True)
    states = defaultdict(list)
    for item in db.execute(_ITEMS.where(col(BatchItem.batch_id).in_([batch.id for batch, _ in rows]))):
        states[item.batch_id].append(_state(item.issued, item.settled, item.refused))
    shown = (_shown(batch, decided_by, progress_of(states[batch.id])) for batch, decided_by in rows)
    return BatchList(items=tuple(shown), next=next_)


def batch_view(db: Session, ref: BatchRef) -> BatchView:
    """Return a batch with each certificate: its number, or the reasons that forbade it."""
    batch, decided_by = db.execute(_BATCHES.where(col(Batch.id) == ref.id)).one()
    rows = db.execute(_LINES.where(col(BatchItem.batch_id) == ref.id)).all()
    log_access(db, [(row.person_id, ref.college_id) for row in rows], Part.CANDIDATES)
    items = tuple(_item(row) for row in rows)
    return BatchView(
        **_shown(batch, decided_by, progress_of(item.state for item in items)).model_dump(),
        college_id=ref.college_id,
        can_resume=any(may_retry(item.state, item.why) for item in items),
        ended_signatories=ended_between(db, ref.college_id, batch.decided_at, batch.finished_at),
        waits_for=batch.waits_for,
        items=items,
    )


def resume(db: Session, ref: BatchRef) -> None:
    """Put failed documents and internal failures back in the queue; ``Conflict("batch_whole")`` when there are none."""
    batch = db.exec(select(Batch).where(Batch.id == ref.id).with_for_update()).one()
    retried = [
        item
        for item, *flags in db.execute(_RESUMABLE.where(col(BatchItem.batch_id) == ref.id))
        if may_retry(_state(*flags), map(StoredReason.model_validate, item.refusal))
    ]
    if not retried:
        raise Conflict("batch_whole")
    for item in retried:
        item.refusal = None
        db.add(item)
    batch.finished_at = None
    db.add(batch)
    enqueue(db, ISSUE, [item.id for item in retried if item.certificate_id is None])
    enqueue(db, RENDER, [item.id for item in retried if item.certificate_id is not None])


_FLAGS = (
    col(BatchItem.certificate_id).is_not(None).label("issued"),
    (col(Certificate.pdf_sha256).is_not(None) | (col(Certificate.state) != CertificateState.VALID)).label("settled"),
    col(BatchItem.refusal).is_not(None).label("refused"),
)
_TO_CERTIFICATE = (Certificate, col(Certificate.id) == BatchItem.certificate_id)
_ITEMS = sa.select(col(BatchItem.batch_id), *_FLAGS).join(*_TO_CERTIFICATE, isouter=True)
_RESUMABLE = (
    sa.select(BatchItem, *_FLAGS).join(*_TO_CERTIFICATE, isouter=True).where(col(BatchItem.refusal).is_not(None))
)
_BATCHES = sa.select(Batch, shown_name()).join(Person, col(Person.id) == Batch.decided_by)
_LINES = (
    sa.select(
        col(BatchItem.enrolment_id),
        col(BatchItem.kind),
        col(BatchItem.certificate_id),
        col(BatchItem.refusal),
        col(Certificate.number),
        col(Enrolment.person_id),
        col(Cohort.code).label("cohort_code"),
        shown_name().label("name"),
        *_FLAGS,
    )
    .join(*_TO_CERTIFICATE, isouter=True)
    .join(Enrolment, col(Enrolment.id) == BatchItem.enrolment_id)
    .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
    .join(Person, col(Person.id) == Enrolment.person_id)
    .order_by(col(BatchItem.id))
)


def _state(issued: bool, settled: bool | None, refused: bool) -> ItemState:
    """Return the state of an item from the columns of ``_FLAGS``."""
    return item_state(issued=issued, settled=bool(settled), refused=refused)


def _shown(row: Batch, decided_by: str, progress: BatchProgress) -> BatchShown:
    return BatchShown(
        id=row.id,
        decided_by=decided_by,
        decided_at=row.decided_at,
        finished_at=row.finished_at,
        progress=progress,
    )


def _item(row: Any) -> BatchItemShown:  # noqa: ANN401
    return BatchItemShown(
        enrolment_id=row.enrolment_id,
        kind=row.kind,
        name=row.name,
        cohort_code=row.cohort_code,
        state=_state(row.issued, row.settled, row.refused),
        certificate_id=row.certificate_id,
        number=row.number,
        why=tuple(map(StoredReason.model_validate, row.refusal or ())),
    )
