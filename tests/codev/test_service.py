"""Services of groups, sessions and records: rows, counts, progress and reach."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.codev.groups import links, lists, people
from app.codev.groups import service as groups
from app.codev.groups.schemas import FacilitatorCommand, JoinCommand, LeaveCommand, LinkCommand, NewGroup
from app.codev.records import service as records
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.schemas import PresenceCommand, RecordCommand
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.schemas import NewCodevSession, RoleCommand, RolesCommand
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import EnrolmentState
from app.network.service import college, see_college
from app.platform.clock import at
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, DomainError, Invalid, NotFound
from app.platform.messages.i18n import today
from app.platform.security.permissions import P, Permission
from app.progress.models import ProgressRow
from app.progress.schemas import Progress
from app.progress.service import mismatches
from tests.factories.codev import (
    FIRST,
    assign_roles,
    close_record,
    create_group,
    join_group,
    membership_ids,
    plan_session,
    presences,
    turn,
)
from tests.factories.network import STARTED, World, acting, count, see
from tests.factories.venues import HALIFAX, venue_in


def progress(database: Database, world: World, who: str) -> Progress:
    """Return someone's projected progress as stored."""
    with database.transaction(colleges=[world.alma]) as db:
        body = db.exec(select(ProgressRow.body).where(ProgressRow.enrolment_id == world.enrolments[who])).one()
        return Progress.model_validate(body)


def codes(error: DomainError) -> list[str]:
    """Return the codes of an error's reasons."""
    return [r.code for r in error.reasons]


def test_session_at_a_venue_is_in_its_zone_and_its_link_is_for_the_group(database: Database, world: World) -> None:
    group = create_group(database, world)
    islands = venue_in(database, world.alma, "Centre des Îles", HALIFAX)
    link = "https://visio.example/j/7"
    evening = datetime.combine(STARTED + timedelta(days=8), FIRST.time().replace(hour=3, minute=30), UTC)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        command = NewCodevSession(
            activity_code="GEN-7.A", starts_at=evening, mode="hybrid", venue_id=islands, meeting_link=link
        )
        row = sessions.plan_session(db, actor, groups.see_group(db, actor, group.id), command)
        assert (row.timezone, row.venue.name if row.venue else None) == (HALIFAX, "Centre des Îles")
    for hours, who, expected in ((-25, "maude", None), (-23, "maude", link), (-23, "facilitator", link),
                                 (-23, "coordinator", None)):  # fmt: skip
        with at(evening + timedelta(hours=hours)), database.transaction() as db:
            actor = acting(db, world, who, P.CODEV_READ)
            shown = sessions.codev_session(db, sessions.see_codev_session(db, actor, row.id))
            assert (shown.meeting_link, shown.timezone) == (expected, HALIFAX), (hours, who)


def test_group_is_visible_to_its_members_facilitator_and_coordinator(database: Database, world: World) -> None:
    group = create_group(database, world)
    assert [m.name for m in group.members] == ["Maude Bérubé", "Karim Haddad", "Élise Lœwen-Côté", "Yves O’Brien"]
    assert [f.name for f in group.facilitators] == ["Flavie Animation"]
    for who in ("maude", "facilitator", "coordinator"):
        with database.transaction() as db:
            actor = acting(db, world, who, P.CODEV_READ)
            assert groups.see_group(db, actor, group.id).inside == (who != "coordinator")
            assert [(g.name, g.members) for g in lists.groups(db, actor).items] == [("Groupe A", 4)]
    with database.transaction() as db:
        facilitator = acting(db, world, "facilitator", P.COHORT_READ)
        assert cohorts.see_cohort(db, facilitator, world.cohort).id == world.cohort
        assert groups.facilitates(db, world.people["facilitator"], world.enrolments["maude"])
        assert not groups.facilitates(db, world.people["trainer"], world.enrolments["maude"])


@pytest.mark.parametrize(
    ("who", "permission"),
    [
        ("other_coordinator", P.CODEV_READ),
        ("other_participant", P.CODEV_READ),
        ("coordinator", P.CODEV_RECORD),
        ("trainer", P.CODEV_READ),
        ("registrar", P.CODEV_READ),
        ("admin", P.CODEV_READ),
    ],
)
def test_group_out_of_reach_is_not_found(database: Database, world: World, who: str, permission: Permission) -> None:
    group = create_group(database, world)
    session_id = plan_session(database, world, group.id)
    with database.transaction() as db:
        actor = acting(db, world, who, permission)
        with pytest.raises(NotFound):
            groups.see_group(db, actor, group.id)
        with pytest.raises(NotFound):
            sessions.see_codev_session(db, actor, session_id)
        assert lists.groups(db, actor).items == ()


