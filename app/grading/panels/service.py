"""Panels: a review is asked, assessors are named or take it, each records a level, and their levels decide (S5).

Each verb locks the person's enrolments first: two who speak at once decide once.
"""

from collections.abc import Collection, Sequence
from itertools import zip_longest

import sqlalchemy as sa
from sqlmodel import col

from app.accompaniment.interests.service import conflicted
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import enrolment_ref
from app.cohorts.models import Enrolment
from app.cohorts.service import require_enrolment_not_archived
from app.curricula.library import curriculum_of, default_library
from app.grading import service as grading
from app.grading.assessors import able_assessors, eligible_assessors
from app.grading.evidence.service import evidence_refs
from app.grading.panels import reading, rules
from app.grading.panels.confirmations import due_on, open_confirmation, open_held_panel, review_days
from app.grading.panels.enums import PanelKind, PanelState
from app.grading.panels.models import Panel, PanelDecision, PanelOpinion, PanelSeat
from app.grading.panels.reading import votes_of
from app.grading.panels.rules import Outcome
from app.grading.panels.schemas import (
    AskReview,
    GiveOpinion,
    NameAssessors,
    OpenPanel,
    PanelRef,
    PanelShown,
    ReviewOffer,
)
from app.grading.rules import RUNNING, evidence_reasons, highest_cells, level_reasons
from app.grading.schemas import JudgeCommand, JudgementShown, refs_of
from app.holds.enums import HoldKind
from app.holds.service import lift_decided, lock_enrolments
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Forbidden, Invalid, Reason
from app.platform.messages.i18n import t, today
from app.platform.security.actor import Actor
from app.platform.security.permissions import P
from app.platform.working_days import add_working_days
from app.progress.service import let_archived_change


def is_under_review(db: Session, enrolment_id: int) -> bool:
    """Return whether a review that the person asked is open."""
    of_enrolment = col(Panel.enrolment_id) == enrolment_id
    return bool(db.execute(sa.select(sa.exists().where(of_enrolment, reading.IS_REVIEW, reading.IS_OPEN))).scalar_one())


# Opening -----------------------------------------------------------------------------------------


def ask_review(db: Session, actor: Actor, judgement: JudgementShown, command: AskReview) -> PanelShown:
    """Contest a judgement of one's own: a review, or after it a committee; a hold lasts until the decision.

    Raises ``Conflict("review_refused")``: too late, open already, decided on for good.
    """
    enrolment = _locked(db, judgement.enrolment_id)
    offer, reasons = _offer(db, enrolment, judgement)
    if reasons or offer.kind is None:
        raise Conflict("review_refused", *reasons)
    row = open_held_panel(
        db,
        actor,
        enrolment,
        kind=offer.kind,
        judgement_id=judgement.id,
        competency=judgement.competency_code,
        hold=HoldKind.REVIEW,
        hold_reason=t("panels.hold", competency=judgement.competency_code),
        motive=command.motive,
    )
    return reading.load_panel(db, actor, reading.ref_of(db, row))


def review_offer(db: Session, enrolment: EnrolmentRef, judgement: JudgementShown) -> ReviewOffer:
    """Return what the person may ask of a judgement, and until when."""
    return _offer(db, enrolment, judgement)[0]


def _offer(db: Session, enrolment: EnrolmentRef, judgement: JudgementShown) -> tuple[ReviewOffer, list[Reason]]:
    before, days = reading.decided_before(db, enrolment, judgement), review_days(db, enrolment)
    history = grading.judgements(db, enrolment, competency=judgement.competency_code)
    is_current = any(j.id == judgement.id and j.is_current for j in history)
    is_open = bool(grading.open_panels(db, enrolment, judgement.competency_code))
    reasons = rules.ask_reasons(before, today(enrolment.timezone), days, is_current=is_current, is_open=is_open)
    until = add_working_days(before.decided_on, days)
    return ReviewOffer(kind=rules.next_kind(before), until=until, days=days, reasons=tuple(reasons)), reasons


def open_panel(db: Session, actor: Actor, enrolment: EnrolmentRef, command: OpenPanel) -> PanelShown:
    """Have a competency judged by two people on the same evidence, each on their own."""
    _locked(db, enrolment.id)
    _check_running(db, enrolment.id)
    code = command.competency_code
    curriculum = curriculum_of(enrolment)
    if code not in default_library().framework_of(curriculum).by_code:
        raise Invalid("invalid", Reason("competency_unknown", {"competency": code}, "competency_code"))
    if grading.open_panels(db, enrolment, code):
        raise Conflict("panel_open", Reason("panel_open", field="competency_code"))
    eligible = able_assessors(db, enrolment, code, command.assessor_ids)
    reasons = [
        *evidence_reasons(curriculum, code, command.evidence, evidence_refs(db, enrolment)),
        *rules.naming_reasons(PanelKind.DOUBLE, (), command.assessor_ids, differs=False, eligible=eligible),
    ]
    if reasons:
        raise Invalid("invalid", *reasons)
    row = Panel(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        competency_code=code,
        kind=PanelKind.DOUBLE,
        evidence=[ref.key for ref in dict.fromkeys(command.evidence)],
        opened_at=now(),
        opened_by=actor.person_id,
        due_on=due_on(db, enrolment),
    )
    db.add(row)
    db.flush()
    ref = reading.ref_of(db, row)
    _seat(db, actor, enrolment, ref, command.assessor_ids)
    return reading.load_panel(db, actor, ref)


