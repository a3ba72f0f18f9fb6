"""Issuing by the hundred: what one decision would do, the decision, and how far it has come.

``batch`` and ``batch_item`` are the queue: the decision writes them and answers at once, the worker takes them
from there (``service_batch_work.py``), and takes them up again after whatever stopped it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.certificates.batches.models import Batch, BatchItem
from app.certificates.batches.rules import may_succeed, progress_of, state_of
from app.certificates.batches.schemas import (
    BatchItemShown,
    BatchLine,
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
from app.certificates.enums import CertificateState
from app.certificates.issuing import service as issuing
from app.certificates.issuing.schemas import Candidate, Choice
from app.certificates.models import Certificate
from app.cohorts.models import Cohort, Enrolment
from app.network.enums import CertificateKind
from app.network.schemas import CollegeShown
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound
from app.platform.security.actor import Actor, scoped
from app.progress.schemas import StoredReason

# Before the decision -----------------------------------------------------------------------------


def preview(
    db: Session,
    actor: Actor,
    college: CollegeShown,
    cohort_id: int | None = None,
    kinds: Collection[CertificateKind] = tuple(CertificateKind),
) -> BatchPreview:
    """Who is ready to be issued one of the kinds, in a cohort or the whole college, and who is left out and why.

    ``NotFound`` for a cohort that is not the college's.
    """
    its_own = select(Cohort.id).where(Cohort.id == cohort_id, Cohort.college_id == college.id)
    if cohort_id is not None and db.exec(its_own).first() is None:
        raise NotFound
    everyone = issuing.eligible(db, actor, college)
    awaited = _awaited(db, college)
    ready: list[BatchLine] = []
    left_out: list[LeftOut] = []
    for person in everyone:
        for choice in person.choices if cohort_id in {None, person.cohort_id} else ():
            if choice.kind not in kinds:
                continue
            line = _line(person, choice)
            why = _obstacles(choice, awaited=(person.enrolment_id, choice.kind) in awaited)
            if why:
                left_out.append(LeftOut(**line.model_dump(), why=why))
            else:
                ready.append(line)
    return BatchPreview(ready=tuple(ready), left_out=tuple(left_out), cohorts=_cohorts(everyone))


def _line(person: Candidate, choice: Choice) -> BatchLine:
    return BatchLine(
        enrolment_id=person.enrolment_id,
        kind=choice.kind,
        name=person.name,
        legal_name=person.legal_name,
        cohort_code=person.cohort_code,
    )


def _obstacles(choice: Choice, *, awaited: bool) -> tuple[StoredReason, ...]:
    """Everything that stands between a choice and a batch; nothing when it is ready."""
    if choice.certificate_id is not None:
        return (StoredReason(code="certificate_already", params={"number": choice.number}),)
    return (StoredReason(code="certificate_awaited"),) if awaited and choice.ready else choice.why


def _awaited(db: Session, college: CollegeShown) -> set[tuple[int, CertificateKind]]:
    """What an earlier decision has still to issue."""
    found = db.execute(
        sa.select(col(BatchItem.enrolment_id), col(BatchItem.kind)).where(
            col(BatchItem.college_id) == college.id,
            col(BatchItem.certificate_id).is_(None),
            col(BatchItem.refusal).is_(None),
        )
    )
    return {(enrolment_id, kind) for enrolment_id, kind in found}


def _cohorts(everyone: Iterable[Candidate]) -> tuple[CohortChoice, ...]:
    known = {p.cohort_id: CohortChoice(id=p.cohort_id, code=p.cohort_code, title=p.cohort_title) for p in everyone}
    return tuple(sorted(known.values(), key=lambda cohort: cohort.code))


# The decision ------------------------------------------------------------------------------------


def decide(db: Session, actor: Actor, college: CollegeShown, command: NewBatch) -> BatchRef:
    """One decision for all that is asked: the worker issues each, under the same rules as one by one.

    What has stopped being ready since it was shown is written down with the reasons that came up.
    Raises ``NotFound`` for an enrolment out of the college's list, ``Conflict("batch_empty")`` when nothing is ready.
    """
    found = preview(db, actor, college)
    # In the order of the list, which their numbers will follow.
    why: dict[tuple[int, CertificateKind], tuple[StoredReason, ...]] = {
        (o.enrolment_id, o.kind): () for o in found.ready
    }
    why |= {(line.enrolment_id, line.kind): line.why for line in found.left_out}
    asked = {(choice.enrolment_id, choice.kind) for choice in command.items}
    if not asked <= why.keys():
        raise NotFound
    if all(why[one] for one in asked):
        raise Conflict("batch_empty")
    batch = Batch(college_id=college.id, decided_by=actor.person_id, decided_at=now())
    db.add(batch)
    db.flush()
    place = {"college_id": college.id, "batch_id": batch.id}
    db.add_all(
        BatchItem(**place, enrolment_id=enrolment_id, kind=kind, refusal=as_kept(reasons) if reasons else None)
        for (enrolment_id, kind), reasons in why.items()
        if (enrolment_id, kind) in asked
    )
    db.flush()
    return BatchRef.model_validate(batch)


def as_kept(reasons: Iterable[StoredReason]) -> list[Any]:
    """Reasons as an item keeps them."""
    return [reason.model_dump(mode="json") for reason in reasons]


# Afterwards --------------------------------------------------------------------------------------


def see_batch(db: Session, actor: Actor, batch_id: int) -> BatchRef:
    """A batch of a college where the actor decides."""
    found = db.exec(select(Batch).where(Batch.id == batch_id, scoped(actor, college=Batch.college_id))).first()
    if found is None:
        raise NotFound
    return BatchRef.model_validate(found)


def batches(db: Session, college: CollegeShown) -> tuple[BatchShown, ...]:
    """A college's batches, newest first, with how far each has come."""
    states = defaultdict(list)
    for row in db.execute(_ITEMS.where(col(BatchItem.college_id) == college.id)):
        states[row.batch_id].append(_state(row.issued, row.settled, row.refused))
    return tuple(
        _shown(row, decided_by, progress_of(states[row.id]))
        for row, decided_by in db.execute(_BATCHES.where(col(Batch.college_id) == college.id))
    )


