"""Revoking a certificate: the holder is notified and may answer, a named person decides (S10, BR-20)."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.certificates import rules as certificates_rules
from app.certificates.corrections import rules
from app.certificates.corrections.models import Revocation
from app.certificates.corrections.schemas import (
    DecideRevocation,
    HolderStatement,
    OpenRevocation,
    RevocationRef,
    RevocationShown,
)
from app.certificates.documents.service import DocumentStore, end_certificate, lock_certificate
from app.certificates.enums import CertificateState, RevocationGround
from app.certificates.issuing.service import raise_refusal
from app.certificates.models import Certificate
from app.certificates.schemas import CertificateRecord, CertificateRef
from app.cohorts.models import Enrolment
from app.holds.enums import HoldKind
from app.holds.schemas import Opening
from app.holds.service import lock_enrolments, open_hold
from app.identity.account.models import Account
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound
from app.platform.messages.letters import deliveries_to
from app.platform.messages.outbox import enqueue
from app.platform.security.actor import Actor, scoped


def see_revocation(db: Session, actor: Actor, revocation_id: int) -> RevocationRef:
    """Return a revocation within the actor's reach, of their own certificate or their college's, or ``NotFound``."""
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
    db: Session, actor: Actor, ref: CertificateRef, command: OpenRevocation, *, site: str
) -> RevocationShown:
    """Open a revocation; an e-mail message gives the holder the reason and the last day to answer.

    Raises ``Conflict``: ``certificate_not_valid``, ``certificate_own``, ``revocation_open`` when one is open already.
    """
    certificate, person_id = _lock_certificate(db, ref.id)
    if certificate.state is not CertificateState.VALID:
        raise Conflict("certificate_not_valid")
    if person_id == actor.person_id:
        raise Conflict("certificate_own")
    refuse_open_revocation(db, ref.id)
    moment = now()
    last_day = rules.answer_deadline(_day_of(certificate, moment))
    row = Revocation(
        college_id=ref.college_id,
        certificate_id=ref.id,
        ground=command.ground,
        reason=command.reason,
        opened_at=moment,
        opened_by=actor.person_id,
        answer_by=last_day,
    )
    db.add(row)
    db.flush()
    page = f"{site.rstrip('/')}/attestations/{ref.id}"
    notify_holder(db, person_id, "revocation_opened", number=certificate.number, day=last_day, page=page)
    return _load_shown(db, row.id)


def answer(db: Session, ref: RevocationRef, command: HolderStatement) -> RevocationShown:
    """Record the holder's answer before the decision; a later one replaces it. ``Conflict`` once decided."""
    row = _lock_revocation(db, ref)
    if row.decided_at is not None:
        raise Conflict("revocation_decided")
    row.answer, row.answered_at = command.words, now()
    return _save(db, row)


def decide(
    db: Session, actor: Actor, ref: RevocationRef, command: DecideRevocation, store: DocumentStore
) -> RevocationShown:
    """Revoke the certificate or leave it valid, finally, and notify the holder by e-mail; for cause, open a hold.

    The holder's enrolments are locked first, as by whoever issues or replaces a certificate.
    Raises ``Conflict``: ``revocation_refused`` while the holder may still answer, ``revocation_decided`` once decided.
    """
    lock_enrolments(db, ref.college_id, ref.person_id)
    row = _lock_revocation(db, ref)
    certificate, person_id = _lock_certificate(db, ref.certificate_id)
    if row.decided_at is not None:
        raise Conflict("revocation_decided")
    moment = now()
    day = _day_of(certificate, moment)
    raise_refusal(
        rules.refuse_revocation(
            today=day,
            answer_by=row.answer_by,
            answered=row.answered_at is not None,
            decider_is_holder=person_id == actor.person_id,
            state=certificate.state,
        ),
        "revocation_refused",
    )
    if command.revoke and row.ground is RevocationGround.CAUSE:
        row.hold_id = open_hold(db, actor, Opening(ref.college_id, person_id, HoldKind.REVOCATION, row.reason))
    row.decided_at, row.decided_by, row.revoked = moment, actor.person_id, command.revoke
    if command.revoke:
        end_certificate(db, certificate, CertificateState.REVOKED, day, store)
    key = "certificate_revoked" if command.revoke else "certificate_kept"
    notify_holder(db, person_id, key, number=certificate.number)
    return _save(db, row)


