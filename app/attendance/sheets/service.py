"""The attendance sheet of a session, made when it is asked for: nothing of it is stored."""

import sqlalchemy as sa
from sqlmodel import col

from app.attendance.calendar.schemas import SessionRef
from app.attendance.roll_calls.history import closed_roll_calls
from app.attendance.roll_calls.service import expected, sheet
from app.attendance.sheets.layout import render_sheet
from app.attendance.sheets.schemas import SheetFile, SheetRecord
from app.cohorts.schemas import CohortRef
from app.curricula.library import curriculum_of
from app.network.models import College
from app.platform.database.session import Session
from app.platform.documents.document_process import in_document_process
from app.platform.errors import Conflict
from app.platform.messages.i18n import local


def attendance_sheet(db: Session, cohort: CohortRef, session: SessionRef) -> SheetFile:
    """Return the sheet of a session of the cohort: to sign until its roll is called, then as it was recorded.

    Raises ``Conflict("session_cancelled")``, ``PdfUnavailable`` where the engine's libraries are missing.
    """
    if session.cancelled_at is not None:
        raise Conflict("session_cancelled")
    record = sheet_record(db, cohort, session)
    name = f"presences-{cohort.code}-{session.activity_code}-{record.day.isoformat()}.pdf"
    return SheetFile(name=name, content=in_document_process(render_sheet, record))


def sheet_record(db: Session, cohort: CohortRef, session: SessionRef) -> SheetRecord:
    """Return what the sheet of a session of the cohort says."""
    shown = sheet(db, session)
    return SheetRecord(
        college_name=db.execute(sa.select(col(College.name)).where(col(College.id) == session.college_id)).scalar_one(),
        cohort_code=cohort.code,
        cohort_title=cohort.title,
        activity_title=curriculum_of(cohort).activity(session.activity_code).title.fr,
        session=shown.session,
        day=local(session.starts_at, session.timezone).date(),
        entries=shown.entries if shown.roll_call_id is not None else expected(db, session),
        calls=closed_roll_calls(db, session),
    )