def batch_of(db: Session, seen: BatchRef) -> BatchView:
    """A batch whole: each certificate with its number, or what stood in the way."""
    row, decided_by = db.execute(_BATCHES.where(col(Batch.id) == seen.id)).one()
    found = db.execute(_LINES.where(col(BatchItem.batch_id) == seen.id)).all()
    log_access(db, [(line.person_id, seen.college_id) for line in found], Part.CANDIDATES)
    items = tuple(_item(line) for line in found)
    return BatchView(
        **_shown(row, decided_by, progress_of(item.state for item in items)).model_dump(),
        college_id=seen.college_id,
        can_resume=any(may_succeed(item.state, item.why) for item in items),
        items=items,
    )


def resume(db: Session, seen: BatchRef) -> None:
    """Try again what failed and may succeed another time; ``Conflict("batch_whole")`` when there is no such thing."""
    batch = db.exec(select(Batch).where(Batch.id == seen.id).with_for_update()).one()
    again = [
        item
        for item, *flags in db.execute(_RESUMABLE.where(col(BatchItem.batch_id) == seen.id))
        if may_succeed(_state(*flags), map(StoredReason.model_validate, item.refusal))
    ]
    if not again:
        raise Conflict("batch_whole")
    for item in again:
        item.refusal = None
        db.add(item)
    batch.finished_at = None
    db.add(batch)


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
_BATCHES = (
    sa.select(Batch, shown_name()).join(Person, col(Person.id) == Batch.decided_by).order_by(col(Batch.id).desc())
)
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
    return state_of(issued=issued, settled=bool(settled), refused=refused)


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
