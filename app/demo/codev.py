"""Codevelopment in the demo network: groups, sessions, records; in one, the reserve replaces the client (S4)."""

from datetime import datetime, timedelta

from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.codev.contracts.schemas import AgreeCommand
from app.codev.contracts.service import agree
from app.codev.entrances import service as entrances
from app.codev.entrances.schemas import ConcernCommand
from app.codev.groups import service as codev
from app.codev.groups.people import free_members
from app.codev.groups.schemas import GroupRef, JoinCommand, NewGroup
from app.codev.protocols.enums import Variant
from app.codev.records import service as records
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.schemas import PresenceCommand, RecordCommand, TurnCommand
from app.codev.sessions import changes
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import CodevRole, MoveReason
from app.codev.sessions.schemas import (
    ChangeCodevSession,
    CodevSessionRow,
    NewCodevSession,
    ProposedShown,
    RoleCommand,
    RolesCommand,
)
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enums import EnrolmentState
from app.curricula.enums import ActivityType, Mode
from app.curricula.library import curriculum_of
from app.curricula.schemas import Module
from app.demo.codev_now import is_under_way, start_under_way
from app.demo.network import DemoPlan, Group, noon
from app.identity.roles.service import holders
from app.network.venues.service import venues_offered
from app.platform.clock import at
from app.platform.database.session import Session
from app.platform.security.permissions import Permission, Role

NAMES = ("Boussole", "Confluence")
ABSENT = 0.06
LARGEST_GROUP = 8
CONSULTATIONS = 2
MOVED = ("harricana", "GEN-7.A")
"""The place and the activity of a session that the weather moved."""
ENTERED = ("lac-gilman", "GEN-1")
"""The cohort in which one person is still to enter a group, announced to its members (S2)."""


def form_groups(demo: DemoPlan, group: Group) -> None:
    """Form one group of up to eight people, two beyond, in the second week, and plan their sessions."""
    under_way_at = start_under_way(demo.today)
    with at(noon(group.cohort.starts_on + timedelta(days=9))), demo.database.transaction() as db:
        coordinator = demo.actor(db, group.staff.coordinator, Permission.CODEV_MANAGE)
        enrolment_ids = [e.id for e in cohorts.enrolments_in(db, group.cohort) if e.state is EnrolmentState.ACTIVE]
        if (group.plan.place, group.plan.code) == ENTERED:
            enrolment_ids.pop()
        in_one_group = len(enrolment_ids) <= LARGEST_GROUP
        memberships = [enrolment_ids] if in_one_group else [enrolment_ids[::2], enrolment_ids[1::2]]
        for name, members in zip(NAMES, memberships, strict=False):
            command = NewGroup(name=name, enrolment_ids=tuple(members), facilitator_id=group.staff.facilitator)
            codev_group = codev.create_group(db, coordinator, group.cohort, command)
            group.codev.append(codev_group.id)
            rooms = own_venues(db, group)
            for activity, when in _dates(demo, group, under_way_at):
                new_session = NewCodevSession(
                    activity_code=activity,
                    starts_at=when,
                    mode=Mode.hybrid,
                    venue_id=rooms[0] if rooms else None,
                    meeting_link=meeting_link(group, f"{activity}-{len(group.codev)}"),
                )
                sessions.plan_session(db, coordinator, codev_group, new_session)
    for group_id in group.codev:
        _accept_contract(demo, group, group_id)


def _accept_contract(demo: DemoPlan, group: Group, group_id: int) -> None:
    """Have everyone accept the contract of a group three days later; one person still has to before a first session."""
    day = group.cohort.starts_on + timedelta(days=12)
    has_met = _calendar(group)[0][1] < noon(demo.today)
    if day >= demo.today:
        return
    with at(noon(day)), demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.CODEV_READ)
        members = [id_ for id_, _ in holders(
            db, Role.PARTICIPANT, college_id=group.cohort.college_id, group_id=group_id
        )]  # fmt: skip
        for person_id in [group.staff.facilitator, *(members if has_met else members[1:])]:
            person = demo.actor(db, person_id, Permission.CODEV_TAKE_PART)
            ref = codev.see_group(db, person, group_id)
            agree(db, person, ref, AgreeCommand(contract_version=ref.contract_version, composition=ref.composition))


def own_venues(db: Session, group: Group) -> list[int]:
    """Return the ids of the venues in use of the cohort's college, by name."""
    return [v.id for v in venues_offered(db, group.cohort.college_id) if v.college_id is not None]


def meeting_link(group: Group, name: str) -> str:
    """Return the address of an online meeting, on a host that exists nowhere."""
    return f"https://visio.example/{group.plan.place}/{name.lower().replace('.', '-')}"


