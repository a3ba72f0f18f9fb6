"""Who is in a cohort's team, and what a departure leaves without anybody."""

import sqlalchemy as sa
from sqlalchemy import exists, func
from sqlmodel import col

from app.attendance.calendar.models import ScheduledSession
from app.attendance.roll_calls.models import RollCall
from app.cohorts.lifecycle.service import effects_of, mark_of
from app.cohorts.schemas import CohortRef
from app.cohorts.service import require_not_archived
from app.grading.queue.service import works_to_judge
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import holders
from app.identity.staff import service as staff
from app.identity.staff.schemas import RoleChangeCommand, StaffRoleRef, TeamMember
from app.overview.cohort_team.rules import Duties, departure_effects
from app.overview.cohort_team.schemas import LeavePreview, LeaveTeam, Team
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, Reason
from app.platform.search import search_key
from app.platform.security.actor import Actor
from app.platform.security.permissions import Role

JOINING = (Role.TRAINER, Role.FACILITATOR)
"""The roles that people hold in a cohort; its coordinators and registrars are the college's."""


def team(db: Session, cohort: CohortRef) -> Team:
    """Return the team of a cohort, by role and name."""
    return Team(items=tuple(staff.team_of(db, cohort.id)))


def who_may_join(db: Session, cohort: CohortRef) -> list[tuple[int, str]]:
    """Return ``(person id, name)`` of the college's trainers and facilitators, by name."""
    people = {id_: name for role in JOINING for id_, name in holders(db, role, college_id=cohort.college_id)}
    return sorted(people.items(), key=lambda person: (search_key(person[1]), person[0]))


def preview_departure(db: Session, cohort: CohortRef, role: StaffRoleRef) -> LeavePreview:
    """Return what someone's departure leaves; raise ``NotFound`` for a role that is not held in the cohort."""
    members = staff.team_of(db, cohort.id)
    member = next((m for m in members if m.role_id == role.id), None)
    if member is None:
        raise NotFound
    others = sum(m.role is member.role for m in members) - 1
    effects = effects_of(departure_effects(member.role, others, _duties(db, cohort, member)))
    return LeavePreview(member=member, effects=effects, shown=mark_of(cohort.state, *effects))


def leave(db: Session, actor: Actor, cohort: CohortRef, role: StaffRoleRef, command: LeaveTeam) -> None:
    """End a role in a cohort, with its reason; raise ``Conflict("cohort_changed")`` when it leaves something else.

    Raises ``NotFound``, ``Conflict``: ``role_ended``, ``cohort_archived``.
    """
    require_not_archived(cohort)
    preview = preview_departure(db, cohort, role)
    if command.shown != preview.shown:
        raise Conflict("cohort_changed", Reason("cohort_changed"))
    staff.end_in_cohort(db, actor, role, RoleChangeCommand(reason=command.reason))


def _duties(db: Session, cohort: CohortRef, member: TeamMember) -> Duties:
    begun = col(ScheduledSession.starts_at) <= now()
    called = exists().where(col(RollCall.session_id) == ScheduledSession.id)
    of_cohort = (col(ScheduledSession.cohort_id) == cohort.id, col(ScheduledSession.cancelled_at).is_(None), ~called)
    counts = db.execute(
        sa.select(
            sa.select(func.count()).select_from(ScheduledSession).where(*of_cohort, ~begun).scalar_subquery(),
            sa.select(func.count()).select_from(ScheduledSession).where(*of_cohort, begun).scalar_subquery(),
            sa.select(func.count()).select_from(works_to_judge(cohort).subquery()).scalar_subquery(),
            sa.select(func.count())
            .select_from(RoleGrantRow)
            .where(
                col(RoleGrantRow.person_id) == member.person_id,
                col(RoleGrantRow.cohort_id) == cohort.id,
                col(RoleGrantRow.role) == Role.FACILITATOR,
                col(RoleGrantRow.group_id).is_not(None),
                col(RoleGrantRow.ended_at).is_(None),
            )
            .scalar_subquery(),
        )
    ).one()
    return Duties(*counts)
