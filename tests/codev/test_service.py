"""Groups and sessions in a real database: what they keep, what they count, who sees them."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.access import P
from app.codev import service, service_people, service_records, service_sessions
from app.codev.models import CodevRole, TurnReason, TurnStatus
from app.codev.schemas import (
    FacilitatorCommand,
    JoinCommand,
    LeaveCommand,
    LinkCommand,
    NewCodevSession,
    NewGroup,
    RecordCommand,
    RoleCommand,
    RolesCommand,
)
from app.cohorts import service as cohorts
from app.cohorts.models import EnrolmentState
from app.cohorts.schemas import MoveCommand
from app.db import Database
from app.errors import Conflict, DomainError, Invalid, NotFound
from app.network.service import college, see_college
from app.progress.models import ProgressRow
from app.progress.schemas import Progress
from app.progress.service import mismatches
from app.text import today
from tests.codev.samples import FIRST, assign, close, everyone, formed, ids, join, planned, turn
from tests.world import STARTED, World, acting, count, see


def progress(database: Database, world: World, who: str) -> Progress:
    """Someone's projection as stored."""
    with database.transaction(colleges=[world.alma]) as session:
        body = session.exec(select(ProgressRow.body).where(ProgressRow.enrolment_id == world.enrolments[who])).one()
        return Progress.model_validate(body)


def codes(error: DomainError) -> list[str]:
    """Codes of an error's reasons."""
    return [r.code for r in error.reasons]


# Groups -----------------------------------------------------------------------------------------


def test_a_group_has_its_members_and_gives_them_and_its_facilitator_the_right_to_see_it(
    database: Database, world: World
) -> None:
    group = formed(database, world)
    assert [m.name for m in group.members] == ["Maude Bérubé", "Karim Haddad", "Élise Lœwen-Côté", "Yves O’Brien"]
    assert [f.name for f in group.facilitators] == ["Flavie Animation"]
    for who in ("maude", "facilitator", "coordinator"):
        with database.transaction() as session:
            actor = acting(session, world, who, P.CODEV_READ)
            assert service.see_group(session, actor, group.id).inside == (who != "coordinator")
            assert [(g.name, g.members) for g in service.groups(session, actor)] == [("Groupe A", 4)]
    with database.transaction() as session:
        facilitator = acting(session, world, "facilitator", P.COHORT_READ)
        assert cohorts.see_cohort(session, facilitator, world.cohort).id == world.cohort
        assert service.facilitates(session, world.people["facilitator"], world.enrolments["maude"])
        assert not service.facilitates(session, world.people["trainer"], world.enrolments["maude"])


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
def test_others_see_no_group_at_all(database: Database, world: World, who: str, permission: P) -> None:
    group = formed(database, world)
    session_id = planned(database, world, group.id)
    with database.transaction() as session:
        actor = acting(session, world, who, permission)
        with pytest.raises(NotFound):
            service.see_group(session, actor, group.id)
        with pytest.raises(NotFound):
            service_sessions.see_codev_session(session, actor, session_id)
        assert service.groups(session, actor) == []


def test_a_facilitator_sees_only_the_groups_they_facilitate(database: Database, world: World) -> None:
    group = formed(database, world)
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.CODEV_MANAGE)
        ref = service.see_group(session, actor, group.id)
        shown = service.set_facilitator(session, actor, ref, FacilitatorCommand(person_id=world.people["trainer"]))
        assert [f.name for f in shown.facilitators] == ["Théo Formation"]
    with database.transaction() as session:
        with pytest.raises(NotFound):
            service.see_group(session, acting(session, world, "facilitator", P.CODEV_RECORD), group.id)
        new = acting(session, world, "trainer", P.CODEV_RECORD)
        assert service.see_group(session, new, group.id).inside
        before = world.people["facilitator"]
        assert service.facilitates(session, before, world.enrolments["maude"]), "confidences heard stay heard (S6)"


