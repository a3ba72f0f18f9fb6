"""The files of a batch: its register as a table, and one archive of all its documents."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.certificates.batches.models import Batch, BatchItem
from app.certificates.batches.rules import register_cells
from app.certificates.batches.schemas import BatchRef, BatchRegister, RegisterColumn, RegisterLine
from app.certificates.documents.service import DocumentStore, ensure_stored
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.certificates.schemas import CertificateRecord
from app.cohorts.models import Cohort, Enrolment
from app.network import service as network
from app.network.enums import CertificateKind
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.database.session import Session
from app.platform.documents.spreadsheets import Flavour, Sheet, csv_file, workbook
from app.platform.documents.zip_archives import zip_stream
from app.platform.errors import Conflict
from app.platform.files.store import FileStore
from app.platform.messages.i18n import local, t

CONTRACT = "registre_v1"
"""The version of the register's columns: none is moved or renamed; new ones come at the end."""
REGISTER = "register.csv"
"""The register's name in the archive."""


def batch_register(db: Session, ref: BatchRef) -> BatchRegister:
    """Return the certificates that a batch has issued so far, in any state."""
    batch = db.get_one(Batch, ref.id)
    college = network.college(db, ref.college_id)
    rows = _issued_certificates(db, ref)
    log_access(db, [(row.person_id, ref.college_id) for row in rows], Part.CERTIFICATE)
    return BatchRegister(
        batch_id=ref.id,
        college_name=college.name,
        college_slug=college.slug,
        on=local(batch.finished_at or batch.decided_at, college.timezone).date(),
        lines=tuple(
            RegisterLine(
                cohort_code=row.cohort_code,
                state=row.Certificate.state,
                record=CertificateRecord.model_validate(row.Certificate.record),
            )
            for row in rows
        ),
    )


def _issued_certificates(db: Session, ref: BatchRef) -> Sequence[Any]:
    """Return ``(certificate, cohort_code, person_id)`` of each certificate of a batch, by number."""
    return db.execute(
        sa.select(Certificate, col(Cohort.code).label("cohort_code"), col(Enrolment.person_id))
        .join(BatchItem, col(BatchItem.certificate_id) == Certificate.id)
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .where(col(BatchItem.batch_id) == ref.id)
        .order_by(col(Certificate.year), col(Certificate.sequence))
    ).all()


def file_name(register: BatchRegister, suffix: str) -> str:
    """Return the name of a batch's file: ``registre_v1 alma 12 2026-11-22.csv``."""
    return f"{CONTRACT} {register.college_slug} {register.batch_id} {register.on}{suffix}"


def register_csv(register: BatchRegister, flavour: Flavour) -> bytes:
    """Return the register as a CSV: with French labels for spreadsheets, with codes for programs."""
    labels = _labels() if flavour is Flavour.EXCEL else {}
    lines = (tuple(register_cells(line, labels).values()) for line in register.lines)
    return csv_file(_headings(), lines, flavour)


def register_xlsx(register: BatchRegister) -> bytes:
    """Return the register as a workbook of one sheet."""
    labels = _labels()
    lines = [tuple(register_cells(line, labels).values()) for line in register.lines]
    title = t("certificates.register.title")
    return workbook(title, register.college_name, register.on, [Sheet(title, _headings(), lines)])


def _headings() -> list[str]:
    return [t(f"certificates.register.{column.value}") for column in RegisterColumn]


def _labels() -> dict[str, str]:
    """Return the labels of states and kinds by code."""
    states = {state.value: t(f"certificates.state.{state.value}") for state in CertificateState}
    return states | {kind.value: t(f"kind.{kind.value}") for kind in CertificateKind}


def stream_archive(db: Session, ref: BatchRef, store: DocumentStore) -> tuple[str, Iterator[bytes]]:
    """Return the archive's name and its bytes in pieces: the valid documents, by number, and the register.

    The pieces are produced after the transaction has ended, without the database. Raises
    ``Conflict("batch_unfinished")``, and ``Unavailable("certificate_lost")`` before anything is sent.
    """
    batch = db.get_one(Batch, ref.id)
    if batch.finished_at is None:
        raise Conflict("batch_unfinished")
    register = batch_register(db, ref)
    rows = [
        row for row, _, _ in _issued_certificates(db, ref) if row.state is CertificateState.VALID and row.pdf_sha256
    ]
    for row in rows:
        ensure_stored(db, row, store)
    table = register_csv(register, Flavour.EXCEL)
    documents = [(f"{row.number}.pdf", row.pdf_sha256 or "") for row in rows]
    return file_name(register, ".zip"), zip_stream(_members(documents, table, store.files), batch.finished_at)


def _members(documents: list[tuple[str, str]], table: bytes, files: FileStore) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each file of the archive."""
    for name, sha256 in documents:
        yield name, files.load(sha256)
    yield REGISTER, table