def test_a_facilitator_sees_only_the_groups_they_facilitate(database: Database, world: World) -> None:
    group = create_group(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = groups.see_group(db, actor, group.id)
        shown = groups.set_facilitator(db, actor, ref, FacilitatorCommand(person_id=world.people["trainer"]))
        assert [f.name for f in shown.facilitators] == ["Théo Formation"]
    with database.transaction() as db:
        with pytest.raises(NotFound):
            groups.see_group(db, acting(db, world, "facilitator", P.CODEV_RECORD), group.id)
        new = acting(db, world, "trainer", P.CODEV_RECORD)
        assert groups.see_group(db, new, group.id).inside
        past_facilitator = world.people["facilitator"]
        assert groups.facilitates(db, past_facilitator, world.enrolments["maude"]), (
            "a past facilitator still heard confidences (S6)"
        )


def test_create_group_refused_writes_nothing(database: Database, world: World) -> None:
    def attempt(**changes: object) -> list[str]:
        command = NewGroup(
            name="Groupe B",
            facilitator_id=world.people["facilitator"],
            enrolment_ids=tuple(world.enrolments[w] for w in ("maude", "karim", "elise", "yves")),
        ).model_copy(update=changes)
        with database.transaction() as db:
            actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
            cohort = cohorts.see_cohort(db, actor, world.cohort)
            with pytest.raises(DomainError) as refused:
                groups.create_group(db, actor, cohort, command)
        return codes(refused.value)

    e = world.enrolments
    assert attempt(enrolment_ids=(e["maude"], e["karim"], e["elise"])) == ["group_size"]
    assert attempt(enrolment_ids=(e["maude"], e["karim"], e["elise"], e["other_participant"])) == ["not_of_the_cohort"]
    assert attempt(enrolment_ids=(e["maude"], e["karim"], e["elise"], 999_999)) == ["not_of_the_cohort"]
    assert attempt(enrolment_ids=(e["maude"], e["karim"], e["elise"], e["elise"])) == ["twice_in_the_group"]
    assert attempt(facilitator_id=world.people["nobody"]) == ["unknown_person"]
    assert attempt(facilitator_id=world.people["maude"]) == ["facilitator_is_member"]
    assert attempt(joined_on=today() + timedelta(days=1)) == ["date_to_come"]
    create_group(database, world)
    assert attempt() == ["in_another_group"] * 4
    assert attempt(name="Groupe A") == ["codev_group_name_taken"]
    with database.transaction(colleges=[world.alma]) as db:
        assert (count(db, "codev_group"), count(db, "codev_membership")) == (1, 4)


def test_management_link_is_declared_once_and_prevents_a_group(database: Database, world: World) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        alma = see_college(db, actor, world.alma)
        link = LinkCommand(manager_id=world.people["maude"], member_id=world.people["yves"])
        assert links.declare_link(db, actor, alma, link) == []
        assert links.declare_link(db, actor, alma, link) == []
        assert count(db, "management_link") == 1
    with pytest.raises(Invalid) as refused:
        create_group(database, world)
    assert codes(refused.value) == ["management_link"]


def test_management_link_declared_later_returns_the_shared_groups(database: Database, world: World) -> None:
    group = create_group(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        alma = see_college(db, actor, world.alma)
        link = LinkCommand(manager_id=world.people["maude"], member_id=world.people["yves"])
        assert links.declare_link(db, actor, alma, link) == [group.id]
        oneself = LinkCommand(manager_id=world.people["maude"], member_id=world.people["maude"])
        with pytest.raises(Invalid):
            links.declare_link(db, actor, alma, oneself)
        elsewhere = LinkCommand(manager_id=world.people["maude"], member_id=world.people["other_participant"])
        with pytest.raises(Invalid) as refused:
            links.declare_link(db, actor, alma, elsewhere)
        assert codes(refused.value) == ["unknown_person"]
        with pytest.raises(NotFound):
            see_college(db, actor, world.rouyn)


def test_member_who_leaves_loses_sight_of_the_group_and_may_return(database: Database, world: World) -> None:
    group = create_group(database, world)
    yves = membership_ids(group)["yves"]
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = groups.see_group(db, actor, group.id)
        for wrong in (
            LeaveCommand(membership_id=999),
            LeaveCommand(membership_id=yves, left_on=today() + timedelta(1)),
        ):
            with pytest.raises(Invalid):
                groups.remove_member(db, ref, wrong)
        early = LeaveCommand(membership_id=yves, left_on=STARTED - timedelta(days=1))
        with pytest.raises(Invalid) as refused:
            groups.remove_member(db, ref, early)
        assert codes(refused.value) == ["left_before_joining"]
        shown = groups.remove_member(db, ref, LeaveCommand(membership_id=yves))
        assert [m.name for m in shown.members if m.left_on] == ["Yves O’Brien"]
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        assert people.free_members(db, cohort) == [(world.enrolments["yves"], "Yves O’Brien")]
    with database.transaction() as db, pytest.raises(NotFound):
        groups.see_group(db, acting(db, world, "yves", P.CODEV_READ), group.id)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = groups.see_group(db, actor, group.id)
        shown = groups.add_member(db, actor, ref, JoinCommand(enrolment_id=world.enrolments["yves"]))
        assert sum(m.follows for m in shown.members) == 4
        with pytest.raises(Invalid) as refused:
            groups.add_member(db, actor, ref, JoinCommand(enrolment_id=world.enrolments["yves"]))
        assert [(r.code, r.field) for r in refused.value.reasons] == [("twice_in_the_group", "enrolment_id")]
    with database.transaction() as db:
        assert groups.see_group(db, acting(db, world, "yves", P.CODEV_READ), group.id).inside


def test_session_is_planned_once_per_codevelopment_activity(database: Database, world: World) -> None:
    group = create_group(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = groups.see_group(db, actor, group.id)
        row = sessions.plan_session(db, actor, ref, NewCodevSession(activity_code="GEN-7.A", starts_at=FIRST))
        assert (row.planned_minutes, row.mode.value, row.held) == (180, "hybrid", None)
        again = NewCodevSession(activity_code="GEN-7.A", starts_at=FIRST + timedelta(days=7))
        with pytest.raises(Conflict):
            sessions.plan_session(db, actor, ref, again)
        for code in ("GEN-1.B", "GEN-9.Z"):
            with pytest.raises(Invalid):
                sessions.plan_session(db, actor, ref, NewCodevSession(activity_code=code, starts_at=FIRST))
        meeting = sessions.see_codev_session(db, actor, row.id)
        sessions.cancel_session(db, actor, meeting)
        with pytest.raises(Conflict):
            sessions.cancel_session(db, actor, meeting)
        sessions.plan_session(db, actor, ref, NewCodevSession(activity_code="GEN-7.A", starts_at=FIRST))


def test_roles_are_replaced_until_the_record_is_closed(database: Database, world: World) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    assign_roles(database, world, session_id, (who["maude"], who["karim"]), (who["elise"], who["yves"]))
    assign_roles(database, world, session_id, (who["karim"], who["maude"]))
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.CODEV_READ)
        meeting = sessions.see_codev_session(db, actor, session_id)
        shown = sessions.codev_session(db, meeting)
        assert [(r.position, r.name, r.role) for r in shown.roles] == [
            (1, "Karim Haddad", CodevRole.CLIENT),
            (1, "Maude Bérubé", CodevRole.RESERVE),
        ]
    close_record(database, world, session_id, RecordCommand(entries=presences(group), turns=(turn(who["karim"]),)))
    with pytest.raises(Conflict) as refused:
        assign_roles(database, world, session_id, (who["maude"], who["karim"]))
    assert refused.value.code == "codev_record_closed"


def test_roles_need_a_client_a_reserve_and_three_consultants(database: Database, world: World) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    observer = RoleCommand(position=1, membership_id=who["yves"], role=CodevRole.OBSERVER)
    roles = (
        RoleCommand(position=1, membership_id=who["maude"], role=CodevRole.CLIENT),
        RoleCommand(position=1, membership_id=who["karim"], role=CodevRole.RESERVE),
        observer,
    )
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.CODEV_RECORD)
        meeting = sessions.see_codev_session(db, actor, session_id)
        with pytest.raises(Invalid) as refused:
            sessions.plan_roles(db, meeting, RolesCommand(roles=roles))
        assert codes(refused.value) == ["few_consultants"]
        assert count(db, "role_assignment") == 0


def test_a_closed_record_gives_hours_attendance_and_turns(database: Database, world: World) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    assign_roles(database, world, session_id, (who["maude"], who["karim"]))
    before = progress(database, world, "maude")
    close_record(database, world, session_id, RecordCommand(entries=presences(group), turns=(turn(who["maude"]),)))
    maude, karim = progress(database, world, "maude"), progress(database, world, "karim")
    assert (maude.codev.sessions_attended, maude.codev.times_client) == (1, 1)
    assert (karim.codev.sessions_attended, karim.codev.times_client) == (1, 0)
    assert maude.recognised_minutes == before.recognised_minutes + 180
    assert maude.attendance_base_minutes == before.attendance_base_minutes + 180
    with database.transaction(colleges=[world.alma]) as db:
        assert mismatches(db) == []
        assert records.sessions_attended(db, group.id) == dict.fromkeys(who.values(), 1)


def test_excused_client_is_replaced_and_comes_first_next_time(database: Database, world: World) -> None:
    """S4: fifteen minutes before, tonight's client gives notice; the reserve takes the turn. Six people, two cases."""
    first = create_group(database, world)
    group = join_group(database, world, first.id, "nobody", "observer")
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    assign_roles(database, world, session_id, (who["maude"], who["karim"]), (who["elise"], who["yves"]))
    entries = presences(group, excused=(who["maude"],))
    second = turn(who["elise"], position=2)
    for wrong, code in (
        (turn(who["maude"]), "client_absent"),
        (turn(who["karim"]), "turn_reason_missing"),
        (turn(who["elise"], TurnStatus.HELD, TurnReason.ABSENCE), "client_twice"),
    ):
        with pytest.raises(Invalid) as refused:
            close_record(database, world, session_id, RecordCommand(entries=entries, turns=(wrong, second)))
        assert codes(refused.value) == [code]
    replacement = turn(who["karim"], TurnStatus.HELD, TurnReason.ABSENCE)
    close_record(database, world, session_id, RecordCommand(entries=entries, turns=(replacement, second)))
    assert progress(database, world, "karim").codev.times_client == 1
    assert progress(database, world, "maude").codev.times_client == 0
    again = plan_session(database, world, group.id, "GEN-7.B", FIRST + timedelta(days=7))
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.CODEV_RECORD)
        meeting = sessions.see_codev_session(db, actor, session_id)
        swapped, held = sessions.codev_session(db, meeting).turns
        assert (swapped.status, swapped.client, swapped.planned_client) == (
            TurnStatus.SWAPPED, "Karim Haddad", "Maude Bérubé",
        )  # fmt: skip
        assert held.status is TurnStatus.HELD
        meeting = sessions.see_codev_session(db, actor, again)
        proposed = sessions.rotation_for(db, meeting, consultations=2)
        assert [p.client for p in proposed] == ["Maude Bérubé", "Yves O’Brien"]
        assert {p.reserve for p in proposed} == {"Noé Sansrôle"}


