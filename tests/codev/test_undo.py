"""A cancelled session and a departure are taken back, with a kind of reason and without a word on anyone (BR-11)."""

from datetime import UTC, datetime, time, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.codev.groups import service as groups
from app.codev.groups.schemas import FacilitatorCommand, GroupShown, JoinCommand, LeaveCommand, ReturnCommand
from app.codev.records.schemas import RecordCommand
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import UndoReason
from app.codev.sessions.models import CodevSession
from app.codev.sessions.schemas import RestoreCodevSession
from app.identity.roles.service import grant_role
from app.network.venues.models import Venue
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Forbidden, Invalid
from app.platform.security.permissions import P, Role
from app.progress.service import mismatches
from tests.factories import codev
from tests.factories.clashes import box, mark, warned
from tests.factories.cohorts import attendance, fields, meeting, page
from tests.factories.network import PARTICIPANTS, STARTED, World, acting, as_
from tests.factories.notifications import forget_messages, inbox
from tests.factories.venues import venue_in

SOON = datetime.combine(STARTED + timedelta(days=40), time(13), UTC)
MISTAKE = RestoreCodevSession(reason=UndoReason.MISTAKE)


@pytest.fixture
def group(database: Database, world: World) -> GroupShown:
    """Return the group of Alma."""
    return codev.create_group(database, world)


def held(database: Database, world: World, group: GroupShown) -> int:
    """Return a session that was held, Maude as client."""
    session_id = codev.plan_session(database, world, group.id)
    turns = (codev.turn(codev.membership_ids(group)["maude"]),)
    codev.close_record(database, world, session_id, RecordCommand(entries=codev.presences(group), turns=turns))
    return session_id


def cancel(database: Database, world: World, session_id: int) -> None:
    """Cancel a session."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        sessions.cancel_session(db, actor, sessions.see_codev_session(db, actor, session_id))


def restore(database: Database, world: World, session_id: int, who: str = "coordinator") -> None:
    """Put a session back."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.CODEV_MANAGE)
        sessions.restore_session(db, actor, sessions.see_codev_session(db, actor, session_id), MISTAKE)


def leave(database: Database, world: World, group: GroupShown, membership: int) -> None:
    """Record a departure."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        groups.remove_member(db, groups.see_group(db, actor, group.id), LeaveCommand(membership_id=membership))


def come_back(
    database: Database, world: World, group: GroupShown, membership: int, who: str = "coordinator"
) -> GroupShown:
    """Take a departure back."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.CODEV_MANAGE)
        command = ReturnCommand(membership_id=membership, reason=UndoReason.RECONSIDERED)
        return groups.return_member(db, actor, groups.see_group(db, actor, group.id), command)


def test_session_cancelled_then_restored_is_told_to_the_group_alone(
    database: Database, world: World, group: GroupShown
) -> None:
    coming = codev.plan_session(database, world, group.id, at=now() + timedelta(days=5))
    forget_messages(database)
    cancel(database, world, coming)
    restore(database, world, coming)
    for who in (*PARTICIPANTS, "facilitator"):
        assert [title.split(" : ")[0] for title in inbox(database, world, who)] == [
            "Séance de codéveloppement rétablie", "Séance de codéveloppement annulée",
        ]  # fmt: skip
    for who in ("coordinator", "trainer", "registrar", "nobody"):
        assert inbox(database, world, who) == []


def test_session_of_the_past_is_cancelled_without_a_message(
    database: Database, world: World, group: GroupShown
) -> None:
    past = codev.plan_session(database, world, group.id)
    forget_messages(database)
    cancel(database, world, past)
    assert inbox(database, world, "maude") == []


