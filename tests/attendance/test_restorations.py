"""A cancelled session returns to the calendar with a reason, and what its roll recorded counts again (BR-08)."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.attendance.calendar import restorations
from app.attendance.calendar import service as calendar
from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.rules import MAX_ABSENCE, restoration_reasons
from app.attendance.calendar.schemas import CancelCommand, NewSession, RestoreCommand, SessionRow
from app.cohorts.service import see_cohort
from app.identity.roles.service import grant_role
from app.network.venues.models import Venue
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Forbidden
from app.platform.security.permissions import P, Role
from app.progress.service import mismatches
from tests.factories.clashes import box, mark, warned
from tests.factories.cohorts import attendance, called, fields, meeting, page
from tests.factories.network import PARTICIPANTS, World, acting, as_
from tests.factories.venues import venue_in

WHY = "Annulée par erreur."


def cancel(database: Database, world: World, session_id: int, who: str = "coordinator") -> None:
    """Cancel a session."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.SESSION_MANAGE)
        calendar.cancel(db, actor, calendar.see_session(db, actor, session_id), CancelCommand(reason="Tempête."))


def restore(
    database: Database, world: World, session_id: int, who: str = "coordinator", *, beside: bool = False
) -> SessionRow:
    """Put a session back."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.SESSION_MANAGE)
        session = calendar.see_session(db, actor, session_id)
        return restorations.restore(db, actor, session, RestoreCommand(reason=WHY, beside=beside))


def refusal(database: Database, world: World, session_id: int) -> str:
    """Return the code with which a return is refused."""
    with pytest.raises(Conflict) as refused:
        restore(database, world, session_id)
    return refused.value.code


def plan_again(database: Database, world: World, session_id: int, *, later: timedelta) -> int:
    """Plan a session of the same activity, some time after the first one."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        first = calendar.see_session(db, actor, session_id)
        command = NewSession(activity_code=first.activity_code, starts_at=first.starts_at + later)
        return calendar.schedule(db, actor, see_cohort(db, actor, world.cohort), command).id


@pytest.mark.parametrize(
    ("days", "is_called", "replaced", "beside", "codes"),
    [
        (-3, False, False, False, []),
        (30, False, False, False, []),
        (31, False, False, False, ["restored_too_late"]),
        (31, False, True, True, ["restored_too_late"]),
        (400, True, False, False, []),
        (1, False, True, False, ["session_replaced"]),
        (1, True, True, True, []),
    ],
)
def test_session_returns_while_its_presences_are_known(
    *, days: int, is_called: bool, replaced: bool, beside: bool, codes: list[str]
) -> None:
    moment = now()
    reasons = restoration_reasons(
        moment - timedelta(days=days), moment, called=is_called, replaced=replaced, beside=beside
    )
    assert [r.code for r in reasons] == codes


