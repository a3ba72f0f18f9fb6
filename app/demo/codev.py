"""Codevelopment in the demo network: groups, sessions, turns; once the reserve takes the client's place (S4)."""

from datetime import datetime, timedelta

from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.codev.groups import service as codev
from app.codev.groups.schemas import GroupRef, GroupShown, NewGroup
from app.codev.records import service as records
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.schemas import PresenceCommand, RecordCommand, TurnCommand
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.schemas import CodevSessionRow, NewCodevSession, ProposedShown, RoleCommand, RolesCommand
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enums import EnrolmentState
from app.curricula.enums import ActivityType
from app.curricula.schemas import Module
from app.demo.network import Group, Story, curriculum_of, noon
from app.platform.clock import at
from app.platform.database.session import Session
from app.platform.security.permissions import Permission

NAMES = ("Boussole", "Confluence")
AWAY = 0.06
LARGEST = 8
CONSULTATIONS = 2


def form_groups(story: Story, group: Group) -> None:
    """One group up to eight people, two beyond, formed in the second week with their sessions planned."""
    with at(noon(group.cohort.starts_on + timedelta(days=9))), story.database.transaction() as db:
        coordinator = story.actor(db, group.staff.coordinator, Permission.CODEV_MANAGE)
        people = [e.id for e in cohorts.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
        circles = [people] if len(people) <= LARGEST else [people[::2], people[1::2]]
        for name, members in zip(NAMES, circles, strict=False):
            command = NewGroup(name=name, enrolment_ids=tuple(members), facilitator_id=group.staff.facilitator)
            formed = codev.create_group(db, coordinator, group.cohort, command)
            group.codev.append(formed.id)
            for activity, starts_at in _calendar(group):
                when = starts_at + timedelta(days=len(group.codev))
                sessions.plan_session(db, coordinator, formed, NewCodevSession(activity_code=activity, starts_at=when))


def _calendar(group: Group) -> list[tuple[str, datetime]]:
    """Sessions spread evenly from the third week to the end of the codevelopment module."""
    module = next(m for m in curriculum_of(group).modules if m.codev_quorum is not None)
    codes = [a.code for a in module.activities if a.type is ActivityType.codev]
    last = module.week - 1
    weeks = [3 + (last - 3) * n // max(len(codes) - 1, 1) for n in range(len(codes))]
    return [
        (c, noon(group.cohort.starts_on + timedelta(weeks=w, days=1), 14)) for c, w in zip(codes, weeks, strict=True)
    ]


def meet(story: Story, group: Group, module: Module) -> None:
    """Hold every session that has taken place by the end of a module's week."""
    until = min(noon(story.today - timedelta(days=1)), noon(group.cohort.starts_on + timedelta(weeks=module.week)))
    for group_id in group.codev:
        with story.database.transaction() as db:
            facilitator = story.actor(db, group.staff.facilitator, Permission.CODEV_READ)
            circle = codev.see_group(db, facilitator, group_id)
            due = [s for s in sessions.sessions_of(db, circle) if s.held is None and s.starts_at < until]
        for meeting in due:
            _hold(story, group, circle, meeting)


def _hold(story: Story, group: Group, circle: GroupRef, meeting: CodevSessionRow) -> None:
    with at(meeting.starts_at + timedelta(hours=4)), story.database.transaction() as db:
        facilitator = story.actor(db, group.staff.facilitator, Permission.CODEV_RECORD)
        found = sessions.see_codev_session(db, facilitator, meeting.id)
        proposed = sessions.rotation_for(db, found, consultations=CONSULTATIONS)
        roles = tuple(
            role
            for p in proposed
            for role in (
                RoleCommand(position=p.position, membership_id=p.client_id, role=CodevRole.CLIENT),
                RoleCommand(position=p.position, membership_id=p.reserve_id, role=CodevRole.RESERVE),
            )
        )
        sessions.plan_roles(db, found, RolesCommand(roles=roles))
        records.close_record(db, facilitator, found, _record(story, group, db, circle, meeting, proposed))


def _record(  # noqa: PLR0917 - a scene and who is in it
    story: Story,
    group: Group,
    db: Session,
    circle: GroupRef,
    meeting: CodevSessionRow,
    proposed: list[ProposedShown],
) -> RecordCommand:
    shown: GroupShown = codev.group(db, circle)
    swap = group.plan.place == "harricana" and meeting.activity_code.endswith(("7.B", "9.02"))
    clients = {p.client_id for p in proposed} | {p.reserve_id for p in proposed}
    present = PresenceMode.VIDEO if story.chance.random() < AWAY * 4 else PresenceMode.ONSITE
    entries = []
    for member in shown.members:
        if not member.follows:
            continue
        away = swap and member.membership_id == proposed[0].client_id
        absent = member.membership_id not in clients and story.chance.random() < AWAY
        if away or absent:
            status = PresenceStatus.EXCUSED if away else PresenceStatus.ABSENT
            entries.append(PresenceCommand(membership_id=member.membership_id, status=status, minutes=0))
        else:
            entries.append(
                PresenceCommand(
                    membership_id=member.membership_id,
                    status=PresenceStatus.PRESENT,
                    minutes=meeting.planned_minutes,
                    mode=present,
                )
            )
    turns = [TurnCommand(position=p.position, client_id=p.client_id, status=TurnStatus.HELD) for p in proposed]
    if swap:
        turns[0] = TurnCommand(
            position=1, client_id=proposed[0].reserve_id, status=TurnStatus.SWAPPED, reason=TurnReason.ABSENCE
        )
    return RecordCommand(entries=tuple(entries), turns=tuple(turns))
