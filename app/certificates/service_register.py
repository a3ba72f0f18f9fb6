"""The register: certificates as they are read, their documents, and the door for strangers."""

from pathlib import Path
from typing import Any

from sqlalchemy import select as columns
from sqlalchemy import text
from sqlmodel import col, select

from app.access import Actor, scoped
from app.audit import viewed
from app.certificates import rules
from app.certificates.models import Certificate, CertificateState
from app.certificates.schemas import (
    CertificateLine,
    CertificateRecord,
    CertificateRef,
    CertificateView,
    Document,
    NoLongerValid,
    Verified,
)
from app.certificates.service_document import document
from app.cohorts.models import Enrolment
from app.cohorts.schemas import EnrolmentRef
from app.db import Session
from app.errors import Conflict, NotFound, Unavailable
from app.files import digest, load, store
from app.keys import Keyring
from app.network.schemas import CollegeShown
from app.people.models import Door, Person, shown_name
from app.people.service_throttle import door_held, of_stranger


def see_certificate(session: Session, actor: Actor, certificate_id: int) -> CertificateRef:
    """A certificate within the actor's reach: the holder's own, or the college's."""
    within = scoped(actor, college=Certificate.college_id, person=Enrolment.person_id)
    row = session.execute(
        columns(
            col(Certificate.id), col(Certificate.college_id), col(Certificate.enrolment_id), col(Enrolment.person_id)
        )
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .where(col(Certificate.id) == certificate_id, within)
    ).one_or_none()
    if row is None:
        raise NotFound
    viewed(session, [(row.person_id, row.college_id)])
    return CertificateRef.model_validate(row)


def certificate(session: Session, seen: CertificateRef) -> CertificateView:
    """A certificate whole."""
    row, decided_by = session.execute(
        columns(Certificate, shown_name())
        .join(Person, col(Person.id) == Certificate.decided_by)
        .where(col(Certificate.id) == seen.id)
    ).one()
    return view(row, decided_by)


def view(row: Certificate, decided_by: str) -> CertificateView:
    """A row as it is shown; ``decided_by`` is the name of the person who decided."""
    record = CertificateRecord.model_validate(row.record)
    names = {"id", "enrolment_id", "kind", "number", "state", "issued_on", "decided_at"}
    return CertificateView(
        **row.model_dump(include=names),
        holder=record.holder,
        path_title=record.path_title,
        decided_by=decided_by,
        record=record,
    )


def certificates_of(session: Session, enrolment: EnrolmentRef) -> tuple[CertificateLine, ...]:
    """An enrolment's certificates, whatever became of them, newest first."""
    return _lines(session, col(Certificate.enrolment_id) == enrolment.id)


def own_certificates(session: Session, actor: Actor) -> tuple[CertificateLine, ...]:
    """The actor's own certificates, of any college, newest first."""
    return _lines(session, col(Enrolment.person_id) == actor.person_id)


def college_certificates(session: Session, college: CollegeShown) -> tuple[CertificateLine, ...]:
    """The college's register, newest first."""
    return _lines(session, col(Certificate.college_id) == college.id)


def _lines(session: Session, *where: Any) -> tuple[CertificateLine, ...]:  # noqa: ANN401
    names = ("id", "enrolment_id", "kind", "number", "state", "issued_on")
    found = session.execute(
        columns(
            *(col(getattr(Certificate, name)) for name in names),
            *(col(Certificate.record)[name].astext.label(name) for name in ("holder", "path_title")),
        )
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .where(*where)
        .order_by(col(Certificate.decided_at).desc(), col(Certificate.id).desc())
    )
    return tuple(CertificateLine.model_validate(row) for row in found)


# Documents ---------------------------------------------------------------------------------------


def pdf(session: Session, seen: CertificateRef, root: Path) -> Document:
    """The certificate's document: laid out once, kept under ``root`` by its SHA-256, the same bytes ever after.

    Raises ``Conflict("certificate_not_valid")`` once it was replaced or revoked, ``PdfUnavailable`` where the
    engine's libraries are missing, ``Unavailable("certificate_lost")`` when the kept file is gone and what
    the record gives today would not be the same.
    """
    row = session.exec(select(Certificate).where(Certificate.id == seen.id).with_for_update(key_share=True)).one()
    if row.state is not CertificateState.VALID:
        raise Conflict("certificate_not_valid")
    return Document(name=f"{row.number}.pdf", content=_content(session, row, root))


def _content(session: Session, row: Certificate, root: Path) -> bytes:
    if row.pdf_sha256 is not None:
        try:
            return load(root, row.pdf_sha256)
        except FileNotFoundError:
            return _again(row, row.pdf_sha256, root)
    content = document(CertificateRecord.model_validate(row.record))
    row.pdf_sha256 = store(root, content)
    session.add(row)
    return content


def _again(row: Certificate, sha256: str, root: Path) -> bytes:
    """A file that a restored deployment lacks, only if it comes out the same byte for byte."""
    content = document(CertificateRecord.model_validate(row.record))
    if digest(content) != sha256:
        raise Unavailable("certificate_lost")
    store(root, content)
    return content


# For strangers -----------------------------------------------------------------------------------


def verify(session: Session, ring: Keyring, typed: str, *, origin: str) -> Verified | NoLongerValid:
    """What a code proves, to anyone: a door between colleges that shows one certificate and no list.

    A code that was never given and one that could not have been are the same ``NotFound``; 429 after ten of
    them from one address.
    """
    with door_held(session, ring, Door.VERIFY, of_stranger(origin), wrong=NotFound):
        return _proven(session, typed)


def _proven(session: Session, typed: str) -> Verified | NoLongerValid:
    found = session.execute(
        text("select * from verify_certificate(:code)"), {"code": rules.tidy_code(typed) or ""}
    ).one_or_none()
    if found is None:
        raise NotFound("certificate_unknown")
    if found.state == CertificateState.VALID:
        return Verified.model_validate(found)
    return NoLongerValid.model_validate(found)