def test_restored_session_counts_again_for_everyone(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    called(database, world, session_id, absent=("karim",))
    with database.transaction(colleges=[world.alma]) as db:
        before = attendance(db)
    cancel(database, world, session_id)
    shown = restore(database, world, session_id)
    assert (shown.cancelled, shown.cancel_reason, shown.closed) == (False, None, True)
    with database.transaction(colleges=[world.alma]) as db:
        assert attendance(db) == before
        assert {before[world.enrolments[who]][1] for who in PARTICIPANTS} == {180}
        assert mismatches(db) == []
    assert refusal(database, world, session_id) == "session_not_cancelled"


def test_restored_session_keeps_both_acts_in_its_history(client: TestClient, database: Database, world: World) -> None:
    session_id = meeting(database, world)
    for _ in range(2):
        cancel(database, world, session_id)
        restore(database, world, session_id)
    as_(client, database, world, "coordinator")
    history = client.get(f"/api/v1/sessions/{session_id}/restorations").json()
    assert [(r["cancel_reason"], r["cancelled_by"], r["reason"], r["restored_by"]) for r in history] == [
        ("Tempête.", "Corinne Coordination", WHY, "Corinne Coordination")
    ] * 2


def test_replaced_session_returns_only_when_both_are_meant(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    cancel(database, world, session_id)
    other = plan_again(database, world, session_id, later=timedelta(days=1))
    assert refusal(database, world, session_id) == "session_replaced"
    assert not restore(database, world, session_id, beside=True).cancelled
    cancel(database, world, session_id)
    cancel(database, world, other)
    assert not restore(database, world, session_id).cancelled


def test_session_whose_moment_was_taken_stays_cancelled(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    cancel(database, world, session_id)
    plan_again(database, world, session_id, later=timedelta())
    assert refusal(database, world, session_id) == "session_planned"


def test_session_long_past_without_a_roll_stays_cancelled(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    cancel(database, world, session_id)
    with at(now() + MAX_ABSENCE):
        assert refusal(database, world, session_id) == "restored_too_late"


def test_nobody_restores_a_session_that_counts_for_them(database: Database, world: World) -> None:
    session_id = meeting(database, world)
    called(database, world, session_id)
    cancel(database, world, session_id)
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["maude"], Role.COORDINATOR, college_id=world.alma)
    with pytest.raises(Forbidden) as refused:
        restore(database, world, session_id, "maude")
    assert refused.value.code == "own_case"


def test_page_restores_a_session_and_asks_when_it_was_replaced(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    cancel(database, world, session_id)
    plan_again(database, world, session_id, later=timedelta(days=1))
    as_(client, database, world, "coordinator")
    sessions, path = f"/cohortes/{world.cohort}/seances", f"/seances/{session_id}/retablissement"
    assert f'href="{path}"' in page(client.get(sessions))
    html = page(client.get(path))
    assert "Tempête." in html
    assert "beside" not in html
    asked = page(client.post(path, data={"reason": WHY}), 409)
    assert "Garder les deux séances" in asked
    assert fields(asked, path)["reason"] == [WHY]
    assert client.post(path, data={"reason": WHY, "beside": "true"}).headers["location"] == sessions
    assert "n’est pas annulée" in page(client.get(path))
    assert WHY in page(client.get(path))
    assert path not in page(client.get(sessions))


def put_back(client: TestClient, session_id: int, **more: object) -> Any:
    """Put a session back by the API; return the answer."""
    return client.post(f"/api/v1/sessions/{session_id}/restoration", json={"reason": WHY, **more})


def test_session_that_clashes_returns_once_that_is_read(client: TestClient, database: Database, world: World) -> None:
    session_id = meeting(database, world, days=40)
    cancel(database, world, session_id)
    meeting(database, world, days=40, code="GEN-3.B")
    as_(client, database, world, "coordinator")
    answer = put_back(client, session_id, clashes_seen="none")
    assert warned(answer) == ["clash_trainer", "clash_people"]
    assert client.get(f"/api/v1/sessions/{session_id}").json()["cancelled"] is True
    assert put_back(client, session_id, clashes_seen=mark(answer)).status_code == 201
    cancel(database, world, session_id)
    assert put_back(client, session_id, clashes_seen=None).status_code == 422, "nothing plans without having asked"


def test_session_returns_to_the_venue_it_had_though_retired_since(
    client: TestClient, database: Database, world: World
) -> None:
    room = venue_in(database, world.alma, "Salle 1")
    session_id, other = meeting(database, world, days=40), meeting(database, world, days=40, code="GEN-3.B")
    with database.as_owner() as db:
        for one in (session_id, other):
            db.get_one(ScheduledSession, one).venue_id = room
        db.get_one(Venue, room).retired_at = now()
    cancel(database, world, session_id)
    as_(client, database, world, "coordinator")
    answer = put_back(client, session_id, clashes_seen="none")
    assert warned(answer) == ["clash_venue", "clash_trainer", "clash_people"]
    assert put_back(client, session_id, clashes_seen=mark(answer)).json()["venue"]["name"] == "Salle 1"


def test_session_of_the_past_returns_whatever_was_at_its_hour(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    cancel(database, world, session_id)
    meeting(database, world, code="GEN-3.B")
    as_(client, database, world, "coordinator")
    assert put_back(client, session_id, clashes_seen="none").status_code == 201


def test_page_asks_for_the_replaced_session_first_then_shows_the_clashes(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world, days=40)
    cancel(database, world, session_id)
    plan_again(database, world, session_id, later=timedelta(days=1))
    meeting(database, world, days=40, code="GEN-3.B")
    as_(client, database, world, "coordinator")
    path = f"/seances/{session_id}/retablissement"
    asked = page(client.post(path, data={"reason": WHY}), 409)
    assert "Garder les deux séances" in asked
    assert "clashes_seen" not in asked
    html = page(client.post(path, data={"reason": WHY, "beside": "true"}), 409)
    assert "Karim Haddad, Maude Bérubé, Yves O’Brien (+1) : «" in html
    sent = fields(html, path)
    assert (sent["reason"], sent["beside"]) == ([WHY], ["true"]), "nothing typed is lost"
    assert client.post(path, data=sent).status_code == 409, "not confirmed by sending it again"
    assert client.post(path, data={**sent, "clashes_seen": box(html)}).status_code == 303
