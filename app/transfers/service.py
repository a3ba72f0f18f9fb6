"""Transfers: proposed by the college that someone leaves, consented to by them, decided by the college that receives.

The acceptance moves both sides in one transaction: the enrolment left behind ends as transferred, the new one opens
with what it receives, computed from the facts of that moment. A tenant exception, listed in docs/tenant-exceptions.md.
"""

from sqlmodel import col, select

from app.cohorts.enrolments.history import record_move
from app.cohorts.enrolments.schemas import EnrolmentRef, MoveCommand
from app.cohorts.enrolments.service import change
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.proposals.service import is_under_review
from app.cohorts.service import require_enrolment_not_archived
from app.holds.rules import hold_reasons
from app.holds.service import open_holds
from app.identity.roles.service import grant_role
from app.network.colleges.service import require_open
from app.platform.clock import now
from app.platform.database.session import Session, set_actor
from app.platform.errors import Conflict, Invalid, Reason
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.permissions import Role
from app.transfers import notices, rules
from app.transfers.enums import TransferState
from app.transfers.models import CarriedFile, Transfer
from app.transfers.reading import held_by, package_of, reaching, targets
from app.transfers.schemas import (
    AnswerConsent,
    DecideTransfer,
    ProposeTransfer,
    TransferRef,
    WithdrawTransfer,
)
from app.transfers.versions import mapping_between

S = TransferState


def propose(db: Session, actor: Actor, enrolment: EnrolmentRef, command: ProposeTransfer) -> TransferRef:
    """Propose the transfer of an enrolment to another cohort, and ask the person's consent where a college changes.

    Raises ``Conflict("cohort_archived")``, ``Conflict("transfer_refused")`` with every reason,
    ``Conflict("transfer_open")`` when one is open already, ``Invalid`` for a cohort that no college offers.
    """
    require_enrolment_not_archived(db, enrolment.id)
    target = next((t for t in targets(db, enrolment) if t.cohort_id == command.to_cohort_id), None)
    row = db.exec(select(Enrolment).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)).one()
    db.refresh(row)
    if target is None:
        raise Invalid("invalid", Reason("transfer_unknown_cohort", field="to_cohort_id"))
    case = rules.Crossing(
        state=row.state,
        slug=row.curriculum_slug,
        cohort_id=row.cohort_id,
        to_slug=row.curriculum_slug,
        to_cohort_id=target.cohort_id,
        to_state=CohortState.RUNNING,
        seats_left=target.seats_left,
        is_mapped=True,
    )
    _refuse(rules.crossing_reasons(case))
    if db.exec(select(Transfer.id).where(Transfer.enrolment_id == row.id, col(Transfer.ended_at).is_(None))).first():
        raise Conflict("transfer_open", Reason("transfer_open"))
    stays = target.college_id == row.college_id
    transfer = Transfer(
        college_id=row.college_id,
        enrolment_id=row.id,
        person_id=row.person_id,
        curriculum_slug=row.curriculum_slug,
        from_version=row.curriculum_version,
        from_title=enrolment.cohort_title,
        to_college_id=target.college_id,
        to_cohort_id=target.cohort_id,
        to_version=target.curriculum_version,
        to_title=target.title,
        reason=command.reason,
        state=S.AWAITING_DECISION if stays else S.AWAITING_CONSENT,
        proposed_at=now(),
        proposed_by=actor.person_id,
    )
    db.add(transfer)
    db.flush()
    notices.tell_proposed(db, transfer)
    return TransferRef.model_validate(transfer)


def answer_consent(db: Session, actor: Actor, ref: TransferRef, command: AnswerConsent) -> None:
    """Give or refuse the consent that one's file passes to the other college; it may be taken back until the decision.

    Raises ``Conflict``: ``transfer_over``, ``consent_not_asked`` within one college, ``consent_given`` a second time.
    """
    row = _lock(db, ref)
    if row.college_id == row.to_college_id:
        raise Conflict("consent_not_asked")
    if not command.agrees:
        _end(db, row, S.CONSENT_REFUSED, by=actor.person_id)
        notices.tell_proposer(db, row)
        return
    require_enrolment_not_archived(db, row.enrolment_id)
    if row.state is not S.AWAITING_CONSENT:
        raise Conflict("consent_given")
    row.state, row.consented_at = S.AWAITING_DECISION, now()
    db.add(row)
    with reaching(db, actor, row.to_college_id):
        notices.tell_receiver(db, row)


def withdraw(db: Session, actor: Actor, ref: TransferRef, command: WithdrawTransfer) -> None:
    """Take a proposal back before it is decided; raise ``Conflict("transfer_over")`` afterwards."""
    row = _lock(db, ref)
    _end(db, row, S.WITHDRAWN, by=actor.person_id, answer=command.reason)
    notices.tell_person(db, row)
    if row.consented_at is not None:
        with reaching(db, actor, row.to_college_id):
            notices.tell_receiver(db, row)


def decide(db: Session, actor: Actor, ref: TransferRef, command: DecideTransfer) -> None:
    """Accept a transfer, or decline it with a reason.

    Raises ``Conflict``: ``transfer_over``, ``consent_missing``, ``reason_needed``, or ``transfer_refused`` with every
    reason for which the enrolment does not go on here. Then nothing is moved, neither here nor there.
    """
    set_actor(db, colleges=actor.colleges | {ref.college_id}, person=actor.person_id)  # until the end: both sides move
    row = _lock(db, ref)
    if row.state is not S.AWAITING_DECISION:
        raise Conflict("consent_missing", Reason("consent_missing"))
    if not command.accepts:
        if command.reason is None:
            raise Conflict("reason_needed", Reason("reason_needed", field="reason"))
        _end(db, row, S.DECLINED, by=actor.person_id, answer=command.reason)
    else:
        _accept(db, actor, row, command.reason)
    notices.tell_proposer(db, row)
    notices.tell_person(db, row)


