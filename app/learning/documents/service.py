"""Documents of a workshop: shared with a cohort, replaced, withdrawn; nothing is erased."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.cohorts.models import Cohort
from app.cohorts.schemas import CohortRef
from app.cohorts.service import require_not_archived
from app.curricula.library import curriculum_of
from app.curricula.schemas import Activity
from app.learning.documents.models import CohortDocument
from app.learning.documents.rules import document_reasons, takes_documents
from app.learning.documents.schemas import DocumentShown, NewDocument, WithdrawCommand
from app.learning.hand_ins.kept_files import file_to_keep, load_kept
from app.learning.hand_ins.rules import link_reasons
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, Reason, refuse_unless
from app.platform.files.store import FileStore
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import P

FILE = ("file_name", "file_type", "file_size", "file_sha256")


@dataclass(frozen=True, slots=True)
class SharedFile:
    """The file of a document: its name, cleaned, and its bytes; the store that keeps it, and its largest size."""

    name: str
    content: bytes
    files: FileStore
    megabytes: int


def share(
    db: Session,
    actor: Actor,
    cohort: CohortRef,
    code: str,
    command: NewDocument,
    *,
    file: SharedFile | None = None,
) -> DocumentShown:
    """Share a document of a workshop with its cohort, or replace one; without a file, a new version keeps the former.

    Raise ``NotFound`` for an activity that the cohort's path has not, ``Conflict`` ``stale`` where the document was
    replaced or withdrawn meanwhile, ``Invalid`` for a file as a hand-in does.
    """
    require_not_archived(cohort)
    curriculum = curriculum_of(cohort)
    if code not in curriculum.placed:
        raise NotFound
    current = {d.id: d for d in history(db, cohort, code) if d.in_force}
    former = current.get(command.supersedes) if command.supersedes is not None else None
    if command.supersedes is not None and former is None:
        raise Conflict("stale", Reason("document_stale", field="supersedes"))
    refuse_unless(*link_reasons(command.link), code="invalid")
    kept = file_to_keep(file.name, file.content, file.megabytes) if file else None
    columns = kept.columns if kept else former.model_dump(include=set(FILE)) if former else {}
    has_content = any((command.body, command.link, columns.get("file_sha256")))
    activity = curriculum.activity(code)
    others = len(current) - (former is not None)
    refuse_unless(*document_reasons(activity, in_force=others, has_content=has_content), code="invalid")
    row = CohortDocument(
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        activity_code=code,
        title=command.title,
        body=command.body,
        link=command.link,
        **columns,
        shared_at=now(),
        shared_by=actor.person_id,
        supersedes_id=command.supersedes,
    )
    db.add(row)
    db.flush()
    if file and kept:
        file.files.store(kept.content)
    return _load(db, CohortDocument.id == row.id)[0]


def withdraw(db: Session, actor: Actor, document: DocumentShown, command: WithdrawCommand) -> DocumentShown:
    """Withdraw a document in force; raise ``Conflict`` ``stale`` for one that was replaced or withdrawn."""
    if not document.in_force:
        raise Conflict("stale", Reason("document_stale"))
    row = CohortDocument(
        **document.model_dump(include={"college_id", "cohort_id", "activity_code", "title"}),
        withdrawn=True,
        reason=command.reason,
        shared_at=now(),
        shared_by=actor.person_id,
        supersedes_id=document.id,
    )
    db.add(row)
    db.flush()
    return _load(db, CohortDocument.id == row.id)[0]


def see_document(db: Session, actor: Actor, document_id: int) -> DocumentShown:
    """Return a document within the actor's reach; a former version only to who may share documents."""
    found = next(iter(_load(db, CohortDocument.id == document_id, _within(actor), _readable(actor))), None)
    if found is None or found.withdrawn:
        raise NotFound
    return found


def documents(db: Session, actor: Actor, cohort_id: int, code: str) -> list[DocumentShown]:
    """Return the documents in force of an activity of a cohort that the actor may read, oldest first."""
    return documents_of(db, actor, cohort_id, [code])


def documents_of(db: Session, actor: Actor, cohort_id: int, codes: Sequence[str]) -> list[DocumentShown]:
    """Return the documents in force of some activities of a cohort that the actor may read, oldest first."""
    reader = actor.using(P.SESSION_READ)
    where = (CohortDocument.cohort_id == cohort_id, col(CohortDocument.activity_code).in_(codes), _within(reader))
    return [document for document in _load(db, *where) if document.in_force]


def may_share(db: Session, actor: Actor, cohort_id: int, activity: Activity) -> bool:
    """Return whether the actor may share documents of an activity of a cohort."""
    within = scoped(actor.using(P.DOCUMENT_SHARE), college=Cohort.college_id, cohort=Cohort.id)
    is_within = sa.exists().where(col(Cohort.id) == cohort_id, within)
    return takes_documents(activity) and bool(db.execute(sa.select(is_within)).scalar_one())


def history(db: Session, cohort: CohortRef, code: str) -> list[DocumentShown]:
    """Return every version of the documents of an activity, and every withdrawal, oldest first."""
    return _load(db, CohortDocument.cohort_id == cohort.id, CohortDocument.activity_code == code)


def file_of(document: DocumentShown, files: FileStore) -> bytes:
    """Return the bytes of a document; raise ``NotFound`` where it has no file, ``Unavailable`` when lost or altered."""
    if document.file_sha256 is None:
        raise NotFound
    return load_kept(files, document.file_sha256)


def _within(actor: Actor) -> ColumnElement[bool]:
    return scoped(actor, college=CohortDocument.college_id, cohort=CohortDocument.cohort_id)


def _readable(actor: Actor) -> ColumnElement[bool]:
    return or_(not_superseded(CohortDocument), _within(actor.using(P.DOCUMENT_SHARE)))


def _load(db: Session, *where: Any) -> list[DocumentShown]:  # noqa: ANN401 - clauses of two libraries
    later = aliased(CohortDocument)
    statement = (
        sa.select(CohortDocument, Person, later)
        .join(Person, col(Person.id) == CohortDocument.shared_by)
        .outerjoin(later, col(later.supersedes_id) == CohortDocument.id)
        .where(*where)
        .order_by(col(CohortDocument.shared_at), col(CohortDocument.id))
    )
    return [
        DocumentShown(
            **row.model_dump(exclude={"shared_by"}),
            shared_by=person.name,
            in_force=superseded_by is None and not row.withdrawn,
        )
        for row, person, superseded_by in db.execute(statement).all()
    ]
