"""The demo network's enterprises, and the mandates of advisors there."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, select

from app.accompaniment.confirmations import service as confirmations
from app.accompaniment.enterprises import service as enterprises
from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.schemas import NewEnterprise
from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.enums import MilestoneKind
from app.accompaniment.mandates.models import MandateMilestone, MilestoneConfirmation
from app.accompaniment.mandates.schemas import MilestoneCommand, NewMandate
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.curricula.enums import MandateKind
from app.curricula.schemas import Module
from app.demo.data import ENTERPRISE_NAMES, TRADES
from app.demo.network import DemoPlan, Group, Staff, moment, noon
from app.platform.clock import at
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.permissions import Permission

ENTERPRISES = 460
SHARED_NEQ = "1177000460"
MILESTONES = (
    (MilestoneKind.AGREEMENT, 2),
    (MilestoneKind.DIAGNOSTIC, 12),
    (MilestoneKind.PLAN, 24),
)
"""The three milestones, and how many days after the opening each is recorded."""

WAITING_DAYS = 7
"""Milestones that are more recent still await their confirmation."""

MANDATES = {
    "GEN-8": (MandateKind.orientation, 1),
    "SPE-2": (MandateKind.accompagnement, 1),
    "SPE-4": (MandateKind.accompagnement, 1),
    "SPE-10": (MandateKind.accompagnement, 1),
    "SPE-11": (MandateKind.accompagnement, 1),
}
"""The mandate that each person opens in a module: its kind, and how many."""


def add_enterprises(demo: DemoPlan) -> None:
    """Add 460 enterprises, shared out among the colleges; two colleges have one with the same NEQ (S11)."""
    colleges = list(demo.staff.values())
    with at(noon(demo.today - timedelta(weeks=50))):
        for position, staff in enumerate(colleges):
            count = ENTERPRISES // len(colleges) + (position < ENTERPRISES % len(colleges))
            with demo.database.transaction() as db:
                actor = demo.actor(db, staff.coordinator, Permission.ENTERPRISE_MANAGE)
                demo.enterprise_pools[staff.college.id] = [
                    enterprises.add_enterprise(db, actor, staff.college, _enterprise(demo, staff, position, n)).id
                    for n in range(count)
                ]


def _enterprise(demo: DemoPlan, staff: Staff, position: int, n: int) -> NewEnterprise:
    trade, sector = TRADES[(n * 7 + position) % len(TRADES)]
    name = ENTERPRISE_NAMES[(n + 5 * position) % len(ENTERPRISE_NAMES)]
    is_shared = n == 0 and position < 2  # noqa: PLR2004 - the first enterprise of the first two colleges
    neq = SHARED_NEQ if is_shared else f"{demo.rng.choice((11, 22, 33))}{70000000 + position * 1000 + n}"
    suffix = "" if n < len(ENTERPRISE_NAMES) else f" {staff.college.city}"
    return NewEnterprise(
        name=f"{trade} {name}{suffix}",
        neq=None if n % 13 == 12 else neq,  # noqa: PLR2004 - some have none
        sector=sector,
        size=demo.rng.choices(tuple(EnterpriseSize), (45, 40, 12, 3))[0],
        region_code=staff.college.region_code,
    )


def open_mandates(demo: DemoPlan, group: Group, module: Module) -> None:
    """Open each person's mandate of the module, and record the milestones that the days since have brought."""
    if module.code not in MANDATES:
        return
    kind, _ = MANDATES[module.code]
    opened = moment(group, module) - timedelta(days=25)
    with at(opened), demo.database.transaction() as db:
        coordinator = demo.actor(db, group.staff.coordinator, Permission.MANDATE_MANAGE)
        active = [e for e in cohorts.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
        ids = [_open(demo, db, coordinator, enrolment, kind) for enrolment in active]
    days_ago = (noon(demo.today) - opened).days
    _record_milestones(demo, group.staff, ids, opened_days_ago=days_ago, trainer=group.staff.trainers[0])


def _open(demo: DemoPlan, db: Session, actor: Actor, enrolment: EnrolmentRef, kind: MandateKind) -> int:
    """Open a mandate in the college's next enterprise and return its id; the last enterprise is used again."""
    pool = demo.enterprise_pools[enrolment.college_id]
    enterprise_id = pool.pop(0) if len(pool) > 1 else pool[0]
    title = "Orientation numérique" if kind is MandateKind.orientation else "Diagnostic et plan d’action"
    command = NewMandate(kind=kind, title=title, enterprise_id=enterprise_id, opened_on=demo.current_day())
    return mandates.open_mandate(db, actor, [enrolment], command).id


def _record_milestones(demo: DemoPlan, staff: Staff, ids: Sequence[int], *, opened_days_ago: int, trainer: int) -> None:
    """Record what the days since have brought; the trainer confirms it, but what was recorded this week waits."""
    for kind, days in MILESTONES:
        if days >= opened_days_ago:
            return
        with at(noon(demo.today - timedelta(days=opened_days_ago - days))), demo.database.transaction() as db:
            coordinator = demo.actor(db, staff.coordinator, Permission.MANDATE_MANAGE)
            for mandate_id in ids:
                mandate = mandates.see_mandate(db, coordinator, mandate_id)
                command = MilestoneCommand(
                    kind=kind, happened_on=demo.current_day(), confidentiality_clause=kind is MilestoneKind.AGREEMENT
                )
                mandates.record_milestone(db, coordinator, mandate, command)
            if opened_days_ago - days > WAITING_DAYS:
                _confirm(demo, db, trainer, ids)


def _confirm(demo: DemoPlan, db: Session, trainer: int, mandate_ids: Sequence[int]) -> None:
    actor = demo.actor(db, trainer, Permission.MANDATE_CONFIRM)
    waiting = select(MandateMilestone.id).where(
        col(MandateMilestone.mandate_id).in_(mandate_ids),
        col(MandateMilestone.id).not_in(select(MilestoneConfirmation.milestone_id)),
    )
    for milestone_id in db.exec(waiting).all():
        confirmations.confirm(db, actor, confirmations.see_milestone(db, actor, milestone_id))


def continue_mandates(demo: DemoPlan) -> None:
    """Open mandates of every age for active advisors whose path is over: they keep accompanying (BR-18)."""
    for group in demo.groups:
        if group.plan.weeks_ago >= 20:  # noqa: PLR2004 - weeks
            with demo.database.transaction() as db:
                demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_READ)
                active = [e for e in cohorts.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
            for days_ago in (40, 20, 8, 1):
                with at(noon(demo.today - timedelta(days=days_ago))), demo.database.transaction() as db:
                    coordinator = demo.actor(db, group.staff.coordinator, Permission.MANDATE_MANAGE)
                    half = demo.rng.sample(active, len(active) // 2)
                    ids = [_open(demo, db, coordinator, e, MandateKind.accompagnement) for e in half]
                trainer = group.staff.trainers[0]
                _record_milestones(demo, group.staff, ids, opened_days_ago=days_ago, trainer=trainer)