def test_restored_session_counts_again_with_its_record(database: Database, world: World, group: GroupShown) -> None:
    session_id = held(database, world, group)
    with database.transaction(colleges=[world.alma]) as db:
        before = attendance(db)
    cancel(database, world, session_id)
    with database.transaction(colleges=[world.alma]) as db:
        assert attendance(db) != before
    restore(database, world, session_id)
    with database.transaction(colleges=[world.alma]) as db:
        assert attendance(db) == before
        assert mismatches(db) == []
        rows = db.execute(text("select session_id, cancelled_by, restored_by, reason from codev_session_restoration"))
        by = world.people["coordinator"]
        assert rows.all() == [(session_id, by, by, "mistake")]
    with pytest.raises(Conflict, match="session_not_cancelled"):
        restore(database, world, session_id)


def test_session_whose_place_was_taken_stays_cancelled(database: Database, world: World, group: GroupShown) -> None:
    session_id = codev.plan_session(database, world, group.id)
    cancel(database, world, session_id)
    codev.plan_session(database, world, group.id)
    with pytest.raises(Conflict, match="codev_activity_planned"):
        restore(database, world, session_id)


def test_session_that_clashes_returns_once_that_is_read(
    client: TestClient, database: Database, world: World, group: GroupShown
) -> None:
    session_id = codev.plan_session(database, world, group.id, at=SOON)
    cancel(database, world, session_id)
    meeting(database, world, days=40)
    as_(client, database, world, "coordinator")
    path, asked = f"/api/v1/codev/sessions/{session_id}/restoration", {"reason": "mistake", "clashes_seen": "none"}
    answer = client.post(path, json=asked)
    assert warned(answer) == ["clash_people"]
    back = client.post(path, json={**asked, "clashes_seen": mark(answer)})
    assert (back.status_code, back.json()["cancelled_at"], back.json()["sequence"]) == (200, None, 2)
    again = client.post(f"/api/v1/codev/sessions/{session_id}/cancellation").json()
    assert again["sequence"] == 3, "as it is to be sent with a change"
    assert client.post(path, json={"reason": "mistake"}).status_code == 409, "a program that says nothing read nothing"


def test_session_of_the_past_returns_whatever_was_at_its_hour(
    client: TestClient, database: Database, world: World, group: GroupShown
) -> None:
    session_id = codev.plan_session(database, world, group.id, at=SOON - timedelta(days=38))
    cancel(database, world, session_id)
    meeting(database, world, days=2)
    as_(client, database, world, "coordinator")
    asked = {"reason": "mistake", "clashes_seen": "none"}
    assert client.post(f"/api/v1/codev/sessions/{session_id}/restoration", json=asked).status_code == 200


def test_page_shows_what_a_session_put_back_clashes_with(
    client: TestClient, database: Database, world: World, group: GroupShown
) -> None:
    room = venue_in(database, world.alma, "Salle 1")
    session_id = codev.plan_session(database, world, group.id, at=SOON)
    cancel(database, world, session_id)
    meeting(database, world, days=40)
    with database.as_owner() as db:
        db.get_one(CodevSession, session_id).venue_id = room
        db.get_one(Venue, room).retired_at = now()
    as_(client, database, world, "coordinator")
    shown = f"/codev/seances/{session_id}"
    path = f"{shown}/retablissement"
    sent = {**fields(page(client.get(shown)), path), "reason": "reconsidered"}
    html = page(client.post(path, data=sent), 409)
    assert "Karim Haddad, Maude Bérubé, Yves O’Brien (+1) : «" in html
    again = fields(html, path)
    assert again["reason"] == ["reconsidered"], "nothing typed is lost"
    assert client.post(path, data=again).status_code == 409, "not confirmed by sending it again"
    assert client.post(path, data={**again, "clashes_seen": box(html)}).status_code == 303


def test_nobody_restores_a_session_that_counts_for_them(database: Database, world: World, group: GroupShown) -> None:
    session_id = held(database, world, group)
    cancel(database, world, session_id)
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["maude"], Role.COORDINATOR, college_id=world.alma)
    with pytest.raises(Forbidden, match="own_case"):
        restore(database, world, session_id, "maude")


