"""Enterprises of the demo network and the mandates in which advisors accompany them."""

from collections.abc import Sequence
from datetime import timedelta

from app.accompaniment.enterprises import service as enterprises
from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.schemas import NewEnterprise
from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.enums import MilestoneKind
from app.accompaniment.mandates.schemas import MilestoneCommand, NewMandate
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.curricula.enums import MandateKind
from app.curricula.schemas import Module
from app.demo.data import ENTERPRISE_NAMES, TRADES
from app.demo.network import Group, Staff, Story, moment, noon
from app.platform.clock import at
from app.platform.security.permissions import Permission

ENTERPRISES = 460
SHARED_NEQ = "1177000460"
MILESTONES = (
    (MilestoneKind.AGREEMENT, 2),
    (MilestoneKind.DIAGNOSTIC, 12),
    (MilestoneKind.PLAN, 24),
)
"""The three facts and how many days after the opening they come."""

MANDATES = {
    "GEN-8": (MandateKind.orientation, 1),
    "SPE-2": (MandateKind.accompagnement, 1),
    "SPE-4": (MandateKind.accompagnement, 1),
    "SPE-10": (MandateKind.accompagnement, 1),
    "SPE-11": (MandateKind.accompagnement, 1),
}
"""Mandates that people open in a module."""


def know_enterprises(story: Story) -> None:
    """460 enterprises over the colleges; one is known by two of them, with the same NEQ (S11)."""
    staff = list(story.staff.values())
    with at(noon(story.today - timedelta(weeks=50))):
        for place, each in enumerate(staff):
            mine = ENTERPRISES // len(staff) + (place < ENTERPRISES % len(staff))
            with story.database.transaction() as db:
                actor = story.actor(db, each.coordinator, Permission.ENTERPRISE_MANAGE)
                story.pools[each.college.id] = [
                    enterprises.add_enterprise(db, actor, each.college, _enterprise(story, each, place, n)).id
                    for n in range(mine)
                ]


def _enterprise(story: Story, staff: Staff, place: int, n: int) -> NewEnterprise:
    trade, sector = TRADES[(n * 7 + place) % len(TRADES)]
    name = ENTERPRISE_NAMES[(n + 5 * place) % len(ENTERPRISE_NAMES)]
    neq = SHARED_NEQ if n == 0 and place < 2 else f"{story.chance.choice((11, 22, 33))}{70000000 + place * 1000 + n}"  # noqa: PLR2004
    suffix = "" if n < len(ENTERPRISE_NAMES) else f" {staff.college.city}"
    return NewEnterprise(
        name=f"{trade} {name}{suffix}",
        neq=None if n % 13 == 12 else neq,  # noqa: PLR2004 - some have none
        sector=sector,
        size=story.chance.choices(tuple(EnterpriseSize), (45, 40, 12, 3))[0],
        region_code=staff.college.region_code,
    )


def keep_mandates(story: Story, group: Group, module: Module) -> None:
    """Each person's mandate of the module, with as many of its facts as the days since have brought."""
    wanted = MANDATES.get(module.code)
    if wanted is None:
        return
    opened = moment(group, module) - timedelta(days=25)
    with at(opened), story.database.transaction() as db:
        coordinator = story.actor(db, group.staff.coordinator, Permission.MANDATE_MANAGE)
        people = [e for e in cohorts.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
        ids = [_open(story, db, coordinator, e, wanted[0]) for e in people]
    _reach(story, group.staff, ids, opened_days_ago=(noon(story.today) - opened).days)


def _open(story: Story, session: object, actor: object, enrolment: EnrolmentRef, kind: MandateKind) -> int:
    pool = story.pools[enrolment.college_id]
    enterprise_id = pool.pop(0) if len(pool) > 1 else pool[0]
    title = "Orientation numérique" if kind is MandateKind.orientation else "Diagnostic et plan d’action"
    command = NewMandate(kind=kind, title=title, enterprise_id=enterprise_id, opened_on=story.day())
    return mandates.open_mandate(session, actor, [enrolment], command).id  # type: ignore[arg-type]


def _reach(story: Story, staff: Staff, ids: Sequence[int], *, opened_days_ago: int) -> None:
    for kind, days in MILESTONES:
        if days >= opened_days_ago:
            return
        with at(noon(story.today - timedelta(days=opened_days_ago - days))), story.database.transaction() as db:
            coordinator = story.actor(db, staff.coordinator, Permission.MANDATE_MANAGE)
            for mandate_id in ids:
                found = mandates.see_mandate(db, coordinator, mandate_id)
                command = MilestoneCommand(
                    kind=kind, happened_on=story.day(), confidentiality_clause=kind is MilestoneKind.AGREEMENT
                )
                mandates.record_milestone(db, coordinator, found, command)


def go_on(story: Story) -> None:
    """After the path, active advisors keep accompanying enterprises (BR-18), at every stage."""
    for group in story.groups:
        if group.plan.weeks_ago >= 20:  # noqa: PLR2004 - weeks
            with story.database.transaction() as db:
                story.actor(db, group.staff.coordinator, Permission.ENROLMENT_READ)
                people = [e for e in cohorts.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
            for days_ago in (40, 20, 8, 1):
                with at(noon(story.today - timedelta(days=days_ago))), story.database.transaction() as db:
                    coordinator = story.actor(db, group.staff.coordinator, Permission.MANDATE_MANAGE)
                    some = story.chance.sample(people, len(people) // 2)
                    ids = [_open(story, db, coordinator, e, MandateKind.accompagnement) for e in some]
                _reach(story, group.staff, ids, opened_days_ago=days_ago)
