"""The background processing of batches: each certificate is issued in its own transaction, then each document rendered.

After any interruption the next pass continues: what a transaction has committed is done, the rest is still to do.
A number is taken in the transaction that inserts its certificate, so none is lost; a document is stored before the
row that names it is committed, so an interruption in between leaves a file that the nightly sweep deletes.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from app.certificates.batches.models import Batch, BatchItem
from app.certificates.batches.rules import FAILED
from app.certificates.batches.service import dump_reasons
from app.certificates.documents.layout import Draft
from app.certificates.documents.service import DocumentStore, draft_of, lock_certificate, store_document
from app.certificates.enums import CertificateState
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
from app.platform.documents.render_pool import RenderFailure, Result
from app.platform.errors import DomainError, NotFound, Reason, Unavailable
from app.platform.security.actor import Actor
from app.platform.security.permissions import P
from app.progress.schemas import StoredReason

RENDER_CHUNK = 32
"""Documents rendered between two queries of what is left."""

Render: TypeAlias = Callable[[Sequence[Draft]], Iterator[Result]]
"""Renders drafts in order, with a failure in place of a document that could not be rendered (``RenderPool``)."""

log = logging.getLogger("escouade.worker")


@dataclass(frozen=True, slots=True)
class Task:
    """A batch with something left to do."""

    batch_id: int
    college_id: int
    decided_by: int


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What the processing of batches needs; once ``stop`` is set, work under way is finished and no other started."""

    database: Database
    store: DocumentStore
    render: Render
    stop: Event


def unfinished_batches(database: Database) -> list[Task]:
    """Return the batches of every college with something left to do, oldest first."""
    with database.as_owner() as db:
        statement = sa.select(col(Batch.id), col(Batch.college_id), col(Batch.decided_by))
        rows = db.execute(statement.where(col(Batch.finished_at).is_(None)).order_by(col(Batch.id)))
        return [Task(*row) for row in rows]


def process_pending(context: BatchContext) -> None:
    """Process every unfinished batch that no other worker is processing; a failure is logged and the others go on."""
    for task in unfinished_batches(context.database):
        try:
            with _batch_lock(context.database, task) as acquired:
                if acquired:
                    _process(context, task)
        except Exception:
            log.exception("batch %d stopped; it continues at the next pass", task.batch_id)


@contextmanager
def _batch_lock(database: Database, task: Task) -> Iterator[bool]:
    """Yield whether the batch's lock was acquired; it ends with its connection, and so with its process."""
    key = {"key": f"batch:{task.batch_id}"}
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        lock = text("select pg_try_advisory_lock(hashtextextended(:key, 0))")
        acquired = bool(connection.execute(lock, key).scalar_one())
        try:
            yield acquired
        finally:
            if acquired:
                connection.execute(text("select pg_advisory_unlock(hashtextextended(:key, 0))"), key)


def _process(context: BatchContext, task: Task) -> None:
    """Issue what is left of a batch, then render what is left, until told to stop."""
    while not context.stop.is_set() and _issue_next(context, task):
        pass
    while not context.stop.is_set() and _render_next(context, task):
        pass
    _finish(context, task)


@contextmanager
def _decider_transaction(context: BatchContext, task: Task) -> Iterator[Session]:
    """Open a transaction as the person who decided, limited to the batch's college."""
    with context.database.transaction(colleges=[task.college_id], person=task.decided_by) as db:
        yield db


def _issue_next(context: BatchContext, task: Task) -> bool:
    """Issue the next certificate, or record the reasons that forbid it; return whether there was one."""
    with _decider_transaction(context, task) as db:
        item = db.exec(
            select(BatchItem)
            .where(
                BatchItem.batch_id == task.batch_id,
                col(BatchItem.certificate_id).is_(None),
                col(BatchItem.refusal).is_(None),
            )
            .order_by(col(BatchItem.id))
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if item is None:
            return False
        result = _issue_item(db, task, item, context.store.site)
        if isinstance(result, int):
            item.certificate_id = result
        else:
            item.refusal = dump_reasons(result)
        db.add(item)
        return True


def _issue_item(db: Session, task: Task, item: BatchItem, site: str) -> int | list[StoredReason]:
    """Issue a certificate, every rule checked again; return its id, or everything that forbids it now."""
    actor = _decider(db, task)
    if actor is None:
        return [StoredReason(code="batch_decider_gone")]
    try:
        with db.begin_nested():  # a refusal after the number was taken releases it
            enrolment = see_enrolment(db, actor, item.enrolment_id)
            return issuing.issue(db, actor, enrolment, IssueCertificate(kind=item.kind), site=site).id
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


def _render_next(context: BatchContext, task: Task) -> bool:
    """Render the next documents; return whether there were any."""
    with _decider_transaction(context, task) as db:
        unrendered = (
            select(BatchItem.id, Certificate)
            .join(Certificate, col(Certificate.id) == BatchItem.certificate_id)
            .where(
                BatchItem.batch_id == task.batch_id,
                col(BatchItem.refusal).is_(None),
                col(Certificate.pdf_sha256).is_(None),
                Certificate.state == CertificateState.VALID,
            )
        )
        statement = (
            unrendered.order_by(col(BatchItem.id)).limit(RENDER_CHUNK).with_for_update(key_share=True, of=Certificate)
        )
        chosen = db.exec(statement).all()
        drafts = [(id_, draft) for id_, row in chosen if (draft := _draft(db, id_, row, context.store)) is not None]
    if not drafts:
        return bool(chosen)
    documents = context.render([draft for _, draft in drafts])
    for (item_id, _), document in zip(drafts, documents, strict=True):
        with _decider_transaction(context, task) as db:
            _store_result(db, item_id, document, context.store)
        if context.stop.is_set():
            break
    return True


def _draft(db: Session, item_id: int, row: Certificate, store: DocumentStore) -> Draft | None:
    """Return what a document is rendered from; when a picture's file is lost, write that on the item instead."""
    try:
        return draft_of(db, row, store)
    except Unavailable as lost:
        item = db.get_one(BatchItem, item_id)
        item.refusal = dump_reasons([StoredReason(code=lost.code)])
        db.add(item)
        return None


def _store_result(db: Session, item_id: int, document: Result, store: DocumentStore) -> None:
    """Store a rendered document, or the failure on its item."""
    item = db.get_one(BatchItem, item_id)
    if item.certificate_id is None:
        raise RuntimeError("a document was rendered for an item without a certificate")
    if isinstance(document, RenderFailure):
        item.refusal = dump_reasons(_stored_reasons([document.reason]))
        db.add(item)
        return
    store_document(db, lock_certificate(db, item.certificate_id), document, store)


def _finish(context: BatchContext, task: Task) -> None:
    """Mark the batch as finished if nothing is left; a concurrent resumption waits for the same row."""
    with _decider_transaction(context, task) as db:
        batch = db.exec(select(Batch).where(Batch.id == task.batch_id).with_for_update()).one()
        unissued = col(BatchItem.certificate_id).is_(None)
        unrendered = col(Certificate.pdf_sha256).is_(None) & (col(Certificate.state) == CertificateState.VALID)
        left = (
            select(BatchItem.id)
            .join(Certificate, col(Certificate.id) == BatchItem.certificate_id, isouter=True)
            .where(BatchItem.batch_id == task.batch_id, col(BatchItem.refusal).is_(None), unissued | unrendered)
        )
        if db.exec(left.limit(1)).first() is None:
            batch.finished_at = now()
            db.add(batch)