def test_a_session_below_its_quorum_counts_for_nobody_and_is_planned_again(database: Database, world: World) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    assign_roles(database, world, session_id, (who["maude"], who["karim"]))
    before = progress(database, world, "karim")
    record = RecordCommand(
        entries=presences(group, excused=(who["maude"],)),
        turns=(turn(who["maude"], TurnStatus.POSTPONED, TurnReason.ABSENCE),),
    )
    close_record(database, world, session_id, record)
    after = progress(database, world, "karim")
    assert after.codev == before.codev
    assert after.attendance_base_minutes == before.attendance_base_minutes
    again = plan_session(database, world, group.id, at=FIRST + timedelta(days=7))
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.CODEV_RECORD)
        shown = groups.group(db, groups.see_group(db, actor, group.id))
        assert [s.held for s in shown.sessions] == [False, None]
        assert [m.name for m in shown.members if m.turn_kept] == ["Maude Bérubé"]
        meeting = sessions.see_codev_session(db, actor, again)
        (proposed,) = sessions.rotation_for(db, meeting)
        assert (proposed.client, proposed.reserve) == ("Maude Bérubé", "Karim Haddad")
        (other,) = sessions.rotation_for(db, meeting, passing=[who["maude"]])
        assert (other.client, other.reserve) == ("Karim Haddad", "Élise Lœwen-Côté")


