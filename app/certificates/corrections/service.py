"""Replacing a certificate by a linked one with its own number and both dates of issue (S7, BR-20), and its history."""

from dataclasses import replace

from sqlmodel import col

from app.certificates.corrections import rules
from app.certificates.corrections.revocations import notify_holder, refuse_open_revocation, revocations_of
from app.certificates.corrections.schemas import CertificateHistory, Correction, Reissue
from app.certificates.documents.service import DocumentStore, end_certificate, lock_certificate
from app.certificates.enums import CertificateState
from app.certificates.issuing import rules as issuing_rules
from app.certificates.issuing import service as issuing
from app.certificates.models import Certificate
from app.certificates.register.service import certificate_lines, certificate_view
from app.certificates.schemas import CertificateRecord, CertificateRef, CertificateView
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor


def reissue(db: Session, actor: Actor, ref: CertificateRef, command: Reissue, store: DocumentStore) -> CertificateView:
    """Replace a valid certificate and notify the holder by e-mail; the one before is superseded that day.

    The verification of the superseded one shows neither name. A correction of the content is a new decision:
    eligibility is checked again. Raises ``Conflict("certificate_refused")`` with everything that forbids it,
    ``Conflict("revocation_open")`` while a revocation awaits its decision.
    """
    moment = now()
    enrolment = issuing.lock_enrolment(db, actor, ref.enrolment_id)
    row = lock_certificate(db, ref.id)
    refuse_open_revocation(db, ref.id)
    decision = issuing.load_decision(db, enrolment, row.kind, moment)
    whole = command.what is Correction.CONTENT
    case = replace(issuing.issue_case(db, actor, decision), issued_number=None)
    reasons = rules.applicable_reasons(issuing_rules.refuse_issue(case), whole=whole)
    issuing.raise_refusal(reasons)
    before = CertificateRecord.model_validate(row.record)
    after = rules.corrected_record(before, issuing.build_record(db, decision, store.site), whole=whole)
    issuing.raise_refusal(rules.refuse_reissue(row.state, before, after))
    end_certificate(db, row, CertificateState.SUPERSEDED, decision.day, store)
    replacement = issuing.insert_certificate(db, actor, decision, after, moment, replacing=row.id, why=command.reason)
    notify_holder(db, enrolment.person_id, "certificate_replaced", before=row.number, after=replacement.number)
    return certificate_view(replacement, actor.name)


def history(db: Session, ref: CertificateRef) -> CertificateHistory:
    """Return the documents before and after a certificate, the reason for its correction, and its revocations."""
    row = db.get_one(Certificate, ref.id)
    before = certificate_lines(db, col(Certificate.id) == row.supersedes_id)
    after = certificate_lines(db, col(Certificate.supersedes_id) == ref.id)
    return CertificateHistory(
        replaces=next(iter(before), None),
        replaced_by=next(iter(after), None),
        reason=row.why,
        ended_on=row.ended_on,
        revocations=revocations_of(db, ref),
    )
