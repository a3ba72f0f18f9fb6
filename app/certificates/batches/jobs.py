"""The worker's side of a batch: each certificate in a transaction of its own, then each document.

Whatever stops it, and whenever, the next pass goes on: what a transaction has written is done, what it has not
is still to do. A number is given in the transaction that writes its certificate, so none is lost; a document is
stored before the row that names it, so one without the other is a file that the nightly sweep takes away.
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
from app.certificates.batches.service import as_kept
from app.certificates.documents.layout import Draft
from app.certificates.documents.service import DocumentStore, drafted, keep, locked
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
from app.platform.errors import DomainError, NotFound, Reason
from app.platform.security.actor import Actor
from app.platform.security.permissions import P
from app.progress.schemas import StoredReason

CHUNK = 32
"""Documents drawn between two looks at what is left."""

Draw: TypeAlias = Callable[[Sequence[Draft]], Iterator[Result]]
"""Drafts in, documents out in their order, a failure in the place of one that was not made: the press's entrance."""

log = logging.getLogger("escouade.worker")


@dataclass(frozen=True, slots=True)
class Task:
    """A batch with something left to do."""

    batch_id: int
    college_id: int
    decided_by: int


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What a worker works with.

    Once ``stop`` is set, what is under way is finished and nothing else begun.
    """

    database: Database
    shop: DocumentStore
    draw: Draw
    stop: Event


def unfinished(database: Database) -> list[Task]:
    """Batches of every college with something left to do, oldest first."""
    with database.as_owner() as db:
        asked = sa.select(col(Batch.id), col(Batch.college_id), col(Batch.decided_by))
        found = db.execute(asked.where(col(Batch.finished_at).is_(None)).order_by(col(Batch.id)))
        return [Task(*row) for row in found]


def process_pending(bench: BatchContext) -> None:
    """Do what is left of every batch that no other worker is at; what fails is logged, and the others go on."""
    for task in unfinished(bench.database):
        try:
            with _batch_lock(bench.database, task) as mine:
                if mine:
                    _do(bench, task)
        except Exception:
            log.exception("batch %d stopped; it goes on at the next pass", task.batch_id)


@contextmanager
def _batch_lock(database: Database, task: Task) -> Iterator[bool]:
    """Whether no other worker is at the batch: a lock that ends with its connection, and so with its process."""
    key = {"key": f"batch:{task.batch_id}"}
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        lock = text("select pg_try_advisory_lock(hashtextextended(:key, 0))")
        mine = bool(connection.execute(lock, key).scalar_one())
        try:
            yield mine
        finally:
            if mine:
                connection.execute(text("select pg_advisory_unlock(hashtextextended(:key, 0))"), key)


def _do(bench: BatchContext, task: Task) -> None:
    while not bench.stop.is_set() and _issue_next(bench, task):
        pass
    while not bench.stop.is_set() and _draw_next(bench, task):
        pass
    _finish(bench, task)


@contextmanager
def _as_decider(bench: BatchContext, task: Task) -> Iterator[Session]:
    """A transaction of the person who decided, in their college alone."""
    with bench.database.transaction(colleges=[task.college_id], person=task.decided_by) as db:
        yield db


# Issuing -----------------------------------------------------------------------------------------


def _issue_next(bench: BatchContext, task: Task) -> bool:
    """Issue the next certificate, or write down what stands in the way; whether there was one."""
    with _as_decider(bench, task) as db:
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
        found = _issued(db, task, item, bench.shop.site)
        if isinstance(found, int):
            item.certificate_id = found
        else:
            item.refusal = as_kept(found)
        db.add(item)
        return True


def _issued(db: Session, task: Task, item: BatchItem, site: str) -> int | list[StoredReason]:
    """The id of the certificate, or everything that forbids it now: all is looked at again."""
    actor = _decider(db, task)
    if actor is None:
        return [StoredReason(code="batch_decider_gone")]
    try:
        with db.begin_nested():  # a refusal after the number was taken gives it back
            enrolment = see_enrolment(db, actor, item.enrolment_id)
            return issuing.issue(db, actor, enrolment, IssueCertificate(kind=item.kind), site=site).id
    except DomainError as refusal:
        return _whys(refusal.reasons) or [StoredReason(code=FAILED)]
    except OperationalError:  # the database is away: the item has not been tried
        raise
    except Exception:
        log.exception("item %s of batch %d", item.id, task.batch_id)
        return [StoredReason(code=FAILED)]


def _decider(db: Session, task: Task) -> Actor | None:
    """Who decided, with the roles they hold now; ``None`` once they may no longer decide in the college."""
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


def _whys(reasons: Iterable[Reason]) -> list[StoredReason]:
    return [StoredReason(code=reason.code, params=dict(reason.params)) for reason in reasons]


# Drawing -----------------------------------------------------------------------------------------


def _draw_next(bench: BatchContext, task: Task) -> bool:
    """Draw the next documents; whether there were any."""
    with _as_decider(bench, task) as db:
        undrawn = (
            select(BatchItem.id, Certificate)
            .join(Certificate, col(Certificate.id) == BatchItem.certificate_id)
            .where(
                BatchItem.batch_id == task.batch_id,
                col(BatchItem.refusal).is_(None),
                col(Certificate.pdf_sha256).is_(None),
                Certificate.state == CertificateState.VALID,
            )
        )
        lock = undrawn.order_by(col(BatchItem.id)).limit(CHUNK).with_for_update(key_share=True, of=Certificate)
        waiting = [(item_id, drafted(db, row, bench.shop)) for item_id, row in db.exec(lock)]
    if not waiting:
        return False
    documents = bench.draw([draft for _, draft in waiting])
    for (item_id, _), document in zip(waiting, documents, strict=True):
        with _as_decider(bench, task) as db:
            _keep(db, item_id, document, bench.shop)
        if bench.stop.is_set():
            break
    return True


def _keep(db: Session, item_id: int, document: Result, shop: DocumentStore) -> None:
    item = db.get_one(BatchItem, item_id)
    if item.certificate_id is None:
        raise RuntimeError("a document was rendered for an item without a certificate")
    if isinstance(document, RenderFailure):
        item.refusal = as_kept(_whys([document.reason]))
        db.add(item)
        return
    keep(db, locked(db, item.certificate_id), document, shop)


def _finish(bench: BatchContext, task: Task) -> None:
    """Say that the batch is finished, if it is: a resumption may have come in between, and waits for the same row."""
    with _as_decider(bench, task) as db:
        batch = db.exec(select(Batch).where(Batch.id == task.batch_id).with_for_update()).one()
        unissued = col(BatchItem.certificate_id).is_(None)
        undrawn = col(Certificate.pdf_sha256).is_(None) & (col(Certificate.state) == CertificateState.VALID)
        left = (
            select(BatchItem.id)
            .join(Certificate, col(Certificate.id) == BatchItem.certificate_id, isouter=True)
            .where(BatchItem.batch_id == task.batch_id, col(BatchItem.refusal).is_(None), unissued | undrawn)
        )
        if db.exec(left.limit(1)).first() is None:
            batch.finished_at = now()
            db.add(batch)