def test_postponed_turn_counts_minutes_but_no_turn(database: Database, world: World) -> None:
    """S4: the client leaves before step 5; what was present counts, her own minutes too, and her turn stays to come."""
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    assign_roles(database, world, session_id, (who["maude"], who["karim"]))
    left = PresenceCommand(
        membership_id=who["maude"], status=PresenceStatus.LEFT_EARLY, minutes=70, mode=PresenceMode.ONSITE
    )
    others = tuple(entry for entry in presences(group) if entry.membership_id != who["maude"])
    record = RecordCommand(
        entries=(left, *others), turns=(turn(who["maude"], TurnStatus.POSTPONED, TurnReason.TECHNICAL),)
    )
    close_record(database, world, session_id, record)
    maude, karim = progress(database, world, "maude"), progress(database, world, "karim")
    assert (maude.codev.sessions_attended, maude.codev.times_client) == (1, 0)
    assert [shown.activity("GEN-7.A").recognised_minutes for shown in (maude, karim)] == [70, 180]
    again = plan_session(database, world, group.id, "GEN-7.B", FIRST + timedelta(days=7))
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.CODEV_RECORD)
        (proposed,) = sessions.rotation_for(db, sessions.see_codev_session(db, actor, again))
    assert proposed.client == "Maude Bérubé"


