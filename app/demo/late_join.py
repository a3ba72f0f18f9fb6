"""The catch-up lists that the demo network should contain: one that waits for a decision, and one decided (S2)."""

from datetime import timedelta

from app.attendance.catch_ups.schemas import CatchUpDecision, CatchUpListCommand
from app.attendance.catch_ups.service import lists_to_decide
from app.cohorts.enrolments import service as enrolments
from app.demo.network import JOINED_LATE, DemoPlan, Group, noon
from app.overview.late_join import service as late_join
from app.overview.late_join.enums import How
from app.platform.clock import at
from app.platform.security.permissions import Permission

DECIDED = JOINED_LATE[1]


def decide_catch_up_lists(demo: DemoPlan) -> None:
    """Decide of what someone who joined late makes up: a workshop is waived, the others have a date."""
    for group in demo.groups:
        if (group.plan.place, group.plan.code) == DECIDED:
            _decide(demo, group)


def _decide(demo: DemoPlan, group: Group) -> None:
    with at(noon(demo.today - timedelta(days=3))), demo.database.transaction() as db:
        actor = demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_MANAGE)
        for late in lists_to_decide(db, group.cohort):
            enrolment = enrolments.see_enrolment(db, actor, late.enrolment_id)
            missed = [
                activity
                for module in late_join.catch_up_list(db, enrolment).modules
                for activity in module.activities
                if activity.how is How.TO_DECIDE
            ]
            waived = CatchUpDecision(
                activity_code=missed[0].activity_code, waived_because="Atelier déjà suivi dans une autre cohorte."
            )
            others = (CatchUpDecision(activity_code=a.activity_code, due_on=a.due_on) for a in missed[1:])
            late_join.decide(db, actor, enrolment, CatchUpListCommand(items=(waived, *others)))