def _lock(db: Session, ref: TransferRef) -> Transfer:
    """Return the locked row of a transfer that is not over; raise ``Conflict("transfer_over")`` otherwise."""
    row = db.exec(select(Transfer).where(Transfer.id == ref.id).with_for_update(key_share=True)).one()
    db.refresh(row)
    if row.ended_at is not None:
        raise Conflict("transfer_over", Reason("transfer_over", {"ending_kind": row.state.value}))
    return row


def _end(db: Session, row: Transfer, state: TransferState, *, by: int, answer: str | None = None) -> None:
    row.state, row.ended_at, row.ended_by, row.answer = state, now(), by, answer
    db.add(row)
    db.flush()


def _refuse(reasons: list[Reason]) -> None:
    if reasons:
        raise Conflict("transfer_refused", *reasons)


def _accept(db: Session, actor: Actor, transfer: Transfer, answer: str | None) -> None:
    """Move both sides: cohorts and enrolments are locked in the order of their ids, then looked at again."""
    source_id = db.exec(select(Enrolment.cohort_id).where(Enrolment.id == transfer.enrolment_id)).one()
    cohort_ids = sorted({source_id, transfer.to_cohort_id})
    statement = select(Cohort).where(col(Cohort.id).in_(cohort_ids)).order_by(col(Cohort.id))
    locked = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    cohorts = {cohort.id: cohort for cohort in db.exec(locked)}
    in_target = (col(Enrolment.cohort_id) == transfer.to_cohort_id) & (col(Enrolment.person_id) == transfer.person_id)
    both = select(Enrolment).where((col(Enrolment.id) == transfer.enrolment_id) | in_target).order_by(col(Enrolment.id))
    rows = db.exec(both.with_for_update(key_share=True).execution_options(populate_existing=True)).all()
    row = next(r for r in rows if r.id == transfer.enrolment_id)
    former = next((r for r in rows if r.cohort_id == transfer.to_cohort_id), None)
    target = cohorts[transfer.to_cohort_id]
    require_open(db, target.college_id)
    _refuse(_acceptance_reasons(db, row, former, target))
    package = package_of(db, row.id)
    _leave(db, actor, cohorts[row.cohort_id], row, transfer)
    new = former or _new_enrolment(db, actor, target, row)
    command = MoveCommand(to=rules.first_state(target.state), reason=transfer.reason, joined_on=today(target.timezone))
    change(db, actor, target, new, command, granted_by=None)
    file_id, held = held_by(db, new.id)
    db.add(
        CarriedFile(
            college_id=new.college_id,
            enrolment_id=new.id,
            transfer_id=transfer.id,
            supersedes_id=file_id,
            carried_at=now(),
            body=rules.received(package, new.id, held).model_dump(mode="json"),
        )
    )
    transfer.to_enrolment_id = new.id
    _end(db, transfer, S.ACCEPTED, by=actor.person_id, answer=answer)


def _acceptance_reasons(db: Session, row: Enrolment, former: Enrolment | None, target: Cohort) -> list[Reason]:
    """Return why an enrolment does not go on in a cohort now: also a review or a hold that is still open on it."""
    slug = row.curriculum_slug
    is_mapped = slug == target.curriculum_slug and (
        mapping_between(slug, row.curriculum_version, target.curriculum_version) is not None
    )
    case = rules.Crossing(
        state=row.state,
        slug=slug,
        cohort_id=row.cohort_id,
        to_slug=target.curriculum_slug,
        to_cohort_id=target.id,
        to_state=target.state,
        seats_left=target.capacity - target.seated,
        is_mapped=is_mapped,
    )
    reasons = rules.crossing_reasons(case)
    if former is not None and former.state not in rules.OPENS_AGAIN:
        reasons.append(Reason("transfer_there_already"))
    if is_under_review(db, row.id):
        reasons.append(Reason("transfer_under_review"))
    return reasons + hold_reasons(open_holds(db, [row.id]).get(row.id, ()))


def _leave(db: Session, actor: Actor, cohort: Cohort, row: Enrolment, transfer: Transfer) -> None:
    """End the enrolment as transferred: its row, its facts and its owner's reading stay."""
    command = MoveCommand(to=EnrolmentState.TRANSFERRED, reason=transfer.reason)
    change(db, actor, cohort, row, command, granted_by=None)


def _new_enrolment(db: Session, actor: Actor, target: Cohort, row: Enrolment) -> Enrolment:
    """Add the enrolment of the new cohort, with the employer that the former one names (BR-13)."""
    new = Enrolment(
        college_id=target.college_id,
        cohort_id=target.id,
        person_id=row.person_id,
        curriculum_slug=target.curriculum_slug,
        curriculum_version=target.curriculum_version,
        state=EnrolmentState.APPLIED,
        employer=row.employer,
    )
    db.add(new)
    db.flush()
    record_move(db, new, None, by=actor.person_id)
    grant_role(db, row.person_id, Role.PARTICIPANT, college_id=target.college_id)
    return new