def test_a_refused_group_leaves_nothing(database: Database, world: World) -> None:
    def attempt(**changes: object) -> list[str]:
        command = NewGroup(
            name="Groupe B",
            facilitator_id=world.people["facilitator"],
            enrolment_ids=tuple(world.enrolments[w] for w in ("maude", "karim", "elise", "yves")),
        ).model_copy(update=changes)
        with database.transaction() as session:
            actor = acting(session, world, "coordinator", P.CODEV_MANAGE)
            cohort = cohorts.see_cohort(session, actor, world.cohort)
            with pytest.raises(DomainError) as refused:
                service.create_group(session, actor, cohort, command)
        return codes(refused.value)

    e = world.enrolments
    assert attempt(enrolment_ids=(e["maude"], e["karim"], e["elise"])) == ["group_size"]
    assert attempt(enrolment_ids=(e["maude"], e["karim"], e["elise"], e["other_participant"])) == ["not_of_the_cohort"]
    assert attempt(enrolment_ids=(e["maude"], e["karim"], e["elise"], 999_999)) == ["not_of_the_cohort"]
    assert attempt(enrolment_ids=(e["maude"], e["karim"], e["elise"], e["elise"])) == ["twice_in_the_group"]
    assert attempt(facilitator_id=world.people["nobody"]) == ["unknown_person"]
    assert attempt(facilitator_id=world.people["maude"]) == ["facilitator_is_member"]
    assert attempt(joined_on=today() + timedelta(days=1)) == ["date_to_come"]
    formed(database, world)
    assert attempt() == ["in_another_group"] * 4
    assert attempt(name="Groupe A") == ["codev_group_name_taken"]
    with database.transaction(colleges=[world.alma]) as session:
        assert (count(session, "codev_group"), count(session, "codev_membership")) == (1, 4)


def test_a_management_link_keeps_two_people_apart(database: Database, world: World) -> None:
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.CODEV_MANAGE)
        home = see_college(session, actor, world.alma)
        link = LinkCommand(manager_id=world.people["maude"], member_id=world.people["yves"])
        assert service_people.declare_link(session, actor, home, link) == []
        assert service_people.declare_link(session, actor, home, link) == []
        assert count(session, "management_link") == 1
    with pytest.raises(Invalid) as refused:
        formed(database, world)
    assert codes(refused.value) == ["management_link"]


def test_a_link_declared_later_tells_the_groups_to_change(database: Database, world: World) -> None:
    group = formed(database, world)
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.CODEV_MANAGE)
        home = see_college(session, actor, world.alma)
        link = LinkCommand(manager_id=world.people["maude"], member_id=world.people["yves"])
        assert service_people.declare_link(session, actor, home, link) == [group.id]
        oneself = LinkCommand(manager_id=world.people["maude"], member_id=world.people["maude"])
        with pytest.raises(Invalid):
            service_people.declare_link(session, actor, home, oneself)
        elsewhere = LinkCommand(manager_id=world.people["maude"], member_id=world.people["other_participant"])
        with pytest.raises(Invalid) as refused:
            service_people.declare_link(session, actor, home, elsewhere)
        assert codes(refused.value) == ["unknown_person"]
        with pytest.raises(NotFound):
            see_college(session, actor, world.rouyn)


def test_a_member_who_leaves_no_longer_sees_the_group_and_may_come_back(database: Database, world: World) -> None:
    group = formed(database, world)
    yves = ids(group)["yves"]
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.CODEV_MANAGE)
        ref = service.see_group(session, actor, group.id)
        for wrong in (
            LeaveCommand(membership_id=999),
            LeaveCommand(membership_id=yves, left_on=today() + timedelta(1)),
        ):
            with pytest.raises(Invalid):
                service.remove_member(session, ref, wrong)
        early = LeaveCommand(membership_id=yves, left_on=STARTED - timedelta(days=1))
        with pytest.raises(Invalid) as refused:
            service.remove_member(session, ref, early)
        assert codes(refused.value) == ["left_before_joining"]
        shown = service.remove_member(session, ref, LeaveCommand(membership_id=yves))
        assert [m.name for m in shown.members if m.left_on] == ["Yves O’Brien"]
        cohort = cohorts.see_cohort(session, actor, world.cohort)
        assert service_people.free_members(session, cohort) == [(world.enrolments["yves"], "Yves O’Brien")]
    with database.transaction() as session, pytest.raises(NotFound):
        service.see_group(session, acting(session, world, "yves", P.CODEV_READ), group.id)
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.CODEV_MANAGE)
        ref = service.see_group(session, actor, group.id)
        shown = service.add_member(session, actor, ref, JoinCommand(enrolment_id=world.enrolments["yves"]))
        assert sum(m.follows for m in shown.members) == 4
        with pytest.raises(Invalid) as refused:
            service.add_member(session, actor, ref, JoinCommand(enrolment_id=world.enrolments["yves"]))
        assert [(r.code, r.field) for r in refused.value.reasons] == [("twice_in_the_group", "enrolment_id")]
    with database.transaction() as session:
        assert service.see_group(session, acting(session, world, "yves", P.CODEV_READ), group.id).inside


