"""Group of the four participants of Alma with their facilitator, its sessions and records, for tests."""

from datetime import UTC, datetime, time, timedelta

from sqlmodel import col, select

from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.codev.confidences.places import see_own_place
from app.codev.contracts.models import CodevAgreement
from app.codev.contracts.rules import Terms
from app.codev.contracts.service import agreed_at
from app.codev.groups import service as groups
from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.groups.schemas import GroupShown, JoinCommand, NewGroup
from app.codev.records import service as records
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.schemas import PresenceCommand, RecordCommand, TurnCommand
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.schemas import NewCodevSession, RoleCommand, RolesCommand
from app.codev.sheets import service as sheets
from app.codev.sheets.enums import TopicKind
from app.codev.sheets.schemas import SheetCommand, SheetFact
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import ApplyCommand, MoveCommand
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.identity.roles.service import holders
from app.notifications.enums import Kind
from app.notifications.models import Notification
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.security.permissions import P, Role
from tests.conftest import RING
from tests.factories.network import PARTICIPANTS, STARTED, World, acting

CONTRACT = {"contract_version": "1.0", "composition": 1}
"""What the people of a new group agree to."""
FIRST = datetime.combine(STARTED + timedelta(days=2), time(17), UTC)
COMING = datetime.combine(STARTED + timedelta(days=40), time(18), UTC)


def _create_group(db: Session, world: World, name: str = "Groupe A") -> GroupShown:
    """Create the group, as the coordinator."""
    actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
    command = NewGroup(
        name=name,
        enrolment_ids=tuple(world.enrolments[who] for who in PARTICIPANTS),
        facilitator_id=world.people["facilitator"],
        joined_on=STARTED,
    )
    return groups.create_group(db, actor, cohorts.see_cohort(db, actor, world.cohort), command)


def create_group(database: Database, world: World, *, agreed: bool = True) -> GroupShown:
    """Create and return the group, in its own transaction; everyone agrees to its contract, unless told otherwise."""
    with database.transaction() as db:
        shown = _create_group(db, world)
        if agreed:
            agree_all(db, shown.id)
        return shown


def agree_all(db: Session, group_id: int) -> None:
    """Write the agreement of everyone of a group to its contract, as it is composed now."""
    group = db.get_one(CodevGroup, group_id, populate_existing=True)
    asked = Terms(group.contract_version, group.composition)
    agreed = agreed_at(db, group_id, asked)
    members = db.exec(
        select(Enrolment.person_id, CodevMembership.id)
        .join(CodevMembership, col(CodevMembership.enrolment_id) == Enrolment.id)
        .where(CodevMembership.group_id == group_id, col(CodevMembership.left_on).is_(None))
    ).all()
    facilitators = holders(db, Role.FACILITATOR, college_id=group.college_id, group_id=group_id)
    for person_id, membership_id in [*members, *((id_, None) for id_, _ in facilitators)]:
        if person_id not in agreed:
            row = CodevAgreement(
                college_id=group.college_id,
                group_id=group_id,
                person_id=person_id,
                membership_id=membership_id,
                contract_version=asked.version,
                composition=asked.composition,
                agreed_at=now(),
            )
            db.add(row)
    db.flush()


def enrol(database: Database, world: World, *people: str) -> None:
    """Make other people of the world active in the cohort."""
    for who in people:
        with database.transaction() as db:
            applicant = acting(db, world, who, P.COHORT_APPLY)
            cohort = cohorts.see_open_cohort(db, applicant, world.cohort)
            world.enrolments[who] = enrolments.apply(db, applicant, cohort, ApplyCommand(motive="Apprendre.")).id
        with database.transaction() as db:
            manager = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
            for state in (EnrolmentState.ADMITTED, EnrolmentState.ACTIVE):
                enrolment = enrolments.see_enrolment(db, manager, world.enrolments[who])
                enrolments.move(db, manager, enrolment, MoveCommand(to=state, joined_on=STARTED))


def join_group(database: Database, world: World, group_id: int, *people: str) -> GroupShown:
    """Add other people of the world to the group; return it."""
    enrol(database, world, *people)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = groups.see_group(db, actor, group_id)
        for who in people:
            command = JoinCommand(enrolment_id=world.enrolments[who], joined_on=STARTED)
            shown = groups.add_member(db, actor, ref, command)
        agree_all(db, group_id)
    return shown


