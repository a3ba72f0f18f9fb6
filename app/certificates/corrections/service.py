"""Correcting a certificate: a linked document takes its place, with its own number and both dates (S7, BR-20)."""

from dataclasses import replace

from sqlmodel import col

from app.certificates import rules as certificates_rules
from app.certificates.corrections import rules
from app.certificates.corrections.revocations import revocations_of, write_to_holder
from app.certificates.corrections.schemas import CertificateHistory, Correction, Reissue
from app.certificates.documents.service import DocumentStore, end, locked
from app.certificates.enums import CertificateState
from app.certificates.issuing import rules as issuing_rules
from app.certificates.issuing import service as issuing
from app.certificates.models import Certificate
from app.certificates.register.service import lines_of, view
from app.certificates.schemas import CertificateRecord, CertificateRef, CertificateView
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor


def reissue(db: Session, actor: Actor, seen: CertificateRef, command: Reissue, shop: DocumentStore) -> CertificateView:
    """Replace a valid certificate; the one before is superseded that day and answers so, without either name.

    A correction of the content is a decision like another: eligibility is checked again. Raises
    ``Conflict("certificate_refused")`` with everything that forbids it. The holder is told by letter.
    """
    moment = now()
    enrolment = issuing.locked(db, actor, seen.enrolment_id)
    row = locked(db, seen.id)
    decision = issuing.decision_on(db, enrolment, row.kind, certificates_rules.issued_on(moment))
    whole = command.what is Correction.CONTENT
    case = replace(issuing.case_of(db, actor, decision), already=None)
    against = rules.against(issuing_rules.refuse_issue(case), whole=whole)
    issuing.refuse(against)
    before = CertificateRecord.model_validate(row.record)
    after = rules.corrected(before, issuing.record_of(db, decision, shop.site), whole=whole)
    issuing.refuse(rules.refuse_reissue(row.state, before, after))
    end(db, row, CertificateState.SUPERSEDED, decision.day, shop)
    fresh = issuing.write(db, actor, decision, after, moment, replacing=row.id, why=command.reason)
    write_to_holder(db, enrolment.person_id, "certificate_replaced", before=row.number, after=fresh.number)
    return view(fresh, actor.name)


def history(db: Session, seen: CertificateRef) -> CertificateHistory:
    """The documents before and after a certificate, the reason of its making, and its revocations."""
    row = db.get_one(Certificate, seen.id)
    before = lines_of(db, col(Certificate.id) == row.supersedes_id)
    after = lines_of(db, col(Certificate.supersedes_id) == seen.id)
    return CertificateHistory(
        replaces=next(iter(before), None),
        replaced_by=next(iter(after), None),
        reason=row.why,
        ended_on=row.ended_on,
        revocations=revocations_of(db, seen),
    )