# Sessions and roles -----------------------------------------------------------------------------


def test_a_session_is_planned_once_for_each_codevelopment_activity(database: Database, world: World) -> None:
    group = formed(database, world)
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.CODEV_MANAGE)
        ref = service.see_group(session, actor, group.id)
        row = service_sessions.plan_session(
            session, actor, ref, NewCodevSession(activity_code="GEN-7.A", starts_at=FIRST)
        )
        assert (row.planned_minutes, row.mode.value, row.held) == (180, "hybrid", None)
        again = NewCodevSession(activity_code="GEN-7.A", starts_at=FIRST + timedelta(days=7))
        with pytest.raises(Conflict):
            service_sessions.plan_session(session, actor, ref, again)
        for code in ("GEN-1.B", "GEN-9.Z"):
            with pytest.raises(Invalid):
                service_sessions.plan_session(session, actor, ref, NewCodevSession(activity_code=code, starts_at=FIRST))
        meeting = service_sessions.see_codev_session(session, actor, row.id)
        service_sessions.cancel_session(session, actor, meeting)
        with pytest.raises(Conflict):
            service_sessions.cancel_session(session, actor, meeting)
        service_sessions.plan_session(session, actor, ref, NewCodevSession(activity_code="GEN-7.A", starts_at=FIRST))


def test_roles_are_replaced_until_the_record_is_closed(database: Database, world: World) -> None:
    group = formed(database, world)
    who = ids(group)
    session_id = planned(database, world, group.id)
    assign(database, world, session_id, (who["maude"], who["karim"]), (who["elise"], who["yves"]))
    assign(database, world, session_id, (who["karim"], who["maude"]))
    with database.transaction() as session:
        actor = acting(session, world, "maude", P.CODEV_READ)
        meeting = service_sessions.see_codev_session(session, actor, session_id)
        shown = service_sessions.codev_session(session, meeting)
        assert [(r.position, r.name, r.role) for r in shown.roles] == [
            (1, "Karim Haddad", CodevRole.CLIENT),
            (1, "Maude Bérubé", CodevRole.RESERVE),
        ]
    close(database, world, session_id, RecordCommand(entries=everyone(group), turns=(turn(who["karim"]),)))
    with pytest.raises(Conflict) as refused:
        assign(database, world, session_id, (who["maude"], who["karim"]))
    assert refused.value.code == "codev_record_closed"


def test_roles_need_a_client_a_reserve_and_three_consultants(database: Database, world: World) -> None:
    group = formed(database, world)
    who = ids(group)
    session_id = planned(database, world, group.id)
    observer = RoleCommand(position=1, membership_id=who["yves"], role=CodevRole.OBSERVER)
    roles = (
        RoleCommand(position=1, membership_id=who["maude"], role=CodevRole.CLIENT),
        RoleCommand(position=1, membership_id=who["karim"], role=CodevRole.RESERVE),
        observer,
    )
    with database.transaction() as session:
        actor = acting(session, world, "facilitator", P.CODEV_RECORD)
        meeting = service_sessions.see_codev_session(session, actor, session_id)
        with pytest.raises(Invalid) as refused:
            service_sessions.plan_roles(session, meeting, RolesCommand(roles=roles))
        assert codes(refused.value) == ["few_consultants"]
        assert count(session, "role_assignment") == 0


# Records ----------------------------------------------------------------------------------------


def test_a_closed_record_gives_hours_attendance_and_turns(database: Database, world: World) -> None:
    group = formed(database, world)
    who = ids(group)
    session_id = planned(database, world, group.id)
    assign(database, world, session_id, (who["maude"], who["karim"]))
    before = progress(database, world, "maude")
    close(database, world, session_id, RecordCommand(entries=everyone(group), turns=(turn(who["maude"]),)))
    maude, karim = progress(database, world, "maude"), progress(database, world, "karim")
    assert (maude.codev.sessions_attended, maude.codev.times_client) == (1, 1)
    assert (karim.codev.sessions_attended, karim.codev.times_client) == (1, 0)
    assert maude.recognised_minutes == before.recognised_minutes + 180
    assert maude.attendance_base_minutes == before.attendance_base_minutes + 180
    with database.transaction(colleges=[world.alma]) as session:
        assert mismatches(session) == []
        assert service_records.attended(session, group.id) == dict.fromkeys(who.values(), 1)


