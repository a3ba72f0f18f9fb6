"""Uploads: begun, continued part by part from wherever the line was cut, and read once they are whole."""

import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func
from sqlmodel import col, select

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.service import require_not_archived
from app.learning.activities.service import lock_active
from app.learning.hand_ins.kept_files import load_kept
from app.learning.hand_ins.rules import MEGABYTE, clean_name, declared_reasons
from app.learning.uploads.enums import UploadState
from app.learning.uploads.models import Upload, UploadPart
from app.learning.uploads.rules import LIFETIME, is_expired, part_reasons, room_reasons, state_of
from app.learning.uploads.schemas import UploadCommand, UploadShown
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Gone, Invalid, NotFound, Reason, refuse_unless
from app.platform.files.store import FileStore, digest
from app.platform.security.actor import Actor, scoped


def start_upload(
    db: Session, actor: Actor, enrolment: EnrolmentRef, command: UploadCommand, *, megabytes: int
) -> tuple[UploadShown, bool]:
    """Return an upload and whether it is new: one of the same file that is under way, or whole, goes on.

    Raise ``Invalid`` for a file that could not be handed in, by its name or size, and where too much is under way.
    """
    row = _declared(actor, command, megabytes, college_id=enrolment.college_id, enrolment_id=enrolment.id)
    lock_active(db, enrolment)
    return _start(db, row, megabytes, Upload.enrolment_id == enrolment.id)


def start_document_upload(
    db: Session, actor: Actor, cohort: CohortRef, command: UploadCommand, *, megabytes: int
) -> tuple[UploadShown, bool]:
    """Return an upload of the actor's own for the documents of a cohort, and whether it is new, as ``start_upload``.

    Raise ``Conflict`` ``cohort_archived`` besides.
    """
    row = _declared(actor, command, megabytes, college_id=cohort.college_id, cohort_id=cohort.id)
    lock = select(Cohort).where(Cohort.id == cohort.id).with_for_update(key_share=True)
    require_not_archived(db.exec(lock.execution_options(populate_existing=True)).one())
    return _start(db, row, megabytes, Upload.cohort_id == cohort.id, Upload.created_by == actor.person_id)


def _declared(actor: Actor, command: UploadCommand, megabytes: int, **destination: int) -> Upload:
    """Return the row of a file that could be kept; raise ``Invalid`` for another one."""
    name = clean_name(command.file_name)
    refuse_unless(*declared_reasons(name, command.file_size, megabytes, "file_name", "file_size"), code="invalid")
    return Upload(
        **destination,
        file_name=name,
        file_size=command.file_size,
        file_sha256=command.file_sha256,
        created_at=now(),
        created_by=actor.person_id,
    )


def _start(db: Session, row: Upload, megabytes: int, *own: Any) -> tuple[UploadShown, bool]:  # noqa: ANN401 - clauses
    """Add an upload, or return the one of the same file; ``own`` are those beside which it must have room."""
    kept = _load(db, *own, col(Upload.created_at) > now() - LIFETIME)
    asked = (row.file_name, row.file_size, row.file_sha256)
    sound = (upload for upload in kept if upload.state is not UploadState.DAMAGED)
    same = [upload for upload in sound if (upload.file_name, upload.file_size, upload.file_sha256) == asked]
    if same:
        return same[-1], False
    others = sum(u.file_size for u in kept)
    reasons = room_reasons(size=row.file_size, others=others, largest=megabytes * MEGABYTE)
    refuse_unless(*reasons, code="invalid")
    db.add(row)
    db.flush()
    return _load(db, Upload.id == row.id)[0], True


def see_upload(db: Session, actor: Actor, upload_id: int) -> UploadShown:
    """Return an upload for an enrolment of the actor's; raise ``NotFound`` for any other, ``Gone`` after a day."""
    return _see(db, Upload.id == upload_id, scoped(actor, college=Upload.college_id, person=Enrolment.person_id))


def see_document_upload(db: Session, actor: Actor, upload_id: int) -> UploadShown:
    """Return an upload of the actor's own for documents of a cohort within reach; raise as ``see_upload``."""
    within = scoped(actor, college=Upload.college_id, cohort=Upload.cohort_id)
    is_own = (col(Upload.cohort_id).is_not(None), Upload.created_by == actor.person_id)
    return _see(db, Upload.id == upload_id, within, *is_own)


def _see(db: Session, *where: Any) -> UploadShown:  # noqa: ANN401 - clauses of two libraries
    upload = next(iter(_load(db, *where)), None)
    if upload is None:
        raise NotFound
    if is_expired(upload.expires_at - LIFETIME, now()):
        raise Gone("upload_expired")
    return upload


def append_part(db: Session, upload: UploadShown, offset: int, content: bytes, files: FileStore) -> UploadShown:
    """Store the next bytes of an upload; with the last ones, compare the whole with what was declared.

    Raise ``Conflict`` ``upload_offset``, with what was received, when they do not follow it.
    """
    if offset != upload.received or upload.state is not UploadState.RECEIVING:
        raise Conflict("upload_offset", Reason("upload_offset", {"received": upload.received}, "Upload-Offset"))
    refuse_unless(*part_reasons(length=len(content), received=offset, size=upload.file_size), code="invalid")
    is_last = offset + len(content) == upload.file_size
    row = UploadPart(
        college_id=upload.college_id,
        upload_id=upload.id,
        position=offset,
        size=len(content),
        part_sha256=digest(content),
        is_sound=_sha256(db, upload, files, content) == upload.file_sha256 if is_last else None,
        received_at=now(),
    )
    db.add(row)
    db.flush()
    files.store(content)
    return _load(db, Upload.id == upload.id)[0]


def _sha256(db: Session, upload: UploadShown, files: FileStore, last: bytes) -> str:
    whole = hashlib.sha256()
    for name in _part_names(db, upload):
        whole.update(load_kept(files, name))
    whole.update(last)
    return whole.hexdigest()


def content_of(db: Session, upload: UploadShown, files: FileStore) -> bytes:
    """Return the bytes of an upload that is whole; raise ``Invalid`` with a reason on ``upload_id`` before or else."""
    if upload.state is not UploadState.WHOLE:
        code = "upload_unfinished" if upload.state is UploadState.RECEIVING else "upload_damaged"
        raise Invalid("invalid", Reason(code, field="upload_id"))
    return b"".join(load_kept(files, name) for name in _part_names(db, upload))


def _part_names(db: Session, upload: UploadShown) -> list[str]:
    parts = select(UploadPart.part_sha256).where(UploadPart.upload_id == upload.id).order_by(col(UploadPart.position))
    return list(db.exec(parts).all())


def _load(db: Session, *where: Any) -> list[UploadShown]:  # noqa: ANN401 - clauses of two libraries
    statement = (
        sa.select(
            Upload,
            func.coalesce(func.sum(UploadPart.size), 0).label("received"),
            func.coalesce(func.bool_or(UploadPart.is_sound), sa.false()).label("is_sound"),
        )
        .outerjoin(Enrolment, col(Enrolment.id) == Upload.enrolment_id)
        .outerjoin(UploadPart, col(UploadPart.upload_id) == Upload.id)
        .where(*where)
        .group_by(col(Upload.id))
        .order_by(col(Upload.id))
    )
    return [
        UploadShown(
            **row.model_dump(),
            received=received,
            state=state_of(size=row.file_size, received=received, is_sound=is_sound),
            expires_at=row.created_at + LIFETIME,
        )
        for row, received, is_sound in db.execute(statement).all()
    ]
