"""Single cases that a tour of the demo should meet: a late package, a transfer (S1, S3)."""

from datetime import timedelta

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import ApplyCommand, EnrolmentRef, MoveCommand
from app.cohorts.enums import EnrolmentState
from app.curricula.enums import ActivityType
from app.demo.network import Group, Story, curriculum_of, noon
from app.learning.hand_ins import service as hand_ins
from app.learning.hand_ins.schemas import TextCommand
from app.platform.clock import at
from app.platform.security.permissions import Permission
from app.progress.path.service import progress_of
from app.progress.schemas import State


def tell_stories(story: Story) -> None:
    """All of them."""
    by_name = {f"{g.plan.place} {g.plan.code}": g for g in story.groups}
    if "lac-gilman GEN-1" in by_name:
        declared_late(story, by_name["lac-gilman GEN-1"])
    if {"piekouagami SPE-1", "harricana SPE-1"} <= by_name.keys():
        transferred(story, by_name["piekouagami SPE-1"], by_name["harricana SPE-1"])


def declared_late(story: Story, group: Group) -> None:
    """S1: done off line on Thursday, sent from the library on Saturday."""
    thursday = noon(story.today - timedelta(days=3))
    codes = [a.code for a in curriculum_of(group).activities if a.type is ActivityType.assessment and not a.is_group]
    with at(thursday + timedelta(days=2)), story.database.transaction() as db:
        for enrolment in group.enrolments:
            actor = story.actor(db, enrolment.person_id, Permission.ACTIVITY_DO)
            progress = progress_of(db, enrolment)
            code = next((c for c in codes if progress.activity(c).state is State.OPEN), None)
            if code is not None:
                body = "Fait hors ligne jeudi soir; envoyé samedi depuis la bibliothèque."
                command = TextCommand(activity_code=code, body=body, completed_at=thursday)
                hand_ins.hand_in_text(db, actor, enrolment, command)
                return


def transferred(story: Story, source: Group, target: Group) -> None:
    """S3: someone moves from one region to another in the middle of the path; nothing is deleted."""
    with at(noon(story.today - timedelta(days=12))):
        with story.database.transaction() as db:
            manager = story.actor(db, source.staff.coordinator, Permission.ENROLMENT_MANAGE)
            leaving = [e for e in enrolments.enrolments_in(db, source.cohort) if e.state is EnrolmentState.ACTIVE][-1]
            reason = f"Déménagement à {target.staff.college.city}."
            enrolments.move(db, manager, leaving, MoveCommand(to=EnrolmentState.TRANSFERRED, reason=reason))
        _receive(story, target, leaving)


def _receive(story: Story, target: Group, leaving: EnrolmentRef) -> None:
    with story.database.transaction() as db:
        manager = story.actor(db, target.staff.coordinator, Permission.COHORT_MANAGE)
        cohorts.set_applications(db, target.cohort, is_open=True)
        applicant = story.actor(db, leaving.person_id, Permission.COHORT_APPLY)
        command = ApplyCommand(motive="Je poursuis ici le parcours commencé ailleurs.", employer_agrees=True)
        arriving = enrolments.apply(db, applicant, cohorts.see_open_cohort(db, target.cohort.id), command)
        manager = story.actor(db, target.staff.coordinator, Permission.ENROLMENT_MANAGE)
        admit = MoveCommand(to=EnrolmentState.ADMITTED, reason="Transfert en cours de parcours.")
        arriving = enrolments.move(db, manager, enrolments.see_enrolment(db, manager, arriving.id), admit)
        enrolments.move(db, manager, arriving, MoveCommand(to=EnrolmentState.ACTIVE))
        cohorts.set_applications(db, target.cohort, is_open=False)