# Assessors ---------------------------------------------------------------------------------------


def eligible_for(db: Session, ref: PanelRef) -> Sequence[tuple[int, str]]:
    """Return who may still be named: none of those who judged it, reviewed it or sit already."""
    enrolment = enrolment_ref(db, ref.enrolment_id)
    return eligible_assessors(db, enrolment, ref.competency_code, former=reading.former_assessors(db, ref))


def name_assessors(db: Session, actor: Actor, ref: PanelRef, command: NameAssessors) -> PanelShown:
    """Name the assessors who are missing, who replaces one that may no longer judge, or the third where two differ.

    They are told.
    """
    enrolment = _locked(db, ref.enrolment_id)
    _check_undecided(db, ref)
    named = reading.all_seats(db, ref)
    seats, votes = rules.current_assessors(named), votes_of(db, ref, named)
    vacant = reading.vacant_seats(db, enrolment, ref, seats, votes)
    reasons = rules.naming_reasons(
        ref.kind,
        seats,
        command.assessor_ids,
        differs=rules.state_of(ref.kind, seats, votes, decided=False) is PanelState.DIFFERING,
        eligible=_able(db, enrolment, ref, command.assessor_ids),
        vacant=len(vacant),
    )
    if reasons:
        raise Invalid("invalid", *reasons)
    _seat(db, actor, enrolment, ref, command.assessor_ids, replaced=vacant)
    return reading.load_panel(db, actor, ref)


def take(db: Session, actor: Actor, ref: PanelRef) -> PanelShown:
    """Take a review that nobody has, as a trainer of the college who may judge it."""
    enrolment = _locked(db, ref.enrolment_id)
    _check_undecided(db, ref)
    if ref.kind not in rules.TAKEN or reading.seats_of(db, ref):
        raise Conflict("panel_not_taken", Reason("panel_full"))
    if not may_review(db, actor, enrolment, ref):
        raise Forbidden("may_not_judge", Reason("assessor_not_eligible"))
    _seat(db, actor, enrolment, ref, [actor.person_id])
    return reading.load_panel(db, actor, ref)


def may_review(db: Session, actor: Actor, enrolment: EnrolmentRef, ref: PanelRef) -> bool:
    """Return whether the actor trains in the college, may judge the person, and did not judge or review it before."""
    return actor.person_id in _able(db, enrolment, ref, [actor.person_id])


def _able(db: Session, enrolment: EnrolmentRef, ref: PanelRef, people: Collection[int]) -> frozenset[int]:
    """Return which of these people may sit: none of those who judged it, reviewed it or sit already."""
    return able_assessors(db, enrolment, ref.competency_code, people) - reading.former_assessors(db, ref)


def _seat(
    db: Session,
    actor: Actor,
    enrolment: EnrolmentRef,
    ref: PanelRef,
    assessors: Sequence[int],
    *,
    replaced: Sequence[int] = (),
) -> None:
    """Name assessors, each in the place of one who is replaced where there are."""
    by_assessor = {seat.assessor_id: seat.id for seat in reading.all_seats(db, ref)} if replaced else {}
    for assessor, former in zip_longest(assessors, replaced):
        row = PanelSeat(
            college_id=ref.college_id,
            panel_id=ref.id,
            assessor_id=assessor,
            named_at=now(),
            named_by=actor.person_id,
            supersedes_id=by_assessor.get(former),
        )
        db.add(row)
        db.flush()
    _notify(db, Kind.PANEL_NAMED, enrolment, ref, list(assessors))


# Levels ------------------------------------------------------------------------------------------


def give_opinion(db: Session, actor: Actor, ref: PanelRef, command: GiveOpinion) -> PanelShown:
    """Record one's own level; the last one to speak makes the decision, where the levels make one."""
    enrolment = _locked(db, ref.enrolment_id)
    _check_undecided(db, ref)
    if ref.kind is PanelKind.DOUBLE:
        _check_running(db, ref.enrolment_id)
    else:
        let_archived_change(db, ref.enrolment_id)
    named = reading.all_seats(db, ref)
    seats, votes = rules.current_assessors(named), votes_of(db, ref, named)
    _check_speaks(db, actor, enrolment, ref, seats)
    reasons = rules.speaking_reasons(ref.kind, seats, votes, actor.person_id)
    if reasons:
        raise Conflict("opinion_refused", *reasons)
    competency = default_library().framework_of(curriculum_of(enrolment)).by_code[ref.competency_code]
    contested = reading.contested(db, enrolment, ref)
    refused = [
        *level_reasons(competency, command.level, command.criteria_met, command.criteria_levels),
        *rules.lowering_reasons(ref.kind, command.level, contested.level if contested else None),
    ]
    if refused:
        raise Invalid("invalid", *refused)
    reached = highest_cells(command.criteria_levels)
    row = PanelOpinion(
        college_id=ref.college_id,
        panel_id=ref.id,
        assessor_id=actor.person_id,
        round=rules.speaking_round(ref.kind, seats, votes, actor.person_id),
        level=command.level,
        criteria_met=sorted({*command.criteria_met, *reached}),
        criteria_levels=reached,
        reasons=command.reasons,
        recorded_at=now(),
    )
    db.add(row)
    db.flush()
    decided = rules.outcome(ref.kind, seats, votes_of(db, ref, named))
    if decided is not None:
        _decide(db, actor, enrolment, ref, decided)
    return reading.load_panel(db, actor, ref)


