"""What goes on in a codevelopment group of the demo network: a session under way, a record to confirm, turns given."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col

from app.codev.confirmations import service as confirmations
from app.codev.confirmations.schemas import ConfirmCommand
from app.codev.groups import lists
from app.codev.groups import service as codev
from app.codev.groups.models import CodevMembership
from app.codev.handovers import service
from app.codev.handovers.schemas import SwapCommand
from app.codev.handovers.shown import handovers
from app.codev.live import service as live
from app.codev.live.enums import LiveAction as A
from app.codev.live.schemas import LiveCommand
from app.codev.records.service import current_record, roster
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.plans import plan_in
from app.codev.sessions.rules import Assigned
from app.codev.sessions.schemas import CodevSessionRow, RoleCommand, RolesCommand
from app.cohorts.models import Enrolment
from app.demo.network import DemoPlan, Group, noon
from app.platform.clock import at, now
from app.platform.messages.i18n import today
from app.platform.security.permissions import Permission

UNDER_WAY = ("lac-gilman", "SPE-1")
"""The cohort whose group meets as the demo network is loaded."""
BEGAN = timedelta(minutes=56)
"""How long ago the session under way was to begin: its third step is nearly over."""
STEPS = ((A.START, 2), (A.NEXT, 11), (A.NEXT, 29), (A.NEXT, 38), (A.NEXT, 52), (A.PAUSE, 56))
"""What its facilitator did, and at which minute: two of its first steps took less than planned, one more."""
LATE = 9
"""The minute at which one member arrives."""


def is_under_way(group: Group) -> bool:
    """Whether a cohort is the one whose group meets as the demo network is loaded."""
    return (group.plan.place, group.plan.code) == UNDER_WAY


def start_under_way(day: date) -> datetime:
    """Return when the session under way was to begin: nearly an hour before now, or before noon of another day."""
    moment = now() if today() == day else noon(day)
    return (moment - BEGAN).replace(second=0, microsecond=0)


def show_present(demo: DemoPlan) -> None:
    """Lead a session up to its third step, ask for the confirmations of the one before, let turns change hands."""
    for group in demo.groups:
        if is_under_way(group):
            with demo.database.transaction() as db:
                facilitator = demo.actor(db, group.staff.facilitator, Permission.CODEV_READ)
                (led,) = lists.groups(db, facilitator, cohort_id=group.cohort.id).items
                meetings = sessions.sessions_of(db, codev.see_group(db, facilitator, led.id))
            begun = start_under_way(demo.today)
            coming = [m for m in meetings if m.starts_at > begun + timedelta(days=1)]
            under_way = [m for m in meetings if m.held is None and m not in coming][-1]
            _confirm_last(demo, group, [m for m in meetings if m.held][-1])
            _plan(demo, group, under_way, 2)
            _hand_turns_over(demo, group, coming[:2])
            _lead(demo, group, under_way)


def _confirm_last(demo: DemoPlan, group: Group, meeting: CodevSessionRow) -> None:
    """Have half of the members confirm the record of a session, one report it wrong, the others not answer yet."""
    people = _people(demo, group, meeting)
    for place, person_id in enumerate(list(people.values())[: len(people) // 2 + 1]):
        with at(_day_before(demo, hours=place)), demo.database.transaction() as db:
            member = demo.actor(db, person_id, Permission.CODEV_TAKE_PART)
            ref = sessions.see_codev_session(db, member, meeting.id)
            record = db.exec(current_record(meeting.id)).one()
            confirmations.confirm(db, member, ref, ConfirmCommand(record_id=record.id, is_right=place > 0))


def _people(demo: DemoPlan, group: Group, meeting: CodevSessionRow) -> dict[int, int]:
    """Return the person of each member of a session, by membership, in the order of their names."""
    with demo.database.transaction() as db:
        actor = demo.actor(db, group.staff.facilitator, Permission.CODEV_READ)
        ids = [id_ for id_, _ in roster(db, sessions.see_codev_session(db, actor, meeting.id))]
        statement = sa.select(col(CodevMembership.id), col(Enrolment.person_id)).join(
            Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id
        )
        person_of = {id_: person for id_, person in db.execute(statement)}  # noqa: C416 - rows are no pairs to mypy
        return {id_: person_of[id_] for id_ in ids}


def _day_before(demo: DemoPlan, *, hours: int = 0) -> datetime:
    return noon(demo.today - timedelta(days=1)) + timedelta(hours=hours)


def _plan(demo: DemoPlan, group: Group, meeting: CodevSessionRow, consultations: int) -> None:
    """Plan the roles of a session as the rotation proposes, unless it has as many consultations planned."""
    with at(_day_before(demo)), demo.database.transaction() as db:
        facilitator = demo.actor(db, group.staff.facilitator, Permission.CODEV_RECORD)
        ref = sessions.see_codev_session(db, facilitator, meeting.id)
        if {a.position for a in plan_in(db, meeting.id)} >= set(range(1, consultations + 1)):
            return
        roles = tuple(
            RoleCommand(position=p.position, membership_id=id_, role=role)
            for p in sessions.rotation_for(db, ref, consultations=consultations)
            for id_, role in ((p.client_id, CodevRole.CLIENT), (p.reserve_id, CodevRole.RESERVE))
        )
        sessions.plan_roles(db, ref, RolesCommand(roles=roles))


def _lead(demo: DemoPlan, group: Group, meeting: CodevSessionRow) -> None:
    """Lead a session up to its third step: one member arrived late, one is not there."""
    *on_time, late, _absent = _people(demo, group, meeting)
    here = [(LiveCommand(action=A.HERE, membership_id=id_), 0) for id_ in on_time]
    here.append((LiveCommand(action=A.HERE, membership_id=late), LATE))
    steps = [(LiveCommand(action=action), minute) for action, minute in STEPS]
    for version, (command, minute) in enumerate(sorted([*here, *steps], key=lambda touch: touch[1])):
        with at(meeting.starts_at + timedelta(minutes=minute)), demo.database.transaction() as db:
            facilitator = demo.actor(db, group.staff.facilitator, Permission.CODEV_RECORD)
            live.act(db, facilitator, sessions.see_codev_session(db, facilitator, meeting.id), command, version)


def _client(plan: Iterable[Assigned]) -> int:
    return next(a.membership_id for a in plan if a.role is CodevRole.CLIENT)


def _hand_turns_over(demo: DemoPlan, group: Group, coming: list[CodevSessionRow]) -> None:
    """Let the client of the next session pass their turn, and that of the one after propose a swap."""
    for meeting in coming:
        _plan(demo, group, meeting, 1)
    people = _people(demo, group, coming[0])
    with at(_day_before(demo, hours=1)), demo.database.transaction() as db:
        demo.actor(db, group.staff.facilitator, Permission.CODEV_READ)
        clients = [_client(plan_in(db, m.id)) for m in coming]
        member = demo.actor(db, people[clients[0]], Permission.CODEV_TAKE_PART)
        service.pass_turn(db, member, sessions.see_codev_session(db, member, coming[0].id))
    with at(_day_before(demo, hours=2)), demo.database.transaction() as db:
        member = demo.actor(db, people[clients[1]], Permission.CODEV_TAKE_PART)
        given = sessions.see_codev_session(db, member, coming[1].id)
        to_come = {m.id for m in coming}
        choices = handovers(db, member, given).choices
        asked = next(c for c in choices if c.exchange is None or c.exchange.session_id in to_come)
        other = asked.exchange.session_id if asked.exchange else None
        service.propose_swap(db, member, given, SwapCommand(asked_id=asked.asked_id, exchange_session_id=other))
