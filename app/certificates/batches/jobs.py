"""The background work on batches: one job issues a certificate, another renders its document.

The items are the truth: after any interruption, what is left is what they say. A number is taken in the transaction
that inserts its certificate, so none is lost; a document is stored before the row that names it is committed, so an
interruption in between leaves a file that the nightly sweep deletes. Any number of workers share a batch.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from app.certificates.batches.models import Batch, BatchItem
from app.certificates.batches.rules import FAILED, dump_reasons
from app.certificates.documents.layout import Draft, open_render_pool
from app.certificates.documents.service import DocumentStore, draft_of, lock_certificate, store_document
from app.certificates.enums import BatchWait, CertificateState
from app.certificates.issuing import service as issuing
from app.certificates.issuing.schemas import IssueCertificate
from app.certificates.models import Certificate
from app.cohorts.enrolments.service import see_enrolment
from app.identity.account.models import Account
from app.identity.sign_in.authentication import load_actor
from app.network.service import see_college
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.documents.lent_pools import LentPools
from app.platform.documents.render_pool import RenderFailure, Result
from app.platform.errors import DomainError, NotFound, Reason, StorageAway, StorageFull, Unavailable
from app.platform.jobs.job import JobContext, Queue, RowJob
from app.platform.jobs.queue import enqueue
from app.platform.security.actor import Actor
from app.platform.security.permissions import P
from app.progress.schemas import StoredReason

Render: TypeAlias = Callable[[Draft], Result]
"""Renders a draft, or returns why it could not be (``LentPools``)."""

log = logging.getLogger("escouade.worker")


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What the jobs of batches need."""

    database: Database
    store: DocumentStore
    render: Render


@dataclass(frozen=True, slots=True)
class Task:
    """The unfinished batch of an item."""

    batch_id: int
    college_id: int
    decided_by: int


def unfinished_batch(database: Database, item_id: int) -> Task | None:
    """Return the batch of an item; ``None`` once nothing is left to do in it."""
    with database.as_owner() as db:
        statement = sa.select(col(Batch.id), col(Batch.college_id), col(Batch.decided_by))
        of_item = statement.join(BatchItem, col(BatchItem.batch_id) == Batch.id).where(col(BatchItem.id) == item_id)
        row = db.execute(of_item.where(col(Batch.finished_at).is_(None))).one_or_none()
        return None if row is None else Task(*row)


@contextmanager
def _decider_transaction(context: BatchContext, task: Task) -> Iterator[Session]:
    """Open a transaction as the person who decided, limited to the batch's college."""
    with context.database.transaction(colleges=[task.college_id], person=task.decided_by) as db:
        yield db


@contextmanager
def _recording_what_it_waits_for(context: BatchContext, task: Task) -> Iterator[None]:
    """Write on the batch that the store of files is full or away: its job is tried again until it is not."""
    try:
        yield
    except (StorageFull, StorageAway) as error:
        with _decider_transaction(context, task) as db:
            batch = _lock_batch(db, task)
            batch.waits_for = BatchWait(error.code)
            db.add(batch)
        raise


# Issuing -----------------------------------------------------------------------------------------


def items_to_issue(database: Database) -> list[int]:
    """Return the items of every college that have neither a certificate nor a refusal."""
    with database.as_owner() as db:
        return list(db.exec(select(BatchItem.id).where(*_UNISSUED).order_by(col(BatchItem.id))))


def issue_next(context: BatchContext, item_id: int) -> None:
    """Issue the next certificate of an item's batch, or record the reasons that forbid it.

    One at a time in each batch, so that numbers follow the order of its items, whichever worker issues them.
    """
    task = unfinished_batch(context.database, item_id)
    if task is None:
        return
    with _recording_what_it_waits_for(context, task), _decider_transaction(context, task) as db:
        _lock_batch(db, task)
        unissued = select(BatchItem).where(BatchItem.batch_id == task.batch_id, *_UNISSUED)
        item = db.exec(unissued.order_by(col(BatchItem.id)).limit(1)).first()
        if item is None:
            _finish(db, task)
            return
        result = _issue_item(db, task, item, context.store.site)
        if isinstance(result, int):
            item.certificate_id = result
            enqueue(db, RENDER, [item.id])
        else:
            item.refusal = dump_reasons(result)
        db.add(item)
        _finish(db, task)


def _issue_item(db: Session, task: Task, item: BatchItem, site: str) -> int | list[StoredReason]:
    """Issue a certificate, every rule checked again; return its id, or everything that forbids it now."""
    actor = _decider(db, task)
    if actor is None:
        return [StoredReason(code="batch_decider_gone")]
    try:
        with db.begin_nested():  # a refusal after the number was taken releases it
            enrolment = see_enrolment(db, actor, item.enrolment_id)
            return issuing.issue(db, actor, enrolment, IssueCertificate(kind=item.kind), site=site).id
    except (StorageFull, StorageAway):  # a long text is laid out first: the item was not attempted
        raise
    except DomainError as refusal:
        return _stored_reasons(refusal.reasons) or [StoredReason(code=FAILED)]
    except OperationalError:  # the database is unavailable: the item was not attempted
        raise
    except Exception:
        log.exception("item %s of batch %d", item.id, task.batch_id)
        return [StoredReason(code=FAILED)]


def _decider(db: Session, task: Task) -> Actor | None:
    """Return the person who decided, with their present roles; ``None`` once they may no longer decide there."""
    account = sa.select(col(Account.suspended_at)).where(col(Account.person_id) == task.decided_by)
    if db.execute(account).scalar_one() is not None:
        return None
    name = db.get_one(Person, task.decided_by).name
    actor = load_actor(db, task.decided_by, name).using(P.CERTIFICATE_ISSUE)
    try:
        see_college(db, actor, task.college_id)
    except NotFound:
        return None
    return actor


