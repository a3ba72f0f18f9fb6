"""Changing a cohort, and preparing one like it; ``overview/cohort_change`` computes what a change does to people."""

from sqlmodel import col, select

from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment, cohort_search_key
from app.cohorts.offer.service import published_paths
from app.cohorts.schemas import CohortRef, NewCohort, StaffCommand
from app.cohorts.service import add_cohort, add_staff, works_in_college
from app.cohorts.settings.notices import tell_changed
from app.cohorts.settings.rules import change_reasons, code_of_copy, end_of_copy
from app.cohorts.settings.schemas import CohortChange, CopyCohort
from app.identity.staff import service as staff
from app.network import service as network
from app.platform.database.session import Session
from app.platform.errors import Conflict, Reason, refuse_unless
from app.platform.security.actor import Actor

ANNOUNCED = {"starts_on", "ends_on", "place"}
"""What people count on, and are told of when it changes."""


def lock_cohort(db: Session, cohort: CohortRef) -> Cohort:
    """Return the cohort's row as it stands now, locked against another change."""
    return db.get_one(Cohort, cohort.id, with_for_update={"key_share": True}, populate_existing=True)


def obstacles(row: Cohort, change: CohortChange) -> list[Reason]:
    """Return why a cohort may not change so."""
    if row.state is CohortState.ARCHIVED:
        return [Reason("cohort_archived")]
    asked = change.model_dump(include={"starts_on", "ends_on", "capacity"})
    return change_reasons(**asked, seated=row.seated)


def change_cohort(db: Session, cohort: CohortRef, change: CohortChange) -> CohortRef:
    """Change a cohort; progress follows its dates at the commit, and people are told of its dates and place.

    Who began on its first day begins on an earlier one too, so that the attendance of sessions before counts; the
    actor's own first day is another person's to change.

    Raises ``Conflict``: ``cohort_archived``, ``seats_taken``; ``Invalid`` when it would end before it starts.
    """
    row = lock_cohort(db, cohort)
    reasons = obstacles(row, change)
    refuse_unless(*(r for r in reasons if r.field == "ends_on"), code="invalid")
    if reasons:
        raise Conflict(reasons[0].code, *reasons)
    if change.starts_on < row.starts_on:
        on_first_day = select(Enrolment).where(
            Enrolment.cohort_id == row.id,
            Enrolment.joined_on == row.starts_on,
            col(Enrolment.person_id).is_distinct_from(db.actor_context.person_id),
        )
        for enrolment in db.exec(on_first_day.order_by(col(Enrolment.id)).with_for_update(key_share=True)).all():
            enrolment.joined_on = change.starts_on
            db.add(enrolment)
    before = row.model_dump(include=ANNOUNCED)
    for name in CohortChange.model_fields:
        setattr(row, name, getattr(change, name))
    row.search_key = cohort_search_key(row.title, row.code, row.place)
    db.add(row)
    db.flush()
    if row.model_dump(include=ANNOUNCED) != before:
        tell_changed(db, row)
    return CohortRef.model_validate(row)


def copy_cohort(db: Session, actor: Actor, cohort: CohortRef, command: CopyCohort) -> CohortRef:
    """Prepare a cohort like another one, as a draft, with its team when that is asked for.

    Those who no longer work in the college are left out, and so is the actor, who gives themselves no role. Raises as
    ``add_cohort`` does.
    """
    version = command.curriculum_version or newest_version(db, cohort)
    same_version = version == cohort.curriculum_version
    new = NewCohort(
        **cohort.model_dump(include=COPIED),
        **command.model_dump(include={"code", "title", "starts_on"}),
        curriculum_version=version,
        ends_on=end_of_copy((cohort.starts_on, cohort.ends_on), command.starts_on, same_version=same_version),
    )
    made = add_cohort(db, actor, network.college(db, cohort.college_id), new)
    for member in staff.team_of(db, cohort.id) if command.with_staff else ():
        if member.person_id != actor.person_id and works_in_college(db, cohort.college_id, member.person_id):
            add_staff(db, actor, made, StaffCommand(person_id=member.person_id, role=member.role))
    return made


COPIED = {
    "project_id", "region_code", "phase", "curriculum_slug", "capacity", "place", "late_join_pct", "grace_hours",
}  # fmt: skip
"""What a copy takes over as it is."""


def newest_version(db: Session, cohort: CohortRef) -> str:
    """Return the newest published version of a cohort's path."""
    return next(p.version for p in published_paths(db) if p.slug == cohort.curriculum_slug)


def suggested_code(db: Session, cohort: CohortRef) -> str:
    """Return a code that no cohort of the college has."""
    taken = db.exec(select(Cohort.code).where(Cohort.college_id == cohort.college_id)).all()
    return code_of_copy(cohort.code, set(taken))