def _calendar(group: Group) -> list[tuple[str, datetime]]:
    """Return each session's activity code and start, spread from the third week to the end of the module."""
    module = next(m for m in curriculum_of(group.cohort).modules if m.codev_quorum is not None)
    codes = [a.code for a in module.activities if a.type is ActivityType.codev]
    last = module.week - 1
    weeks = [3 + (last - 3) * n // max(len(codes) - 1, 1) for n in range(len(codes))]
    return [
        (c, noon(group.cohort.starts_on + timedelta(weeks=w, days=1), 14)) for c, w in zip(codes, weeks, strict=True)
    ]


def _dates(demo: DemoPlan, group: Group, under_way_at: datetime) -> list[tuple[str, datetime]]:
    """Return the sessions of the group formed last; in one cohort, the next one is under way as the demo is loaded."""
    dates = [(activity, starts_at + timedelta(days=len(group.codev))) for activity, starts_at in _calendar(group)]
    if is_under_way(group):
        place = next(n for n, (_, when) in enumerate(dates) if when.date() >= demo.today)
        dates[place] = (dates[place][0], under_way_at)
    return dates


def hold_sessions(demo: DemoPlan, group: Group, module: Module) -> None:
    """Record every session that has taken place by the end of a module's week."""
    until = min(noon(demo.today - timedelta(days=1)), noon(group.cohort.starts_on + timedelta(weeks=module.week)))
    for group_id in group.codev:
        with demo.database.transaction() as db:
            facilitator = demo.actor(db, group.staff.facilitator, Permission.CODEV_READ)
            codev_group = codev.see_group(db, facilitator, group_id)
            due = [s for s in sessions.sessions_of(db, codev_group) if s.held is None and s.starts_at < until]
        for meeting in due:
            if (group.plan.place, meeting.activity_code) == MOVED:
                meeting = _move(demo, group, codev_group, meeting)  # noqa: PLW2901 - the same one, later
            _hold_session(demo, group, codev_group, meeting)


def announce_entrance(demo: DemoPlan, group: Group) -> None:
    """Announce that the person of one cohort who has no group enters its group; a member is concerned."""
    if (group.plan.place, group.plan.code) != ENTERED:
        return
    with at(noon(demo.today - timedelta(days=1))), demo.database.transaction() as db:
        coordinator = demo.actor(db, group.staff.coordinator, Permission.CODEV_MANAGE)
        ref = codev.see_group(db, coordinator, group.codev[-1])
        enrolment_id, _ = free_members(db, group.cohort)[0]
        entering = codev.add_member(db, coordinator, ref, JoinCommand(enrolment_id=enrolment_id)).entering
        members = holders(db, Role.PARTICIPANT, college_id=ref.college_id, group_id=ref.id)
        member = demo.actor(db, members[0][0], Permission.CODEV_TAKE_PART)
        entrance = entrances.see_entrance(db, member, entering[0].entrance_id)
        entrances.say_concern(db, member, entrance, ConcernCommand(is_concerned=True))


def _move(demo: DemoPlan, group: Group, codev_group: GroupRef, meeting: CodevSessionRow) -> CodevSessionRow:
    """Move a session two hours later on its day, the day before it."""
    later = meeting.starts_at + timedelta(hours=2)
    with at(meeting.starts_at - timedelta(days=1)), demo.database.transaction() as db:
        coordinator = demo.actor(db, group.staff.coordinator, Permission.CODEV_MANAGE)
        session = sessions.see_codev_session(db, coordinator, meeting.id)
        command = ChangeCodevSession(
            **meeting.model_dump(include={"planned_minutes", "mode"}),
            venue_id=meeting.venue.id if meeting.venue else None,
            starts_at=later,
            sequence=session.sequence,
            reason=MoveReason.WEATHER,
        )
        changes.change_session(db, coordinator, codev_group, session, command)
    return meeting.model_copy(update={"starts_at": later})


def _hold_session(demo: DemoPlan, group: Group, codev_group: GroupRef, meeting: CodevSessionRow) -> None:
    with at(meeting.starts_at + timedelta(hours=4)), demo.database.transaction() as db:
        facilitator = demo.actor(db, group.staff.facilitator, Permission.CODEV_RECORD)
        session = sessions.see_codev_session(db, facilitator, meeting.id)
        proposed = sessions.rotation_for(db, session, consultations=CONSULTATIONS)
        roles = tuple(
            role
            for p in proposed
            for role in (
                RoleCommand(position=p.position, membership_id=p.client_id, role=CodevRole.CLIENT),
                RoleCommand(position=p.position, membership_id=p.reserve_id, role=CodevRole.RESERVE),
            )
        )
        sessions.plan_roles(db, session, RolesCommand(roles=roles))
        records.close_record(db, facilitator, session, _record(demo, group, db, codev_group, meeting, proposed))


def _record(  # noqa: PLR0917 - the session and everything that its record depends on
    demo: DemoPlan,
    group: Group,
    db: Session,
    codev_group: GroupRef,
    meeting: CodevSessionRow,
    proposed: list[ProposedShown],
) -> RecordCommand:
    members = codev.group(db, codev_group).members
    swap = group.plan.place == "harricana" and meeting.activity_code.endswith(("7.B", "9.02"))
    clients = {p.client_id for p in proposed} | {p.reserve_id for p in proposed}
    mode = PresenceMode.VIDEO if demo.rng.random() < ABSENT * 4 else PresenceMode.ONSITE
    entries = []
    for member in members:
        if not member.follows:
            continue
        excused = swap and member.membership_id == proposed[0].client_id
        absent = member.membership_id not in clients and demo.rng.random() < ABSENT
        if excused or absent:
            status = PresenceStatus.EXCUSED if excused else PresenceStatus.ABSENT
            entries.append(PresenceCommand(membership_id=member.membership_id, status=status, minutes=0))
        else:
            entries.append(
                PresenceCommand(
                    membership_id=member.membership_id,
                    status=PresenceStatus.PRESENT,
                    minutes=meeting.planned_minutes,
                    mode=mode,
                )
            )
    turns = [TurnCommand(position=p.position, client_id=p.client_id, status=TurnStatus.HELD) for p in proposed]
    if swap:
        turns[0] = TurnCommand(
            position=1,
            client_id=proposed[0].reserve_id,
            status=TurnStatus.SWAPPED,
            reason=TurnReason.ABSENCE,
            protocol=Variant.EXPRESS,
        )
    return RecordCommand(entries=tuple(entries), turns=tuple(turns))