def test_the_absent_client_is_replaced_and_comes_first_next_time(database: Database, world: World) -> None:
    """S4: fifteen minutes before, tonight's client gives notice; the reserve takes the turn. Six people, two cases."""
    first = formed(database, world)
    group = join(database, world, first.id, "nobody", "observer")
    who = ids(group)
    session_id = planned(database, world, group.id)
    assign(database, world, session_id, (who["maude"], who["karim"]), (who["elise"], who["yves"]))
    entries = everyone(group, excused=(who["maude"],))
    second = turn(who["elise"], position=2)
    for wrong, code in (
        (turn(who["maude"]), "client_absent"),
        (turn(who["karim"]), "turn_reason_missing"),
        (turn(who["elise"], TurnStatus.HELD, TurnReason.ABSENCE), "client_twice"),
    ):
        with pytest.raises(Invalid) as refused:
            close(database, world, session_id, RecordCommand(entries=entries, turns=(wrong, second)))
        assert codes(refused.value) == [code]
    taken = turn(who["karim"], TurnStatus.HELD, TurnReason.ABSENCE)
    close(database, world, session_id, RecordCommand(entries=entries, turns=(taken, second)))
    assert progress(database, world, "karim").codev.times_client == 1
    assert progress(database, world, "maude").codev.times_client == 0
    again = planned(database, world, group.id, "GEN-7.B", FIRST + timedelta(days=7))
    with database.transaction() as session:
        actor = acting(session, world, "facilitator", P.CODEV_RECORD)
        meeting = service_sessions.see_codev_session(session, actor, session_id)
        swapped, held = service_sessions.codev_session(session, meeting).turns
        assert (swapped.status, swapped.client, swapped.planned_client) == (
            TurnStatus.SWAPPED, "Karim Haddad", "Maude Bérubé",
        )  # fmt: skip
        assert held.status is TurnStatus.HELD
        meeting = service_sessions.see_codev_session(session, actor, again)
        proposed = service_sessions.rotation_for(session, meeting, consultations=2)
        assert [p.client for p in proposed] == ["Maude Bérubé", "Yves O’Brien"]
        assert {p.reserve for p in proposed} == {"Noé Sansrôle"}


def test_a_session_below_its_quorum_counts_for_nobody_and_is_planned_again(database: Database, world: World) -> None:
    group = formed(database, world)
    who = ids(group)
    session_id = planned(database, world, group.id)
    assign(database, world, session_id, (who["maude"], who["karim"]))
    before = progress(database, world, "karim")
    record = RecordCommand(
        entries=everyone(group, excused=(who["maude"],)),
        turns=(turn(who["maude"], TurnStatus.POSTPONED, TurnReason.ABSENCE),),
    )
    close(database, world, session_id, record)
    after = progress(database, world, "karim")
    assert after.codev == before.codev
    assert after.attendance_base_minutes == before.attendance_base_minutes
    again = planned(database, world, group.id, at=FIRST + timedelta(days=7))
    with database.transaction() as session:
        actor = acting(session, world, "facilitator", P.CODEV_RECORD)
        shown = service.group(session, service.see_group(session, actor, group.id))
        assert [s.held for s in shown.sessions] == [False, None]
        assert [m.name for m in shown.members if m.turn_kept] == ["Maude Bérubé"]
        meeting = service_sessions.see_codev_session(session, actor, again)
        (proposed,) = service_sessions.rotation_for(session, meeting)
        assert (proposed.client, proposed.reserve) == ("Maude Bérubé", "Karim Haddad")
        (other,) = service_sessions.rotation_for(session, meeting, passing=[who["maude"]])
        assert (other.client, other.reserve) == ("Karim Haddad", "Élise Lœwen-Côté")


def test_a_client_who_leaves_early_postpones_the_turn_and_minutes_count(database: Database, world: World) -> None:
    group = formed(database, world)
    who = ids(group)
    session_id = planned(database, world, group.id)
    assign(database, world, session_id, (who["maude"], who["karim"]))
    record = RecordCommand(
        entries=everyone(group), turns=(turn(who["maude"], TurnStatus.POSTPONED, TurnReason.TECHNICAL),)
    )
    close(database, world, session_id, record)
    maude = progress(database, world, "maude")
    assert (maude.codev.sessions_attended, maude.codev.times_client) == (1, 0)


