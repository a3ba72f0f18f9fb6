"""The register of certificates: lists, search, reading, and public verification by code."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func, text
from sqlmodel import col, select

from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.certificates.register import rules
from app.certificates.register.schemas import NoLongerValid, RegisterQuery, RegisterSort, Verified
from app.certificates.schemas import (
    CertificateLine,
    CertificatePage,
    CertificateRecord,
    CertificateRef,
    CertificateView,
)
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Enrolment
from app.network.schemas import CollegeShown
from app.people.models import NAMES, Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.paging import PAGE_SIZE, Page
from app.platform.search import search_words
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_address


def see_certificate(db: Session, actor: Actor, certificate_id: int) -> CertificateRef:
    """Return a certificate within the actor's reach, their own or their college's; raise ``NotFound`` otherwise."""
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


def load_certificate(db: Session, ref: CertificateRef) -> CertificateView:
    """Return a certificate with its whole record."""
    row, decided_by = db.execute(
        sa.select(Certificate, shown_name())
        .join(Person, col(Person.id) == Certificate.decided_by)
        .where(col(Certificate.id) == ref.id)
    ).one()
    return certificate_view(row, decided_by)


def certificate_view(row: Certificate, decided_by: str) -> CertificateView:
    """Return a certificate's row as a read model; ``decided_by`` is the name of the person who decided."""
    record = CertificateRecord.model_validate(row.record)
    return CertificateView(
        id=row.id,
        enrolment_id=row.enrolment_id,
        kind=row.kind,
        number=row.number,
        state=row.state,
        issued_on=row.issued_on,
        holder=record.holder,
        path_title=record.path_title,
        decided_by=decided_by,
        decided_at=row.decided_at,
        record=record,
    )


def certificates_of(db: Session, enrolment: EnrolmentRef) -> tuple[CertificateLine, ...]:
    """Return an enrolment's certificates in any state, newest first."""
    return certificate_lines(db, col(Certificate.enrolment_id) == enrolment.id)


def own_certificates(db: Session, actor: Actor) -> tuple[CertificateLine, ...]:
    """Return the actor's own certificates, of any college, newest first."""
    return certificate_lines(db, col(Enrolment.person_id) == actor.person_id)


def certificates_by_code(db: Session, actor: Actor, typed: str) -> tuple[CertificateLine, ...]:
    """Return the certificates within reach whose number, or whole code, stands in what was typed."""
    read = rules.read_code(typed)
    within = scoped(actor, college=Certificate.college_id, person=Enrolment.person_id)
    if read.number is None and not read.codes:
        return ()
    named = sa.or_(col(Certificate.number) == read.number, col(Certificate.code).in_(read.codes))
    return certificate_lines(db, named, within)


def college_certificates(
    db: Session, college: CollegeShown, search: str = "", *, after: int | None = None, limit: int = PAGE_SIZE
) -> CertificatePage:
    """Return the certificates of a college, newest first.

    ``search`` is a number, a code or a short code read over the telephone, else words of the holder's name.
    """
    statement = _lines().where(col(Certificate.college_id) == college.id, *_search_conditions(db, college, search))
    order = (col(Certificate.issued_on),)
    rows, next_ = fetch_after(db, statement, order, col(Certificate.id), after=after, limit=limit, descending=True)
    return CertificatePage(items=tuple(map(CertificateLine.model_validate, rows)), next=next_)


def _search_conditions(db: Session, college: CollegeShown, search: str) -> list[ColumnElement[bool]]:
    """Return the condition of a search: a number, a code or words of the holder's name; none for a blank one.

    What a code finds is looked up first: a name alone lets the register be read in its order, and end early.
    """
    if not search.strip():
        return []
    read = rules.read_code(search)
    named = NAMES.matches(col(Person.id), search_words(search), [college.id])
    alternatives: list[ColumnElement[bool]] = [col(Certificate.code).in_(read.codes)] if read.codes else []
    if read.number is not None:
        alternatives.append(col(Certificate.number) == read.number)
    elif read.short_digests and not (named and db.execute(sa.select(col(Person.id)).where(*named).limit(1)).first()):
        # No index serves a function of the code under row-level security: the college is read, where it is no name.
        digest = func.substring(func.sha256(func.convert_to(col(Certificate.code), "UTF8")), 1, 5)
        alternatives.append((col(Certificate.college_id) == college.id) & digest.in_(read.short_digests))
    coded = [sa.select(col(Certificate.id)).where(a) for a in alternatives]
    ids = db.execute(sa.union(*coded)).scalars().all() if coded else []
    if not named:
        return [col(Certificate.id).in_(ids)]
    return [sa.or_(col(Certificate.id).in_(ids), *named)] if ids else named


