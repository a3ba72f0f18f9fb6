"""A session is moved or changed: what it becomes, what its history keeps, and when it is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import col, select

from app.attendance.calendar import changes
from app.attendance.calendar import service as calendar
from app.attendance.calendar.models import ScheduledSession, SessionChange
from app.attendance.calendar.schemas import CancelCommand, ChangeSession
from app.cohorts import service as cohorts
from app.notifications import texts
from app.notifications.enums import Kind
from app.platform.database.transaction import Database
from app.platform.errors import DomainError
from app.platform.security.permissions import P
from tests.factories.cohorts import called, fields, meeting, page
from tests.factories.network import STARTED, World, acting, as_
from tests.factories.notifications import forget_messages, inbox
from tests.factories.venues import HALIFAX, venue_in

BEGAN = datetime.combine(STARTED + timedelta(days=2), time(13), UTC)
LATER = BEGAN + timedelta(days=7)
MOVED = {
    "sequence": 0,
    "starts_at": LATER,
    "planned_minutes": 180,
    "mode": "hybrid",
    "place": "Alma",
    "reason": "Tempête.",
}


def moved(database: Database, world: World, session_id: int, **change: object) -> int:
    """Move a session as the coordinator; return its new number of changes."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        session = calendar.see_session(db, actor, session_id)
        command = ChangeSession.model_validate({**MOVED, **change})
        return changes.change(db, actor, cohorts.see_cohort(db, actor, world.cohort), session, command).sequence


def refused(database: Database, world: World, session_id: int, **change: object) -> list[str]:
    """Return the codes that a change is refused with."""
    with pytest.raises(DomainError) as error:
        moved(database, world, session_id, **change)
    return [error.value.code, *(r.code for r in error.value.reasons)]


def rows(database: Database, world: World) -> tuple[list[ScheduledSession], list[SessionChange]]:
    """Return the sessions of Alma and what they were."""
    with database.transaction(colleges=[world.alma]) as db:
        history = db.exec(select(SessionChange).order_by(col(SessionChange.id))).all()
        return list(db.exec(select(ScheduledSession).order_by(col(ScheduledSession.id))).all()), list(history)