def _stored_reasons(reasons: Iterable[Reason]) -> list[StoredReason]:
    return [StoredReason(code=reason.code, params=dict(reason.params)) for reason in reasons]


# Rendering ---------------------------------------------------------------------------------------


def items_to_render(database: Database) -> list[int]:
    """Return the items whose document is to be rendered, and one of each batch that has only to be finished.

    Such a batch is left when its last document was rendered on demand, or its last certificate revoked.
    """
    unrendered = (
        sa.select(col(BatchItem.id)).join(*_TO_CERTIFICATE).where(col(BatchItem.refusal).is_(None), _UNRENDERED)
    )
    in_batch = sa.select(col(BatchItem.id)).join(*_TO_CERTIFICATE, isouter=True).where(_LEFT)
    settled = (
        sa.select(sa.func.min(BatchItem.id))
        .join(Batch, col(Batch.id) == BatchItem.batch_id)
        .where(col(Batch.finished_at).is_(None))
        .where(~in_batch.where(col(BatchItem.batch_id) == Batch.id).correlate(Batch).exists())
        .group_by(col(Batch.id))
    )
    with database.as_owner() as db:
        return list(db.execute(unrendered.order_by(col(BatchItem.id))).scalars()) + list(db.execute(settled).scalars())


def render_item(context: BatchContext, item_id: int) -> None:
    """Render the document of an item's certificate and store it, or the failure; finish the batch after the last."""
    task = unfinished_batch(context.database, item_id)
    if task is None:
        return
    with _recording_what_it_waits_for(context, task):
        with _decider_transaction(context, task) as db:
            draft = _draft(db, item_id, context.store)
            if draft is None:
                _finish(db, task)
                return
        document = context.render(draft)
        with _decider_transaction(context, task) as db:
            _store_result(db, item_id, document, context.store)
            _finish(db, task, is_stored=True)


def _draft(db: Session, item_id: int, store: DocumentStore) -> Draft | None:
    """Return what a document is rendered from, ``None`` when it has one or needs none any more.

    When a picture's file is lost, write that on the item.
    """
    unrendered = select(Certificate).join(BatchItem, col(BatchItem.certificate_id) == Certificate.id)
    statement = unrendered.where(BatchItem.id == item_id, col(BatchItem.refusal).is_(None), _UNRENDERED)
    row = db.exec(statement.with_for_update(key_share=True, of=Certificate)).first()
    if row is None:
        return None
    try:
        return draft_of(db, row, store)
    except StorageFull:
        raise
    except Unavailable as lost:
        _refuse(db, item_id, [StoredReason(code=lost.code)])
        return None


def _store_result(db: Session, item_id: int, document: Result, store: DocumentStore) -> None:
    """Store a rendered document, or the failure on its item; raise ``StorageFull``: the job is tried again later."""
    if isinstance(document, RenderFailure):
        if document.reason.code == StorageFull.code:
            raise StorageFull
        _refuse(db, item_id, _stored_reasons([document.reason]))
        return
    item = db.get_one(BatchItem, item_id)
    if item.certificate_id is None:
        raise RuntimeError("a document was rendered for an item without a certificate")
    store_document(db, lock_certificate(db, item.certificate_id), document, store)


def _refuse(db: Session, item_id: int, why: list[StoredReason]) -> None:
    item = db.get_one(BatchItem, item_id)
    item.refusal = dump_reasons(why)
    db.add(item)


# The end -----------------------------------------------------------------------------------------


def _lock_batch(db: Session, task: Task) -> Batch:
    """Return the batch, locked: its items are issued, resumed and finished one after the other."""
    return db.exec(select(Batch).where(Batch.id == task.batch_id).with_for_update()).one()


def _finish(db: Session, task: Task, *, is_stored: bool = False) -> None:
    """Mark the batch as finished if nothing is left: the last job to get the lock sees that.

    It waits for nothing any more then, or once a document is stored: a certificate is issued without room for its
    document, and others of the batch may still wait for theirs.
    """
    db.flush()
    batch = _lock_batch(db, task)
    left = select(BatchItem.id).join(*_TO_CERTIFICATE, isouter=True)
    if db.exec(left.where(BatchItem.batch_id == task.batch_id, _LEFT).limit(1)).first() is None:
        batch.finished_at = now()
    if is_stored or batch.finished_at is not None:
        batch.waits_for = None
    db.add(batch)


_UNISSUED = (col(BatchItem.certificate_id).is_(None), col(BatchItem.refusal).is_(None))
_UNRENDERED = col(Certificate.pdf_sha256).is_(None) & (col(Certificate.state) == CertificateState.VALID)
_LEFT = col(BatchItem.refusal).is_(None) & (col(BatchItem.certificate_id).is_(None) | _UNRENDERED)
_TO_CERTIFICATE = (Certificate, col(Certificate.id) == BatchItem.certificate_id)


# The jobs ----------------------------------------------------------------------------------------


def _context(context: JobContext) -> BatchContext:
    store = DocumentStore.from_settings(context.settings, context.keyring())
    return BatchContext(context.database, store, context.shared(_render_pools).render)


def _render_pools(context: JobContext) -> LentPools[Draft]:
    return LentPools(lambda: open_render_pool(context.settings.signing, processes=1))


ISSUE = RowJob(
    "issue_certificate",
    lambda context, item_id: issue_next(_context(context), item_id),
    lambda context: items_to_issue(context.database),
    Queue.DOCUMENTS,
    priority=1,
)
"""Issues a certificate; before any document is rendered, so that all numbers are known early."""
RENDER = RowJob(
    "render_certificate",
    lambda context, item_id: render_item(_context(context), item_id),
    lambda context: items_to_render(context.database),
    Queue.DOCUMENTS,
)
