"""Correcting a certificate: a linked document takes its place, with its own number and both dates (S7, BR-20)."""

from dataclasses import replace

from sqlmodel import col

from app.access import Actor
from app.certificates import rules, rules_corrections, service
from app.certificates.models import Certificate, CertificateState
from app.certificates.schemas import CertificateRecord, CertificateRef, CertificateView
from app.certificates.schemas_corrections import CertificateHistory, Correction, Reissue
from app.certificates.service_documents import Workshop, end, locked
from app.certificates.service_register import lines_of, view
from app.certificates.service_revocations import revocations_of, write_to_holder
from app.db import Session, now


def reissue(session: Session, actor: Actor, seen: CertificateRef, command: Reissue, shop: Workshop) -> CertificateView:
    """Replace a valid certificate; the one before is superseded that day and answers so, without either name.

    A correction of the content is a decision like another: eligibility is checked again. Raises
    ``Conflict("certificate_refused")`` with everything that forbids it. The holder is told by letter.
    """
    moment = now()
    enrolment = service.locked(session, actor, seen.enrolment_id)
    row = locked(session, seen.id)
    decision = service.decision_on(session, enrolment, row.kind, rules.issued_on(moment))
    whole = command.what is Correction.CONTENT
    case = replace(service.case_of(session, actor, decision), already=None)
    against = rules_corrections.against(rules.refuse_issue(case), whole=whole)
    service.refuse(against)
    before = CertificateRecord.model_validate(row.record)
    after = rules_corrections.corrected(before, service.record_of(session, decision, shop.site), whole=whole)
    service.refuse(rules_corrections.refuse_reissue(row.state, before, after))
    end(session, row, CertificateState.SUPERSEDED, decision.day, shop)
    fresh = service.write(session, actor, decision, after, moment, replacing=row.id, why=command.reason)
    write_to_holder(session, enrolment.person_id, "certificate_replaced", before=row.number, after=fresh.number)
    return view(fresh, actor.name)


def history(session: Session, seen: CertificateRef) -> CertificateHistory:
    """The documents before and after a certificate, the reason of its making, and its revocations."""
    row = session.get_one(Certificate, seen.id)
    before = lines_of(session, col(Certificate.id) == row.supersedes_id)
    after = lines_of(session, col(Certificate.supersedes_id) == seen.id)
    return CertificateHistory(
        replaces=next(iter(before), None),
        replaced_by=next(iter(after), None),
        reason=row.why,
        ended_on=row.ended_on,
        revocations=revocations_of(session, seen),
    )