def test_correction_supersedes_the_record_and_updates_progress(database: Database, world: World) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    assign_roles(database, world, session_id, (who["maude"], who["karim"]))
    first = close_record(
        database, world, session_id, RecordCommand(entries=presences(group), turns=(turn(who["maude"]),))
    )
    postponed = turn(who["maude"], TurnStatus.POSTPONED, TurnReason.TIME)
    corrected = RecordCommand(entries=presences(group, minutes=90), turns=(postponed,), supersedes=first)
    close_record(database, world, session_id, corrected)
    maude = progress(database, world, "maude")
    assert (maude.codev.times_client, maude.activity("GEN-7.A").recognised_minutes) == (0, 90)
    for stale in (None, first):
        with pytest.raises(Conflict) as refused:
            close_record(database, world, session_id, corrected.model_copy(update={"supersedes": stale}))
        assert refused.value.code == "stale"
    with database.transaction(colleges=[world.alma]) as db:
        assert (count(db, "codev_record"), count(db, "codev_presence")) == (2, 8)
        assert mismatches(db) == []


def test_cancelled_session_no_longer_counts(database: Database, world: World) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    close_record(database, world, session_id, RecordCommand(entries=presences(group), turns=(turn(who["maude"]),)))
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        sessions.cancel_session(db, actor, sessions.see_codev_session(db, actor, session_id))
    maude = progress(database, world, "maude")
    assert (maude.codev.sessions_attended, maude.codev.times_client, maude.attendance_base_minutes) == (0, 0, 0)
    with database.transaction(colleges=[world.alma]) as db:
        assert mismatches(db) == []
    with pytest.raises(Conflict) as refused:
        close_record(database, world, session_id, RecordCommand(entries=presences(group), turns=(turn(who["maude"]),)))
    assert refused.value.code == "session_cancelled"
    with pytest.raises(Conflict):
        assign_roles(database, world, session_id, (who["maude"], who["karim"]))


def test_record_before_its_session_is_refused(database: Database, world: World) -> None:
    group = create_group(database, world)
    with database.transaction() as db:
        zone = college(db, world.alma).timezone
    tomorrow = FIRST + (today(zone) - FIRST.date()) + timedelta(days=1)
    session_id = plan_session(database, world, group.id, at=tomorrow)
    with pytest.raises(Conflict) as refused:
        close_record(database, world, session_id, RecordCommand(entries=presences(group)))
    assert refused.value.code == "session_not_begun"


def test_member_on_leave_is_left_out_of_roster_and_rotation(database: Database, world: World) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    with database.transaction() as db:
        actor, enrolment, _ = see(db, world, "coordinator", P.ENROLMENT_MANAGE)
        enrolments.move(db, actor, enrolment, MoveCommand(to=EnrolmentState.ON_LEAVE, reason="Congé parental"))
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.CODEV_RECORD)
        meeting = sessions.see_codev_session(db, actor, session_id)
        shown = sessions.codev_session(db, meeting)
        assert who["maude"] not in [e.membership_id for e in shown.entries]
        assert who["maude"] not in [p.client_id for p in sessions.rotation_for(db, meeting)]


def test_reason_of_a_turn_is_visible_to_the_group_only(database: Database, world: World) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    assign_roles(database, world, session_id, (who["maude"], who["karim"]))
    postponed = turn(who["maude"], TurnStatus.POSTPONED, TurnReason.ABSENCE)
    close_record(
        database, world, session_id, RecordCommand(entries=presences(group, absent=(who["maude"],)), turns=(postponed,))
    )
    visible = {}
    for person in ("karim", "facilitator", "coordinator"):
        with database.transaction() as db:
            actor = acting(db, world, person, P.CODEV_READ)
            meeting = sessions.see_codev_session(db, actor, session_id)
            (shown,) = sessions.codev_session(db, meeting).turns
            visible[person] = (shown.status, shown.reason)
    assert visible["karim"] == visible["facilitator"] == (TurnStatus.POSTPONED, TurnReason.ABSENCE)
    assert visible["coordinator"] == (TurnStatus.POSTPONED, None)
