"""Revoking a certificate: its holder is told and heard, a named person decides, the holder may contest (S10, BR-20)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.certificates import rules as certificates_rules
from app.certificates.corrections import rules
from app.certificates.corrections.models import Revocation
from app.certificates.corrections.schemas import DecideRevocation, Heard, OpenRevocation, RevocationRef, RevocationShown
from app.certificates.documents.service import DocumentStore, end, locked
from app.certificates.enums import CertificateState
from app.certificates.issuing.service import refuse
from app.certificates.models import Certificate
from app.certificates.schemas import CertificateRef
from app.cohorts.models import Enrolment
from app.identity.account.models import Account
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound
from app.platform.messages.outbox import enqueue
from app.platform.security.actor import Actor, scoped


def see_revocation(db: Session, actor: Actor, revocation_id: int) -> RevocationRef:
    """A revocation within reach: of one's own certificate, or of the college's."""
    within = scoped(actor, college=Revocation.college_id, person=Enrolment.person_id)
    row = db.execute(
        sa.select(
            col(Revocation.id),
            col(Revocation.college_id),
            col(Revocation.certificate_id),
            col(Certificate.enrolment_id),
            col(Enrolment.person_id),
        )
        .join(Certificate, col(Certificate.id) == Revocation.certificate_id)
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .where(col(Revocation.id) == revocation_id, within)
    ).one_or_none()
    if row is None:
        raise NotFound
    return RevocationRef.model_validate(row)


def open_revocation(
    db: Session, actor: Actor, seen: CertificateRef, command: OpenRevocation, *, site: str
) -> RevocationShown:
    """Tell the holder, by letter, why their certificate may be revoked and until when they may answer.

    Raises ``Conflict``: ``certificate_not_valid``, ``certificate_own``, ``revocation_open`` when one is already.
    """
    certificate, person_id = _locked(db, seen.id)
    if certificate.state is not CertificateState.VALID:
        raise Conflict("certificate_not_valid")
    if person_id == actor.person_id:
        raise Conflict("certificate_own")
    pending = select(Revocation.id).where(Revocation.certificate_id == seen.id, col(Revocation.decided_at).is_(None))
    if db.exec(pending).first() is not None:
        raise Conflict("revocation_open")
    moment = now()
    last_day = rules.answer_by(certificates_rules.issued_on(moment))
    row = Revocation(
        college_id=seen.college_id,
        certificate_id=seen.id,
        reason=command.reason,
        opened_at=moment,
        opened_by=actor.person_id,
        answer_by=last_day,
    )
    db.add(row)
    db.flush()
    page = f"{site.rstrip('/')}/attestations/{seen.id}"
    write_to_holder(db, person_id, "revocation_opened", number=certificate.number, day=last_day, page=page)
    return _shown(db, row.id)


def answer(db: Session, seen: RevocationRef, command: Heard) -> RevocationShown:
    """The holder is heard before the decision; a later answer replaces the one before."""
    row = _row(db, seen)
    if row.decided_at is not None:
        raise Conflict("revocation_decided")
    row.answer, row.answered_at = command.words, now()
    return _kept(db, row)


def decide(
    db: Session, actor: Actor, seen: RevocationRef, command: DecideRevocation, shop: DocumentStore
) -> RevocationShown:
    """Revoke, or leave the certificate as it is; final, and told to the holder by letter.

    Raises ``Conflict("revocation_refused")`` before the holder was heard, ``revocation_decided`` the second time.
    """
    row = _row(db, seen)
    certificate, person_id = _locked(db, seen.certificate_id)
    if row.decided_at is not None:
        raise Conflict("revocation_decided")
    moment = now()
    day = certificates_rules.issued_on(moment)
    refuse(
        rules.refuse_revocation(
            today=day,
            answer_by=row.answer_by,
            answered=row.answered_at is not None,
            own=person_id == actor.person_id,
            state=certificate.state,
        ),
        "revocation_refused",
    )
    row.decided_at, row.decided_by, row.revoked = moment, actor.person_id, command.revoke
    if command.revoke:
        end(db, certificate, CertificateState.REVOKED, day, shop)
    key = "certificate_revoked" if command.revoke else "certificate_kept"
    write_to_holder(db, person_id, key, number=certificate.number)
    return _kept(db, row)


def contest(db: Session, seen: RevocationRef, command: Heard) -> RevocationShown:
    """The holder contests a revocation that was decided; the register keeps what they say."""
    row = _row(db, seen)
    if not row.revoked:
        raise Conflict("revocation_not_decided")
    row.contest, row.contested_at = command.words, now()
    return _kept(db, row)


def write_to_holder(db: Session, person_id: int, key: str, **params: object) -> None:
    """A letter to someone who has an account; who has none is told otherwise."""
    address = db.exec(select(Account.email).where(Account.person_id == person_id)).first()
    if address is not None:
        enqueue(db, address, key, **params)


def revocation(db: Session, seen: RevocationRef) -> RevocationShown:
    """A revocation whole."""
    return _shown(db, seen.id)


def revocations_of(db: Session, seen: CertificateRef) -> tuple[RevocationShown, ...]:
    """A certificate's revocations, the latest first."""
    return _all(db, col(Revocation.certificate_id) == seen.id)


def own_revocations(db: Session, actor: Actor) -> tuple[RevocationShown, ...]:
    """The revocations of one's own certificates, the latest first."""
    mine = select(Certificate.id).join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
    return _all(db, col(Revocation.certificate_id).in_(mine.where(Enrolment.person_id == actor.person_id)))


def _locked(db: Session, certificate_id: int) -> tuple[Certificate, int]:
    """A certificate, held until the end of the transaction, and whose it is."""
    row = locked(db, certificate_id)
    return row, db.get_one(Enrolment, row.enrolment_id).person_id


def _row(db: Session, seen: RevocationRef) -> Revocation:
    return db.exec(select(Revocation).where(Revocation.id == seen.id).with_for_update(key_share=True)).one()


def _kept(db: Session, row: Revocation) -> RevocationShown:
    db.add(row)
    db.flush()
    return _shown(db, row.id)


def _shown(db: Session, revocation_id: int) -> RevocationShown:
    [found] = _all(db, Revocation.id == revocation_id)
    return found


def _all(db: Session, where: Any) -> tuple[RevocationShown, ...]:  # noqa: ANN401
    opener, decider = aliased(Person), aliased(Person)
    found = db.execute(
        sa.select(Revocation, opener, decider)
        .join(opener, col(opener.id) == Revocation.opened_by)
        .outerjoin(decider, col(decider.id) == Revocation.decided_by)
        .where(where)
        .order_by(col(Revocation.id).desc())
    )
    return tuple(
        RevocationShown.model_validate(
            {**row.model_dump(), "opened_by": opened.name, "decided_by": decided.name if decided else None}
        )
        for row, opened, decided in found
    )