def test_moved_session_keeps_what_it_was_in_its_history(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    islands = venue_in(database, world.alma, "Centre des Îles", HALIFAX)
    assert moved(database, world, session_id, venue_id=islands, place="Salle 2") == 1
    again = {"sequence": 1, "venue_id": None, "mode": "online", "place": "", "reason": "Verglas."}
    assert moved(database, world, session_id, **again, meeting_link="https://visio.example/j") == 2
    [session], [first, second] = rows(database, world)
    assert (session.starts_at, session.mode, session.venue_id, session.timezone) == (
        LATER,
        "online",
        None,
        "America/Toronto",
    )
    assert (first.starts_at, first.mode, first.place, first.venue_id, first.timezone, first.reason) == (
        BEGAN, "hybrid", "Alma", None, "America/Toronto", "Tempête.",
    )  # fmt: skip
    assert (second.starts_at, second.venue_id, second.timezone, second.reason) == (LATER, islands, HALIFAX, "Verglas.")
    assert first.changed_by == world.people["coordinator"]


def test_moved_session_is_told_to_the_cohort_once_for_each_change_and_not_for_a_link(
    database: Database, world: World
) -> None:
    session_id = meeting(database, world, days=40)
    islands = venue_in(database, world.alma, "Centre des Îles", HALIFAX)
    soon = BEGAN + timedelta(days=45)
    moved(database, world, session_id, starts_at=soon, venue_id=islands)
    moved(
        database,
        world,
        session_id,
        sequence=1,
        starts_at=soon,
        venue_id=islands,
        meeting_link="https://visio.example/j",
    )
    with database.engine.connect() as owner:
        rows_ = owner.execute(text("select person_id, params from notification where kind = 'session_moved'")).all()
    told = {person for person, _ in rows_}
    assert len(rows_) == len(told)
    assert {world.people[who] for who in ("maude", "karim", "trainer")} <= told
    assert world.people["coordinator"] not in told, "who moved it knows"
    assert {params["place"] for _, params in rows_} == {"Centre des Îles, 1, chemin du Phare, Havre-Aubert, Alma"}
    assert not any("visio.example" in str(params) for _, params in rows_)
    [(was, now_)] = {(params["was_timezone"], params["timezone"]) for _, params in rows_}
    assert (was, now_) == ("America/Toronto", HALIFAX)
    before = BEGAN + timedelta(days=38)
    body = texts.body(Kind.SESSION_MOVED, rows_[0].params)
    assert f"prévue le {texts.moment(before, was, named=True)}, est déplacée" in body, "the hour that people knew"
    assert f"Nouveau moment\N{NO-BREAK SPACE}: {texts.moment(soon, HALIFAX)}." in body
    assert ("heure de l’Est" in body, "heure de l’Atlantique" in body) == (True, True), "both zones are named"


def test_session_that_changes_where_it_stands_is_not_said_to_be_moved(database: Database, world: World) -> None:
    session_id, soon = meeting(database, world, days=40), BEGAN + timedelta(days=38)
    forget_messages(database)
    room = venue_in(database, world.alma, "Collège")
    moved(database, world, session_id, starts_at=soon, place="", mode="online")
    here = {"starts_at": soon, "venue_id": room}
    moved(database, world, session_id, sequence=1, place="Salle 1", **here)
    moved(database, world, session_id, sequence=2, place="Salle 2", **here)
    moved(database, world, session_id, sequence=3, place="Salle 2", planned_minutes=90, **here)
    told = [title.split(" : ")[0] for title in reversed(inbox(database, world, "maude"))]
    assert told == ["Séance déplacée", "Séance déplacée", "Séance modifiée", "Séance modifiée"]
    with database.engine.connect() as owner:
        of_maude = text("select params from notification where person_id = :id order by id")
        first, *_, last = owner.execute(of_maude, {"id": world.people["maude"]}).scalars()
    assert first["place"] == "", "the mode stands for it in the reader's language"
    assert "Lieu\N{NO-BREAK SPACE}: En ligne." in texts.body(Kind.SESSION_MOVED, first)
    assert "Durée\N{NO-BREAK SPACE}: 1,5\N{NO-BREAK SPACE}h." in texts.body(Kind.SESSION_CHANGED, last)


def test_session_is_not_moved_once_called_or_cancelled(database: Database, world: World) -> None:
    first, second = meeting(database, world), meeting(database, world, days=3)
    called(database, world, first)
    assert refused(database, world, first) == ["session_called", "session_called"]
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        calendar.cancel(db, actor, calendar.see_session(db, actor, second), CancelCommand(reason="Panne."))
    assert refused(database, world, second, sequence=1) == ["session_cancelled", "session_cancelled"]
    assert rows(database, world)[1] == []


def test_session_moved_onto_another_of_its_activity_or_far_away_is_refused(database: Database, world: World) -> None:
    first = meeting(database, world)
    meeting(database, world, days=9)
    assert refused(database, world, first) == ["session_planned", "session_planned"]
    assert refused(database, world, first, starts_at=LATER.replace(year=2062)) == ["invalid", "session_far_from_cohort"]
    assert refused(database, world, first, starts_at=BEGAN) == ["invalid", "session_unchanged"]
    assert refused(database, world, first, mode="online", venue_id=1) == ["invalid", "venue_online"]
    assert moved(database, world, first, starts_at=BEGAN, planned_minutes=60) == 1, "at its own moment it is no other"


def test_change_of_a_session_that_someone_changed_since_is_refused(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    moved(database, world, session_id)
    assert refused(database, world, session_id, planned_minutes=60) == ["stale", "session_stale"]


def test_two_changes_sent_at_once_are_one(database: Database, world: World) -> None:
    session_id, together = meeting(database, world), Barrier(2)

    def send(minutes: int) -> str:
        together.wait()
        try:
            moved(database, world, session_id, planned_minutes=minutes)
        except DomainError as error:
            return error.code
        return "moved"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, (60, 90))) == ["moved", "stale"]
    assert len(rows(database, world)[1]) == 1


def test_meeting_link_is_kept_replaced_or_taken_away(database: Database, world: World) -> None:
    session_id, link = meeting(database, world), "https://visio.example/j/1"
    steps: tuple[tuple[dict[str, Any], str | None], ...] = (
        ({"meeting_link": link}, link),
        ({"planned_minutes": 90}, link),
        ({"meeting_link": f"{link}2"}, f"{link}2"),
        ({"without_link": True}, None),
        ({"meeting_link": link}, link),
        ({"mode": "onsite"}, None),
    )
    for sequence, (change, expected) in enumerate(steps):
        moved(database, world, session_id, sequence=sequence, **change)
        assert rows(database, world)[0][0].meeting_link == expected, change


