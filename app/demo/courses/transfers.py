"""Transfers of the demo network: one accepted with all it carries, one that awaits consent, one to decide (S3)."""

from datetime import timedelta
from typing import NamedTuple

from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.cohorts.proposals.service import is_under_review
from app.demo.network import DemoPlan, Group, noon
from app.platform.clock import at
from app.platform.security.permissions import Permission
from app.transfers import reading, service
from app.transfers.enums import TransferState
from app.transfers.schemas import AnswerConsent, DecideTransfer, ProposeTransfer


class Story(NamedTuple):
    """Someone who changes college: from which cohort to which, why, since when, how far they are."""

    source: str
    target: str
    reason: str
    days_ago: int
    state: TransferState


PIE, HAR, LGI, VFO = "piekouagami SPE-1", "harricana SPE-1", "lac-gilman SPE-1", "vieux-fort SPE-1"
S = TransferState

STORIES = (
    Story(PIE, HAR, "Déménagement à Amos; l’employeur y a aussi un bureau.", 16, S.ACCEPTED),
    Story(PIE, VFO, "Nouvel emploi à Trois-Rivières à compter du mois prochain.", 5, S.AWAITING_DECISION),
    Story(HAR, LGI, "Déménagement à Chibougamau, au milieu du parcours.", 15, S.ACCEPTED),
    Story(HAR, LGI, "Le groupe de codéveloppement du Lac-Gilman se réunit un jour qui convient mieux.", 3,
          S.AWAITING_CONSENT),
    Story(HAR, LGI, "Nouveau mandat à Chibougamau; le trajet vers Amos est devenu trop long.", 6,
          S.AWAITING_DECISION),
    Story(HAR, PIE, "Retour dans la famille, à Alma; l’employeur accepte le travail à distance.", 4,
          S.AWAITING_DECISION),
)  # fmt: skip
"""The receiving cohort of Trois-Rivières follows a later version of the path, in which one module was split in two."""

ACCEPTED = "Place réservée; le groupe de codéveloppement est prévenu."


def add_transfers(demo: DemoPlan) -> None:
    """Transfer someone for each story whose two cohorts are part of the plan."""
    by_name = {f"{g.plan.place} {g.plan.code}": g for g in demo.groups}
    taken: set[int] = set()
    for story in STORIES:
        if {story.source, story.target} <= by_name.keys():
            source = by_name[story.source]
            leaving = _leaving(demo, source, taken)
            taken.add(leaving.id)
            _tell(demo, story, leaving, source, by_name[story.target])


def _leaving(demo: DemoPlan, source: Group, taken: set[int]) -> EnrolmentRef:
    """Return the last active person who began in a cohort, is in no story yet and awaits no decision."""
    began = {e.id for e in source.enrolments} - taken
    with demo.database.transaction() as db:
        demo.actor(db, source.staff.coordinator, Permission.ENROLMENT_MANAGE)
        active = (e for e in enrolments.enrolments_in(db, source.cohort) if e.state is EnrolmentState.ACTIVE)
        return [e for e in active if e.id in began and not is_under_review(db, e.id)][-1]


def _tell(demo: DemoPlan, story: Story, leaving: EnrolmentRef, source: Group, target: Group) -> None:
    """Propose the transfer; the person consents the next day, and the other college decides two days later."""
    proposed_on = demo.today - timedelta(days=story.days_ago)
    with at(noon(proposed_on)), demo.database.transaction() as db:
        sender = demo.actor(db, source.staff.coordinator, Permission.TRANSFER_MANAGE)
        command = ProposeTransfer(to_cohort_id=target.cohort.id, reason=story.reason)
        transfer = service.propose(db, sender, enrolments.see_enrolment(db, sender, leaving.id), command).id
    if story.state is S.AWAITING_CONSENT:
        return
    with at(noon(proposed_on + timedelta(days=1))), demo.database.transaction() as db:
        person = demo.actor(db, leaving.person_id, Permission.TRANSFER_CONSENT)
        service.answer_consent(db, person, reading.see_transfer(db, person, transfer), AnswerConsent(agrees=True))
    if story.state is S.AWAITING_DECISION:
        return
    with at(noon(proposed_on + timedelta(days=3))), demo.database.transaction() as db:
        receiver = demo.actor(db, target.staff.coordinator, Permission.TRANSFER_MANAGE)
        ref = reading.see_received_transfer(db, receiver, transfer)
        service.decide(db, receiver, ref, DecideTransfer(accepts=True, reason=ACCEPTED))