def test_a_correction_supersedes_and_the_projection_follows(database: Database, world: World) -> None:
    group = formed(database, world)
    who = ids(group)
    session_id = planned(database, world, group.id)
    assign(database, world, session_id, (who["maude"], who["karim"]))
    first = close(database, world, session_id, RecordCommand(entries=everyone(group), turns=(turn(who["maude"]),)))
    postponed = turn(who["maude"], TurnStatus.POSTPONED, TurnReason.TIME)
    corrected = RecordCommand(entries=everyone(group, minutes=90), turns=(postponed,), supersedes=first)
    close(database, world, session_id, corrected)
    maude = progress(database, world, "maude")
    assert (maude.codev.times_client, maude.activity("GEN-7.A").recognised_minutes) == (0, 90)
    for stale in (None, first):
        with pytest.raises(Conflict) as refused:
            close(database, world, session_id, corrected.model_copy(update={"supersedes": stale}))
        assert refused.value.code == "stale"
    with database.transaction(colleges=[world.alma]) as session:
        assert (count(session, "codev_record"), count(session, "codev_presence")) == (2, 8)
        assert mismatches(session) == []


def test_a_cancelled_session_counts_no_more(database: Database, world: World) -> None:
    group = formed(database, world)
    who = ids(group)
    session_id = planned(database, world, group.id)
    close(database, world, session_id, RecordCommand(entries=everyone(group), turns=(turn(who["maude"]),)))
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", P.CODEV_MANAGE)
        service_sessions.cancel_session(session, actor, service_sessions.see_codev_session(session, actor, session_id))
    maude = progress(database, world, "maude")
    assert (maude.codev.sessions_attended, maude.codev.times_client, maude.attendance_base_minutes) == (0, 0, 0)
    with database.transaction(colleges=[world.alma]) as session:
        assert mismatches(session) == []
    with pytest.raises(Conflict) as refused:
        close(database, world, session_id, RecordCommand(entries=everyone(group), turns=(turn(who["maude"]),)))
    assert refused.value.code == "session_cancelled"
    with pytest.raises(Conflict):
        assign(database, world, session_id, (who["maude"], who["karim"]))


def test_a_record_waits_for_its_session(database: Database, world: World) -> None:
    group = formed(database, world)
    with database.transaction() as session:
        zone = college(session, world.alma).timezone
    tomorrow = FIRST + (today(zone) - FIRST.date()) + timedelta(days=1)
    session_id = planned(database, world, group.id, at=tomorrow)
    with pytest.raises(Conflict) as refused:
        close(database, world, session_id, RecordCommand(entries=everyone(group)))
    assert refused.value.code == "session_not_begun"


def test_someone_on_leave_is_not_called(database: Database, world: World) -> None:
    group = formed(database, world)
    who = ids(group)
    session_id = planned(database, world, group.id)
    with database.transaction() as session:
        actor, enrolment, _ = see(session, world, "coordinator", P.ENROLMENT_MANAGE)
        cohorts.move(session, actor, enrolment, MoveCommand(to=EnrolmentState.ON_LEAVE, reason="Congé parental"))
    with database.transaction() as session:
        actor = acting(session, world, "facilitator", P.CODEV_RECORD)
        meeting = service_sessions.see_codev_session(session, actor, session_id)
        shown = service_sessions.codev_session(session, meeting)
        assert who["maude"] not in [e.membership_id for e in shown.entries]
        assert who["maude"] not in [p.client_id for p in service_sessions.rotation_for(session, meeting)]


def test_only_the_group_reads_why_a_turn_was_not_held(database: Database, world: World) -> None:
    group = formed(database, world)
    who = ids(group)
    session_id = planned(database, world, group.id)
    assign(database, world, session_id, (who["maude"], who["karim"]))
    postponed = turn(who["maude"], TurnStatus.POSTPONED, TurnReason.ABSENCE)
    close(
        database, world, session_id, RecordCommand(entries=everyone(group, absent=(who["maude"],)), turns=(postponed,))
    )
    seen = {}
    for person in ("karim", "facilitator", "coordinator"):
        with database.transaction() as session:
            actor = acting(session, world, person, P.CODEV_READ)
            meeting = service_sessions.see_codev_session(session, actor, session_id)
            (shown,) = service_sessions.codev_session(session, meeting).turns
            seen[person] = (shown.status, shown.reason)
    assert seen["karim"] == seen["facilitator"] == (TurnStatus.POSTPONED, TurnReason.ABSENCE)
    assert seen["coordinator"] == (TurnStatus.POSTPONED, None)