def test_session_stays_in_its_venue_after_it_was_retired(client: TestClient, database: Database, world: World) -> None:
    room = venue_in(database, world.alma, "Salle A")
    session_id = meeting(database, world)
    moved(database, world, session_id, venue_id=room)
    as_(client, database, world, "coordinator")
    assert client.post(f"/api/v1/venues/{room}/retirement").status_code == 200
    path = f"/seances/{session_id}/modification"
    sent = fields(page(client.get(path)), path)
    assert sent["venue_id"] == [str(room)]
    assert client.post(path, data={**sent, "planned_minutes": "60", "reason": "Plus court."}).status_code == 303
    other = meeting(database, world, days=3)
    assert refused(database, world, other, venue_id=room) == ["invalid", "venue_not_offered"]


def test_moved_session_says_on_its_page_what_it_was_and_to_managers_who_moved_it(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world, days=40)
    as_(client, database, world, "coordinator")
    path = f"/seances/{session_id}/modification"
    html = page(client.get(path))
    sent = {**fields(html, path), "clock": "09:15", "reason": ""}
    html = page(client.post(path, data=sent), 422)
    assert fields(html, path)["clock"] == ["09:15"]
    assert client.post(path, data={**fields(html, path), "reason": "Conflit d’horaire."}).headers["location"] == (
        f"/seances/{session_id}"
    )
    assert "Corinne Coordination" in page(client.get(f"/seances/{session_id}"))
    as_(client, database, world, "maude")
    html = page(client.get(f"/seances/{session_id}"))
    assert "9 h 15" in html
    assert "Raison : Conflit d’horaire." in html
    assert "Corinne Coordination" not in html
    assert "/modification" not in html
    [past] = client.get(f"/api/v1/sessions/{session_id}").json()["changes"]
    assert (past["reason"], past["changed_by"]) == ("Conflit d’horaire.", None)


@pytest.mark.parametrize(
    "typed",
    [
        {"planned_minutes": "5"},
        {"planned_minutes": "721"},
        {"place": "a" * 201},
        {"meeting_link": f"https://visio.example/{'j' * 500}"},
        {"day": "2199-12-31", "clock": "23:00"},
    ],
    ids=["too-short", "too-long", "long-place", "long-link", "last-hour-of-the-last-year"],
)
def test_form_that_moves_a_session_out_of_bounds_comes_back_with_all_that_was_typed(
    client: TestClient, database: Database, world: World, typed: dict[str, str]
) -> None:
    path = f"/seances/{meeting(database, world)}/modification"
    as_(client, database, world, "coordinator")
    sent = {**fields(page(client.get(path)), path), "reason": "Tempête.", "mode": "hybrid", **typed}
    again = fields(page(client.post(path, data=sent), 422), path)
    assert {name: again[name] for name in ("reason", *typed)} == {n: [sent[n]] for n in ("reason", *typed)}
    assert rows(database, world)[1] == []


def test_form_of_a_session_at_the_last_hour_of_the_last_year_comes_back(
    client: TestClient, database: Database, world: World
) -> None:
    path = f"/cohortes/{world.cohort}/seances"
    as_(client, database, world, "coordinator")
    sent = {**fields(page(client.get(path)), path), "day": "2199-12-31", "clock": "23:00"}
    assert fields(page(client.post(path, data=sent), 422), path)["day"] == ["2199-12-31"]


def test_form_refused_for_something_else_still_says_what_its_sender_had_read(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    as_(client, database, world, "coordinator")
    path = f"/seances/{session_id}/modification"
    sent = {**fields(page(client.get(path)), path), "planned_minutes": "60", "reason": ""}
    moved(database, world, session_id)
    again = fields(page(client.post(path, data=sent), 422), path)
    assert again["sequence"] == ["0"]
    html = page(client.post(path, data={**again, "reason": "Plus court."}), 409)
    assert fields(html, path)["sequence"] == ["1"], "the change made meanwhile is on the page"
    assert len(rows(database, world)[1]) == 1
    assert client.post(path, data=fields(html, path)).status_code == 303