ORDERS: Orders = {
    RegisterSort.DATE: (col(Certificate.issued_on),),
    RegisterSort.NUMBER: (col(Certificate.year), col(Certificate.sequence)),
    RegisterSort.HOLDER: (col(Person.search_key),),
}


def list_register(db: Session, college: CollegeShown, query: RegisterQuery) -> Page[CertificateLine]:
    """Return a page of the certificates of a college; the search is the one of :func:`college_certificates`."""
    where = [col(Certificate.college_id) == college.id]
    if query.etat is not None:
        where.append(col(Certificate.state) == query.etat)
    if query.document is not None:
        where.append(col(Certificate.kind) == query.document)
    found = _search_conditions(db, college, query.recherche)
    statement = _lines().where(*where, *found)
    counted = statement if found else sa.select(col(Certificate.id)).where(*where)  # a search reads the holder's name
    page = fetch_page(db, statement, query, ORDERS, col(Certificate.id), counted=counted)
    return page.map(CertificateLine.model_validate)


def certificate_lines(db: Session, *where: ColumnElement[bool]) -> tuple[CertificateLine, ...]:
    """Return the certificates that meet conditions on them, their enrolment or their holder, newest first."""
    newest_first = (col(Certificate.decided_at).desc(), col(Certificate.id).desc())
    rows = db.execute(_lines().where(*where).order_by(*newest_first))
    return tuple(CertificateLine.model_validate(row) for row in rows)


def _lines() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(Certificate.id),
            col(Certificate.enrolment_id),
            col(Certificate.kind),
            col(Certificate.number),
            col(Certificate.state),
            col(Certificate.issued_on),
            col(Certificate.record)["holder"].astext.label("holder"),
            col(Certificate.record)["path_title"].astext.label("path_title"),
        )
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
    )


# Public verification -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """The whole code that a text holds, and what it proves."""

    code: str
    proof: Verified | NoLongerValid

    def is_document(self, sha256: str) -> bool | None:
        """Return whether a file with this digest is the document that was issued under the code.

        ``None`` where there is nothing to compare with: the certificate is no longer valid, or was never rendered.
        """
        issued = self.proof.document_sha256 if isinstance(self.proof, Verified) else None
        return None if issued is None else issued == sha256


def verify(db: Session, keyring: Keyring, typed: str, *, origin: str) -> Checked:
    """Return what was typed proves, to anyone: one certificate of any college, never a list.

    A whole code, or a number with its short code. Raises ``NotFound``: with a reason where the text holds neither,
    which counts as no attempt; else ``certificate_unknown``, and many of them from one address slow it.
    """
    read = rules.read_code(typed)
    if (reason := rules.unreadable(read)) is not None:
        raise NotFound(reason.code, reason)
    with limited_attempt(db, keyring, RateLimitScope.VERIFY, of_address(origin), wrong=NotFound):
        for code in _whole_codes(db, read):
            row = db.execute(text("select * from verify_certificate(:code)"), {"code": code}).one_or_none()
            if row is not None:
                proof = Verified if row.state == CertificateState.VALID else NoLongerValid
                return Checked(code, proof.model_validate(row))
        raise NotFound("certificate_unknown")


def _whole_codes(db: Session, read: rules.TypedCode) -> Iterator[str]:
    """Yield the codes to look up, through the database function that reads across colleges for a number."""
    yield from read.codes
    if read.number is not None:
        statement = text("select code from code_of_certificate(:number, :digest)")
        for digest in read.short_digests:
            yield from db.execute(statement, {"number": read.number, "digest": digest}).scalars()


def is_certified(db: Session, enrolment_id: int) -> bool:
    """Return whether a certificate of the enrolment is in force."""
    valid = select(Certificate.id).where(
        Certificate.enrolment_id == enrolment_id, Certificate.state == CertificateState.VALID
    )
    return db.exec(valid).first() is not None