def speaks(db: Session, actor: Actor, ref: PanelRef) -> bool:
    """Return whether the actor records a level of the panel now."""
    named = reading.all_seats(db, ref)
    seats = rules.current_assessors(named)
    decided = db.execute(sa.select(sa.exists().where(col(PanelDecision.panel_id) == ref.id))).scalar_one()
    if decided or actor.person_id not in seats or not actor.can(P.PANEL_SIT):
        return False
    return not rules.speaking_reasons(ref.kind, seats, votes_of(db, ref, named), actor.person_id)


def _check_speaks(db: Session, actor: Actor, enrolment: EnrolmentRef, ref: PanelRef, seats: Sequence[int]) -> None:
    """Raise ``Forbidden`` for who is not an assessor of the panel, or whom something keeps from judging since."""
    refusals = [] if actor.person_id in seats else [Reason("not_of_panel")]
    former = reading.former_assessors(db, ref)
    refusals += grading.assessor_refusals(db, actor, enrolment, ref.competency_code, former=former)
    if refusals:
        raise Forbidden("may_not_judge", *refusals)


def _decide(db: Session, actor: Actor, enrolment: EnrolmentRef, ref: PanelRef, decided: Outcome) -> None:
    """Write what the levels decide: the contested judgement is maintained, or another one supersedes it."""
    contested = reading.contested(db, enrolment, ref)
    opinion = reading.last_opinion(db, ref, decided.assessor_id)
    if contested is not None and contested.level == decided.level:
        judgement = contested
    else:
        command = JudgeCommand(
            competency_code=ref.competency_code,
            level=decided.level,
            criteria_met=opinion.criteria_met,
            criteria_levels=opinion.criteria_levels,
            evidence=contested.evidence if contested else refs_of(db.get_one(Panel, ref.id).evidence),
            activity_code=contested.activity_code if contested else None,
            comment=opinion.reasons,
            supersedes=contested.id if contested else None,
            reason=opinion.reasons if contested else None,
        )
        names = reading.names_of(db, [decided.assessor_id])
        judgement = grading.add_judgement(db, enrolment, command, decided.assessor_id, names[decided.assessor_id])
    db.add(
        PanelDecision(
            college_id=ref.college_id,
            panel_id=ref.id,
            level=decided.level,
            basis=decided.basis,
            judgement_id=judgement.id,
            decided_at=now(),
        )
    )
    db.flush()
    if conflicted(db, enrolment.id, reading.seats_of(db, ref)):  # the third decided in place of who declared one
        open_confirmation(db, actor, enrolment, judgement.id, ref.competency_code)
    if ref.hold_id is not None:
        lift_decided(db, actor, ref.hold_id, opinion.reasons)
    if ref.kind in {PanelKind.REVIEW, PanelKind.COMMITTEE}:
        _notify(db, Kind.REVIEW_DECIDED, enrolment, ref, [enrolment.person_id])
    elif contested is None or judgement.id != contested.id:
        grading.tell_judged(db, enrolment, judgement)


def _notify(db: Session, kind: Kind, enrolment: EnrolmentRef, ref: PanelRef, people: list[int]) -> None:
    """Tell people of a panel: its competency and its cohort, in no e-mail a level or a reason."""
    competency = default_library().framework_of(curriculum_of(enrolment)).by_code[ref.competency_code].title.text
    params = {"cohort": enrolment.cohort_title, "competency": competency}
    page, key = f"/revisions/{ref.id}", f"panel:{ref.id}:{kind.value}"
    notify(db, Event(kind, key, people, page, params, ref.college_id))


def _locked(db: Session, enrolment_id: int) -> EnrolmentRef:
    """Lock the person's enrolments in the order in which a hold locks them: two at once never wait for each other."""
    enrolment = enrolment_ref(db, enrolment_id)
    lock_enrolments(db, enrolment.college_id, enrolment.person_id)
    return enrolment


def _check_running(db: Session, enrolment_id: int) -> None:
    """Raise ``Conflict`` where the path ended or the cohort is archived: only a review is still decided then."""
    state = db.execute(sa.select(col(Enrolment.state)).where(col(Enrolment.id) == enrolment_id)).scalar_one()
    if state not in RUNNING:
        raise Conflict("enrolment_not_running")
    require_enrolment_not_archived(db, enrolment_id)


def _check_undecided(db: Session, ref: PanelRef) -> None:
    if db.execute(sa.select(sa.exists().where(col(PanelDecision.panel_id) == ref.id))).scalar_one():
        raise Conflict("panel_decided")
