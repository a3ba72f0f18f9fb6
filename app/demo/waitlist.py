"""The waitlist that the demo network should contain: an offer that expired, one that stands, someone who waits."""

from datetime import timedelta

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import EnrolmentState
from app.cohorts.rules import SEATED
from app.cohorts.settings.schemas import CohortChange
from app.cohorts.settings.service import change_cohort
from app.cohorts.waitlist.filling import fill_seats
from app.demo.network import DemoPlan, Group, noon
from app.platform.clock import at
from app.platform.security.permissions import Permission

COHORT = ("piekouagami", "GEN-3")
WAITING = 3
"""How many people are put on the waitlist: the last who were admitted go back to make as many."""


def add_waitlist(demo: DemoPlan) -> None:
    """Fill a cohort to come, let people wait, and offer them a seat: the first one lets it expire."""
    for group in demo.groups:
        if (group.plan.place, group.plan.code) == COHORT:
            _wait(demo, group)
            for days_ago in (5, 1):
                with at(noon(demo.today - timedelta(days=days_ago))):
                    fill_seats(demo.database, group.cohort.id)


def _wait(demo: DemoPlan, group: Group) -> None:
    """Put people on the waitlist of a cohort that is full but for one seat."""
    with at(noon(demo.today - timedelta(days=6))), demo.database.transaction() as db:
        manager = demo.actor(db, group.staff.coordinator, Permission.ENROLMENT_MANAGE)
        people = enrolments.enrolments_in(db, group.cohort)
        open_ones = [e for e in people if e.state is EnrolmentState.APPLIED]
        admitted = [e for e in people if e.state is EnrolmentState.ADMITTED]
        for enrolment in admitted[len(admitted) - max(WAITING - len(open_ones), 0) :]:
            why = "L’accord de l’employeur se fait attendre."
            enrolments.move(db, manager, enrolment, MoveCommand(to=EnrolmentState.APPLIED, reason=why))
            open_ones.append(enrolment)
        for enrolment in open_ones:
            enrolments.move(db, manager, enrolment, MoveCommand(to=EnrolmentState.WAITLISTED))
        seated = sum(e.state in SEATED for e in enrolments.enrolments_in(db, group.cohort))
        using = demo.actor(db, group.staff.coordinator, Permission.COHORT_MANAGE)
        cohort = cohorts.see_cohort(db, using, group.cohort.id)
        kept = cohort.model_dump(include=set(CohortChange.model_fields))
        change_cohort(db, cohort, CohortChange.model_validate(kept | {"capacity": seated + 1}))