def contest(db: Session, ref: RevocationRef, command: HolderStatement) -> RevocationShown:
    """Record the holder's objection to a revocation; ``Conflict`` while the certificate is not revoked."""
    row = _lock_revocation(db, ref)
    if not row.revoked:
        raise Conflict("revocation_not_decided")
    row.contest, row.contested_at = command.words, now()
    return _save(db, row)


def refuse_open_revocation(db: Session, certificate_id: int) -> None:
    """Raise ``Conflict("revocation_open")`` when a revocation of the certificate awaits its decision."""
    pending = select(Revocation.id).where(
        Revocation.certificate_id == certificate_id, col(Revocation.decided_at).is_(None)
    )
    if db.exec(pending).first() is not None:
        raise Conflict("revocation_open")


def notify_holder(db: Session, person_id: int, key: str, **params: object) -> None:
    """Enqueue an e-mail message to a holder who has an account; the others are notified by other means."""
    address = db.exec(select(Account.email).where(Account.person_id == person_id)).first()
    if address is not None:
        enqueue(db, address, key, person_id, **params)


def load_revocation(db: Session, ref: RevocationRef) -> RevocationShown:
    """Return a revocation."""
    return _load_shown(db, ref.id)


def revocations_of(db: Session, ref: CertificateRef) -> tuple[RevocationShown, ...]:
    """Return a certificate's revocations, latest first."""
    return _load_revocations(db, col(Revocation.certificate_id) == ref.id)


def own_revocations(db: Session, actor: Actor) -> tuple[RevocationShown, ...]:
    """Return the revocations of the actor's own certificates, latest first."""
    own = select(Certificate.id).join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
    return _load_revocations(db, col(Revocation.certificate_id).in_(own.where(Enrolment.person_id == actor.person_id)))


def _day_of(certificate: Certificate, moment: datetime) -> date:
    """Return the day that a moment is in the time zone of a certificate's dates."""
    return certificates_rules.issue_date(moment, CertificateRecord.model_validate(certificate.record).zone)


def _lock_certificate(db: Session, certificate_id: int) -> tuple[Certificate, int]:
    """Return a certificate, locked until the transaction ends, and the id of its holder."""
    row = lock_certificate(db, certificate_id)
    return row, db.get_one(Enrolment, row.enrolment_id).person_id


def _lock_revocation(db: Session, ref: RevocationRef) -> Revocation:
    """Return a revocation's row, locked until the transaction ends."""
    return db.exec(select(Revocation).where(Revocation.id == ref.id).with_for_update(key_share=True)).one()


def _save(db: Session, row: Revocation) -> RevocationShown:
    """Write a revocation's changes and return its read model."""
    db.add(row)
    db.flush()
    return _load_shown(db, row.id)


def _load_shown(db: Session, revocation_id: int) -> RevocationShown:
    [revocation] = _load_revocations(db, col(Revocation.id) == revocation_id)
    return revocation


def _load_revocations(db: Session, where: ColumnElement[bool]) -> tuple[RevocationShown, ...]:
    """Return the revocations that meet a condition, with the names of who acted on them; latest first.

    Of one that waits for its decision, also whether the letter reached the holder, who has days to answer.
    """
    opener, decider = aliased(Person), aliased(Person)
    rows = db.execute(
        sa.select(Revocation, col(Enrolment.person_id), opener, decider)
        .join(Certificate, col(Certificate.id) == Revocation.certificate_id)
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .join(opener, col(opener.id) == Revocation.opened_by)
        .outerjoin(decider, col(decider.id) == Revocation.decided_by)
        .where(where)
        .order_by(col(Revocation.id).desc())
    ).all()
    delivered = deliveries_to(db, {holder: row.opened_at for row, holder, *_ in rows if row.decided_at is None})
    return tuple(
        RevocationShown.model_validate(
            {
                **row.model_dump(),
                "opened_by": opened_by.name,
                "decided_by": decided_by.name if decided_by else None,
                "delivery": delivered.get(holder) if row.decided_at is None else None,
            }
        )
        for row, holder, opened_by, decided_by in rows
    )