def test_returned_member_has_their_turns_and_sees_the_group_again(
    client: TestClient, database: Database, world: World, group: GroupShown
) -> None:
    held(database, world, group)
    maude = codev.membership_ids(group)["maude"]
    leave(database, world, group, maude)
    as_(client, database, world, "maude")
    assert client.get(f"/api/v1/codev/groups/{group.id}").status_code == 404
    shown = next(m for m in come_back(database, world, group, maude).members if m.membership_id == maude)
    assert (shown.left_on, shown.turns, shown.follows, shown.joined_on) == (None, 1, True, STARTED)
    assert client.get(f"/api/v1/codev/groups/{group.id}").status_code == 200
    with database.transaction(colleges=[world.alma]) as db:
        kept = db.execute(text("select membership_id, left_on is not null, reason from codev_return")).all()
        assert kept == [(maude, True, "reconsidered")]


def test_return_follows_the_rules_of_joining(database: Database, world: World, group: GroupShown) -> None:
    maude = codev.membership_ids(group)["maude"]
    with pytest.raises(Invalid) as present:
        come_back(database, world, group, maude)
    assert [(r.code, r.field) for r in present.value.reasons] == [("not_of_the_group", "membership_id")]
    leave(database, world, group, maude)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = groups.see_group(db, actor, group.id)
        groups.add_member(db, actor, ref, JoinCommand(enrolment_id=world.enrolments["maude"]))
    with pytest.raises(Invalid) as again:
        come_back(database, world, group, maude)
    assert "twice_in_the_group" in {r.code for r in again.value.reasons}


def test_nobody_takes_their_own_departure_back(database: Database, world: World, group: GroupShown) -> None:
    maude = codev.membership_ids(group)["maude"]
    leave(database, world, group, maude)
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["maude"], Role.COORDINATOR, college_id=world.alma)
    with pytest.raises(Forbidden, match="grants_oneself"):
        come_back(database, world, group, maude, "maude")


def test_pages_offer_both_ways_back(client: TestClient, database: Database, world: World, group: GroupShown) -> None:
    session_id = codev.plan_session(database, world, group.id)
    cancel(database, world, session_id)
    leave(database, world, group, codev.membership_ids(group)["karim"])
    as_(client, database, world, "coordinator")
    for shown, path in (
        (f"/codev/seances/{session_id}", f"/codev/seances/{session_id}/retablissement"),
        (f"/codev/groupes/{group.id}", f"/codev/groupes/{group.id}/retours"),
    ):
        sent = client.post(path, data=fields(page(client.get(shown)), path))
        assert (sent.status_code, sent.headers.get("location")) == (303, shown), sent.text
        assert path not in page(client.get(shown))


def hand_over(database: Database, world: World, group: GroupShown, to: str, who: str = "coordinator") -> None:
    """Give the facilitation of the group to someone, which ends the role of the one before."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.CODEV_MANAGE)
        command = FacilitatorCommand(person_id=world.people[to])
        groups.set_facilitator(db, actor, groups.see_group(db, actor, group.id), command)


def test_facilitation_handed_over_by_mistake_is_handed_back_and_keeps_its_past(
    client: TestClient, database: Database, world: World, group: GroupShown
) -> None:
    hand_over(database, world, group, "trainer")
    as_(client, database, world, "facilitator")
    assert client.get(f"/api/v1/codev/groups/{group.id}").status_code == 404
    hand_over(database, world, group, "facilitator")
    assert client.get(f"/api/v1/codev/groups/{group.id}").status_code == 200
    with database.transaction(colleges=[world.alma]) as db:
        held_by = text(
            "select person_id, ended_at is null from role_held"
            " where group_id = :group and role = 'facilitator' order by id"
        )
        rows = db.execute(held_by, {"group": group.id}).all()
    flavie, theo = world.people["facilitator"], world.people["trainer"]
    assert rows == [(flavie, False), (theo, False), (flavie, True)]


def test_nobody_hands_a_facilitation_back_to_themselves(database: Database, world: World, group: GroupShown) -> None:
    hand_over(database, world, group, "trainer")
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["facilitator"], Role.COORDINATOR, college_id=world.alma)
    with pytest.raises(Forbidden, match="grants_oneself"):
        hand_over(database, world, group, "facilitator", "facilitator")
