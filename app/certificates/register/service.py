"""The register: certificates as they are read, and the door for strangers."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, false, func, or_, text
from sqlmodel import col

from app.certificates import rules as certificates_rules
from app.certificates.documents import rules as documents_rules
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.certificates.register.schemas import NoLongerValid, Verified
from app.certificates.schemas import CertificateLine, CertificateRecord, CertificateRef, CertificateView
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Enrolment
from app.network.schemas import CollegeShown
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.i18n import search_key
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_stranger


def see_certificate(db: Session, actor: Actor, certificate_id: int) -> CertificateRef:
    """A certificate within the actor's reach: the holder's own, or the college's."""
    within = scoped(actor, college=Certificate.college_id, person=Enrolment.person_id)
    row = db.execute(
        sa.select(
            col(Certificate.id), col(Certificate.college_id), col(Certificate.enrolment_id), col(Enrolment.person_id)
        )
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .where(col(Certificate.id) == certificate_id, within)
    ).one_or_none()
    if row is None:
        raise NotFound
    log_access(db, [(row.person_id, row.college_id)])
    return CertificateRef.model_validate(row)


def certificate(db: Session, seen: CertificateRef) -> CertificateView:
    """A certificate whole."""
    row, decided_by = db.execute(
        sa.select(Certificate, shown_name())
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


def certificates_of(db: Session, enrolment: EnrolmentRef) -> tuple[CertificateLine, ...]:
    """An enrolment's certificates, whatever became of them, newest first."""
    return lines_of(db, col(Certificate.enrolment_id) == enrolment.id)


def own_certificates(db: Session, actor: Actor) -> tuple[CertificateLine, ...]:
    """The actor's own certificates, of any college, newest first."""
    return lines_of(db, col(Enrolment.person_id) == actor.person_id)


def college_certificates(db: Session, college: CollegeShown, search: str = "") -> tuple[CertificateLine, ...]:
    """The college's register, newest first.

    ``search`` is a number or a short code read over the telephone, else words of the holder's name.
    """
    return lines_of(db, col(Certificate.college_id) == college.id, *_found_by(search))


def _found_by(search: str) -> list[ColumnElement[bool]]:
    if not search.strip():
        return []
    ways: list[ColumnElement[bool]] = [col(Certificate.number) == search.strip().upper()]
    digest = documents_rules.short_digest(search)
    if digest is not None:
        ways.append(func.substring(func.sha256(func.convert_to(col(Certificate.code), "UTF8")), 1, 5) == digest)
    words = [col(Person.search_key).contains(word, autoescape=True) for word in search_key(search).split()]
    return [or_(*ways, and_(*words) if words else false())]


def lines_of(db: Session, *where: Any) -> tuple[CertificateLine, ...]:  # noqa: ANN401
    """Certificates as lines, newest first."""
    names = ("id", "enrolment_id", "kind", "number", "state", "issued_on")
    found = db.execute(
        sa.select(
            *(col(getattr(Certificate, name)) for name in names),
            *(col(Certificate.record)[name].astext.label(name) for name in ("holder", "path_title")),
        )
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(*where)
        .order_by(col(Certificate.decided_at).desc(), col(Certificate.id).desc())
    )
    return tuple(CertificateLine.model_validate(row) for row in found)


# For strangers -----------------------------------------------------------------------------------


def verify(db: Session, keyring: Keyring, typed: str, *, origin: str) -> Verified | NoLongerValid:
    """What a code proves, to anyone: a door between colleges that shows one certificate and no list.

    A code that was never given and one that could not have been are the same ``NotFound``; 429 after ten of
    them from one address.
    """
    with limited_attempt(db, keyring, RateLimitScope.VERIFY, of_stranger(origin), wrong=NotFound):
        return _proven(db, typed)


def same_document(
    db: Session, keyring: Keyring, typed: str, sha256: str, *, origin: str
) -> tuple[Verified | NoLongerValid, bool | None]:
    """What a code proves, and whether a file is the one that was issued under it, by its digest.

    ``None`` where there is nothing to compare with: the document is no longer valid, or was never drawn.
    """
    found = verify(db, keyring, typed, origin=origin)
    kept = found.document_sha256 if isinstance(found, Verified) else None
    return found, None if kept is None else kept == sha256


def _proven(db: Session, typed: str) -> Verified | NoLongerValid:
    found = db.execute(
        text("select * from verify_certificate(:code)"), {"code": certificates_rules.tidy_code(typed) or ""}
    ).one_or_none()
    if found is None:
        raise NotFound("certificate_unknown")
    if found.state == CertificateState.VALID:
        return Verified.model_validate(found)
    return NoLongerValid.model_validate(found)
