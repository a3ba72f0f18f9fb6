"""What a finished batch hands over: its register as a table, and one archive of all its documents."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.certificates.batches.models import Batch, BatchItem
from app.certificates.batches.rules import register_cells
from app.certificates.batches.schemas import BatchRef, BatchRegister, RegisterColumn, RegisterLine
from app.certificates.documents.service import DocumentStore, ensure_kept
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.certificates.schemas import CertificateRecord
from app.cohorts.models import Cohort, Enrolment
from app.network import service as network
from app.network.enums import CertificateKind
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.database.session import Session
from app.platform.documents.blob_store import load, zipped
from app.platform.documents.spreadsheets import Flavour, Sheet, csv_file, workbook
from app.platform.errors import Conflict
from app.platform.messages.i18n import local, t

CONTRACT = "registre_v1"
"""Columns of the register: their order never changes and none is renamed; new ones come at the end."""
REGISTER = "register.csv"
"""The register's name in the archive."""


def register_of(db: Session, seen: BatchRef) -> BatchRegister:
    """The certificates that a batch has issued so far, whatever became of them since."""
    batch = db.get_one(Batch, seen.id)
    college = network.college(db, seen.college_id)
    found = _issued(db, seen)
    log_access(db, [(row.person_id, seen.college_id) for row in found], Part.CERTIFICATE)
    return BatchRegister(
        batch_id=seen.id,
        college_name=college.name,
        college_slug=college.slug,
        on=local(batch.finished_at or batch.decided_at, college.timezone).date(),
        lines=tuple(
            RegisterLine(
                cohort_code=row.cohort_code,
                state=row.Certificate.state,
                record=CertificateRecord.model_validate(row.Certificate.record),
            )
            for row in found
        ),
    )


def _issued(db: Session, seen: BatchRef) -> Sequence[Any]:
    """``(certificate, cohort_code, person_id)`` of each, by number."""
    return db.execute(
        sa.select(Certificate, col(Cohort.code).label("cohort_code"), col(Enrolment.person_id))
        .join(BatchItem, col(BatchItem.certificate_id) == Certificate.id)
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .where(col(BatchItem.batch_id) == seen.id)
        .order_by(col(Certificate.year), col(Certificate.sequence))
    ).all()


def file_name(register: BatchRegister, suffix: str) -> str:
    """Contract, college, batch and day: ``registre_v1 alma 12 2026-11-22.csv``."""
    return f"{CONTRACT} {register.college_slug} {register.batch_id} {register.on}{suffix}"


def register_csv(register: BatchRegister, flavour: Flavour) -> bytes:
    """For a French spreadsheet, in words, or for programs, in codes."""
    words = _words() if flavour is Flavour.EXCEL else {}
    lines = (tuple(register_cells(line, words).values()) for line in register.lines)
    return csv_file(_headings(), lines, flavour)


def register_xlsx(register: BatchRegister) -> bytes:
    """One sheet."""
    words = _words()
    lines = [tuple(register_cells(line, words).values()) for line in register.lines]
    title = t("certificates.register.title")
    return workbook(title, register.college_name, register.on, [Sheet(title, _headings(), lines)])


def _headings() -> list[str]:
    return [t(f"certificates.register.{column.value}") for column in RegisterColumn]


def _words() -> dict[str, str]:
    states = {state.value: t(f"certificates.state.{state.value}") for state in CertificateState}
    return states | {kind.value: t(f"kind.{kind.value}") for kind in CertificateKind}


def archive(db: Session, seen: BatchRef, shop: DocumentStore) -> tuple[str, Iterator[bytes]]:
    """The archive's name and its bytes in pieces: the documents that are still valid, by number, and the register.

    The pieces are read after the transaction is over, and ask the database nothing. Raises
    ``Conflict("batch_unfinished")``, and ``Unavailable("certificate_lost")`` before anything is sent.
    """
    batch = db.get_one(Batch, seen.id)
    if batch.finished_at is None:
        raise Conflict("batch_unfinished")
    register = register_of(db, seen)
    rows = [row for row, _, _ in _issued(db, seen) if row.state is CertificateState.VALID and row.pdf_sha256]
    for row in rows:
        ensure_kept(db, row, shop)
    table = register_csv(register, Flavour.EXCEL)
    kept = [(f"{row.number}.pdf", row.pdf_sha256 or "") for row in rows]
    return file_name(register, ".zip"), zipped(_members(kept, table, shop.root), batch.finished_at)


def _members(kept: list[tuple[str, str]], table: bytes, root: Path) -> Iterator[tuple[str, bytes]]:
    for name, sha256 in kept:
        yield name, load(root, sha256)
    yield REGISTER, table