def plan_session(database: Database, world: World, group_id: int, code: str = "GEN-7.A", at: datetime = FIRST) -> int:
    """Plan a session as the coordinator; return its id."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = groups.see_group(db, actor, group_id)
        return sessions.plan_session(db, actor, ref, NewCodevSession(activity_code=code, starts_at=at)).id


def membership_ids(group: GroupShown) -> dict[str, int]:
    """Return membership ids by first name, in lower case without accents."""
    return {m.name.split()[0].lower().replace("é", "e"): m.membership_id for m in group.members}


def assign_roles(database: Database, world: World, session_id: int, *pairs: tuple[int, int]) -> None:
    """Plan the client and reserve of each consultation, as the facilitator."""
    roles = tuple(
        RoleCommand(position=place + 1, membership_id=membership, role=role)
        for place, pair in enumerate(pairs)
        for membership, role in zip(pair, (CodevRole.CLIENT, CodevRole.RESERVE), strict=True)
    )
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.CODEV_RECORD)
        meeting = sessions.see_codev_session(db, actor, session_id)
        sessions.plan_roles(db, meeting, RolesCommand(roles=roles))


SHEET = SheetCommand(
    topic=TopicKind.CONCERN,
    title="Relancer sans insister",
    situation="Une direction ne répond plus à mes messages.",
    tried="Deux relances par courriel.",
    stakes="Je crains de perdre sa confiance.",
    question="J’aimerais que vous m’aidiez à reprendre contact.",
)


def write_sheet(
    database: Database, world: World, session_id: int, who: str, command: SheetCommand = SHEET, *, version: int = 0
) -> int:
    """Write the sheet of a member for a session; return its id."""
    with database.transaction() as db:
        own = see_own_place(db, acting(db, world, who, P.CONFIDENCE_WRITE), session_id)
        sheets.write_sheet(db, RING, own, command, version=version)
        return next(f.sheet_id or 0 for f in _facts(db, world, session_id) if f.membership_id == own.membership_id)


def _facts(db: Session, world: World, session_id: int) -> list[SheetFact]:
    """Return who sent a sheet, as the coordinator reads it."""
    actor = acting(db, world, "coordinator", P.CODEV_READ)
    return sheets.sheet_facts(db, sessions.see_codev_session(db, actor, session_id))


def send_sheet(database: Database, world: World, who: str) -> int:
    """Create a group and a session to come, and send a member's sheet for it; return its id."""
    session_id = plan_session(database, world, create_group(database, world).id, at=COMING)
    return write_sheet(database, world, session_id, who)


def told_of_session(database: Database, world: World, kind: Kind) -> list[str]:
    """Return who has a message of a kind about a session, by the names of the world, one a message."""
    who = {id_: name for name, id_ in world.people.items()}
    with database.as_owner() as db:
        messages = db.exec(select(Notification).where(Notification.kind == kind)).all()
    assert all(set(m.params) == {"cohort", "starts_at", "timezone"} for m in messages), "a letter names nobody"
    return sorted(who[m.person_id] for m in messages)


def presences(
    group: GroupShown, *, absent: tuple[int, ...] = (), excused: tuple[int, ...] = (), minutes: int = 180
) -> tuple[PresenceCommand, ...]:
    """Return the presence on site of all members, except the absent and the excused."""

    def entry(membership_id: int) -> PresenceCommand:
        if membership_id in absent:
            return PresenceCommand(membership_id=membership_id, status=PresenceStatus.ABSENT, minutes=0)
        if membership_id in excused:
            return PresenceCommand(membership_id=membership_id, status=PresenceStatus.EXCUSED, minutes=0)
        return PresenceCommand(
            membership_id=membership_id, status=PresenceStatus.PRESENT, minutes=minutes, mode=PresenceMode.ONSITE
        )

    return tuple(entry(m.membership_id) for m in group.members)


def turn(
    client_id: int, status: TurnStatus = TurnStatus.HELD, reason: TurnReason | None = None, position: int = 1
) -> TurnCommand:
    """Return a consultation."""
    return TurnCommand(position=position, client_id=client_id, status=status, reason=reason)


def close_record(
    database: Database,
    world: World,
    session_id: int,
    command: RecordCommand,
    who: str = "facilitator",
) -> int:
    """Close the session's record as its facilitator; return the record's id."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.CODEV_RECORD)
        meeting = sessions.see_codev_session(db, actor, session_id)
        return records.close_record(db, actor, meeting, command)
