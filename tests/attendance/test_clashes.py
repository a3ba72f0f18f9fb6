"""What a session clashes with, told before it is planned or moved, without what its planner may not read."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.attendance.clashes.rules import Other, SessionKey, Taken, clash_reasons, mark_of_clashes
from app.cohorts.models import Cohort
from app.identity.roles.service import grant_role
from app.platform.database.transaction import Database
from app.platform.messages.i18n import explain
from app.platform.security.permissions import Role
from tests.factories.clashes import box, mark, warned
from tests.factories.codev import create_group, plan_session
from tests.factories.cohorts import fields, meeting, page
from tests.factories.network import STARTED, World, as_
from tests.factories.venues import venue_in

TORONTO = "America/Toronto"
SOON = datetime.combine(STARTED + timedelta(days=40), time(13), UTC)
MEANWHILE = text(
    "select * from busy_meanwhile(cast(:who as int[]), null, cast(:s as timestamptz[]), cast(:e as timestamptz[]))"
)
SESSIONS = "/api/v1/cohorts/{}/sessions"


def planned(client: TestClient, cohort: int, starts_at: datetime = SOON, **more: object) -> Any:
    """Plan a workshop by the API; return the answer."""
    body = {"activity_code": "GEN-3.B", "starts_at": starts_at.isoformat(), "planned_minutes": 120, **more}
    return client.post(SESSIONS.format(cohort), json=body)


def planned_sessions(client: TestClient, cohort: int) -> list[Any]:
    """Return the sessions of a cohort."""
    sessions: list[Any] = client.get(SESSIONS.format(cohort)).json()["items"]
    return sessions


def test_session_of_its_own_cohort_at_once_is_warned_of_and_planned_once_read(
    client: TestClient, database: Database, world: World
) -> None:
    meeting(database, world, days=40)
    as_(client, database, world, "coordinator")
    answer = planned(client, world.cohort, clashes_seen="none")
    assert warned(answer) == ["clash_trainer", "clash_people"]
    _, trainer, people = answer.json()["errors"]
    assert (trainer["params"]["names"], people["params"]["names"]) == (
        "Théo Formation",
        "Karim Haddad, Maude Bérubé, Yves O’Brien (+1)",
    )
    assert "de 8" in trainer["message"] or "de 9" in trainer["message"], "the hour of the cohort's clock"
    assert warned(planned(client, world.cohort, clashes_seen="another")) == ["clash_trainer", "clash_people"]
    assert planned(client, world.cohort, clashes_seen=mark(answer)).status_code == 201
    unread = planned(client, world.cohort, SOON + timedelta(minutes=15))
    assert (unread.status_code, unread.json()["code"]) == (409, "session_clashes"), "who says nothing has read nothing"
    assert len(planned_sessions(client, world.cohort)) == 2
    assert planned(client, world.cohort, SOON, clashes_seen=None).status_code == 422


def test_clashes_that_changed_since_they_were_read_are_told_again(
    client: TestClient, database: Database, world: World
) -> None:
    room = venue_in(database, world.alma, "Salle 1")
    meeting(database, world, days=40)
    as_(client, database, world, "coordinator")
    seen = mark(planned(client, world.cohort, clashes_seen="none", venue_id=room))
    other: dict[str, Any] = {"activity_code": "GEN-4.B", "mode": "hybrid", "venue_id": room}
    read = mark(planned(client, world.cohort, **other))
    assert planned(client, world.cohort, clashes_seen=read, **other).status_code == 201
    assert warned(planned(client, world.cohort, clashes_seen=seen, venue_id=room)).count("clash_venue") == 1


def test_someone_taken_here_and_in_another_college_at_once_is_said_of_both(
    client: TestClient, database: Database, world: World
) -> None:
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        grant_role(db, world.people["trainer"], Role.TRAINER, college_id=world.rouyn, cohort_id=world.other_cohort)
    as_(client, database, world, "other_coordinator")
    assert planned(client, world.other_cohort, activity_code="GEN-3.B").status_code == 201
    read = mark(planned(client, world.other_cohort, activity_code="GEN-5.B"))
    assert planned(client, world.other_cohort, activity_code="GEN-5.B", clashes_seen=read).status_code == 201
    meeting(database, world, days=40)
    as_(client, database, world, "coordinator")
    answer = planned(client, world.cohort, clashes_seen="none")
    assert sorted(warned(answer)) == ["clash_people", "clash_trainer", "clash_trainer_busy"]
    names = {r["code"]: r["params"]["names"] for r in answer.json()["errors"][1:]}
    assert names["clash_trainer_busy"] == "Théo Formation", "once, though two sessions take him at that hour"
    assert planned(client, world.cohort, clashes_seen=mark(answer)).status_code == 201


def test_what_is_in_another_college_only_takes_someone_at_an_hour(
    client: TestClient, database: Database, world: World
) -> None:
    hall = venue_in(database, None, "Centre régional")
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        grant_role(db, world.people["trainer"], Role.TRAINER, college_id=world.rouyn, cohort_id=world.other_cohort)
        title = db.get_one(Cohort, world.other_cohort).title
    as_(client, database, world, "other_coordinator")
    assert planned(client, world.other_cohort, venue_id=hall).status_code == 201
    as_(client, database, world, "coordinator")
    answer = planned(client, world.cohort, SOON + timedelta(hours=1), clashes_seen="none", venue_id=hall)
    assert warned(answer) == ["clash_venue_busy", "clash_trainer_busy"]
    for reason in answer.json()["errors"][1:]:
        assert set(reason["params"]) == {"names", "begins_at", "ends_at"}
        assert datetime.fromisoformat(reason["params"]["begins_at"]) == SOON
    assert title not in answer.text
    assert "Paule" not in answer.text, "nobody of the other college"
    with database.transaction(colleges=[world.alma]) as db:
        asked = {"s": [SOON], "e": [SOON + timedelta(hours=1)]}
        stranger = [world.people["other_participant"], world.people["other_trainer"]]
        assert db.execute(MEANWHILE, {"who": stranger, **asked}).all() == [], "of people of one's colleges alone"
        [row] = db.execute(MEANWHILE, {"who": [world.people["trainer"]], **asked}).all()
        assert (row.session_id, row.cohort_id, row.activity_code, row.is_codev) == (None, None, None, None)


def test_person_taken_in_another_college_has_that_it_was_read_in_their_log_once(
    client: TestClient, database: Database, world: World
) -> None:
    """When the plan is refused, which undoes the rest of the request, and when a series is only previewed."""
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        grant_role(db, world.people["trainer"], Role.TRAINER, college_id=world.rouyn, cohort_id=world.other_cohort)
    as_(client, database, world, "other_coordinator")
    for weeks in range(2):
        assert planned(client, world.other_cohort, SOON + timedelta(weeks=weeks)).status_code == 201
    meeting(database, world, days=40)

    def logged() -> list[Any]:
        viewed = text("select viewer_id, subject_id, college_id, permission, role, what from view_log order by id")
        with database.engine.connect() as owner:
            return list(owner.execute(viewed).all())

    row = (
        world.people["coordinator"],
        world.people["trainer"],
        world.alma,
        "session:manage",
        "coordinator",
        "timetable",
    )
    as_(client, database, world, "coordinator")
    for _ in range(2):
        assert "clash_trainer_busy" in warned(planned(client, world.cohort, clashes_seen="none"))
        assert logged() == [row], "nobody of one's own college, and once a half-day"
    with database.engine.begin() as owner:
        owner.execute(text("truncate view_log"))
    series = {"activity_code": "GEN-5.B", "day": SOON.date().isoformat(), "clock": "09:00", "number": 2}
    seen = client.post(f"/api/v1/cohorts/{world.cohort}/session-series/preview", json=series)
    assert seen.status_code == 200, seen.text
    assert logged() == [row]
    as_(client, database, world, "trainer")
    assert "Les heures où un autre collège vous attend" in page(client.get("/mon-dossier/consultations"))


def test_codevelopment_session_and_workshop_at_once_are_warned_of_on_both_sides(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world)
    plan_session(database, world, group.id, at=SOON)
    as_(client, database, world, "coordinator")
    answer = planned(client, world.cohort, clashes_seen="none")
    assert warned(answer) == ["clash_people"]
    assert group.name not in answer.text
    planned(client, world.cohort, SOON + timedelta(days=7))
    body = {"activity_code": "GEN-7.C", "starts_at": (SOON + timedelta(days=7)).isoformat(), "clashes_seen": "none"}
    code = next(s for s in client.get(f"/api/v1/codev/groups/{group.id}").json()["sessions"])["activity_code"]
    assert code == "GEN-7.A"
    assert "clash_people" in warned(client.post(f"/api/v1/codev/groups/{group.id}/sessions", json=body))


def test_session_before_after_cancelled_or_itself_is_no_clash(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    session = planned(client, world.cohort, clashes_seen="none").json()
    for hours in (-2, 2):
        assert planned(client, world.cohort, SOON + timedelta(hours=hours), clashes_seen="none").status_code == 201
    dropped = planned(client, world.cohort, SOON + timedelta(hours=8)).json()
    client.post(f"/api/v1/sessions/{dropped['id']}/cancellation", json={"reason": "Tempête."})
    assert planned(client, world.cohort, SOON + timedelta(hours=8), clashes_seen="none").status_code == 201
    moved = {
        "sequence": 0, "planned_minutes": 90, "mode": session["mode"], "reason": "Plus court.",
        "starts_at": SOON.isoformat(), "clashes_seen": "none",
    }  # fmt: skip
    path = f"/api/v1/sessions/{session['id']}/changes"
    assert client.post(path, json=moved).status_code == 201, "not with itself"
    moved |= {"sequence": 1, "starts_at": (SOON + timedelta(hours=1)).isoformat()}
    answer = client.post(path, json=moved)
    assert warned(answer) == ["clash_trainer", "clash_people"]
    assert client.post(path, json=moved | {"clashes_seen": mark(answer)}).status_code == 201


def test_page_shows_what_a_session_clashes_with_and_plans_it_once_that_is_read(
    client: TestClient, database: Database, world: World
) -> None:
    meeting(database, world, days=40)
    path = f"/cohortes/{world.cohort}/seances"
    as_(client, database, world, "coordinator")
    assert "clashes_seen" not in page(client.get(path)), "asked once the form was refused for it"
    day = (STARTED + timedelta(days=40)).isoformat()
    sent = {"activity_code": "GEN-3.B", "day": day, "clock": "09:00"}
    html = page(client.post(path, data=sent), 409)
    assert "Formation ou animation, Théo Formation : «" in html
    assert "Karim Haddad, Maude Bérubé, Yves O’Brien (+1) : «" in html
    assert f'value="{day}"' in html, "nothing typed is lost"
    assert client.post(path, data=sent).status_code == 409, "not confirmed by sending it again"
    assert client.post(path, data={**sent, "clashes_seen": box(html)}).status_code == 303
    with database.engine.connect() as owner:
        assert owner.execute(text("select count(*) from scheduled_session")).scalar() == 2


def test_page_that_moves_a_session_shows_what_it_clashes_with(
    client: TestClient, database: Database, world: World
) -> None:
    meeting(database, world, days=40)
    session = meeting(database, world, days=47, code="GEN-3.B")
    path = f"/seances/{session}/modification"
    as_(client, database, world, "coordinator")
    sent = fields(page(client.get(path)), path) | {
        "day": [(STARTED + timedelta(days=40)).isoformat()],
        "reason": "Gel.",
    }
    html = page(client.post(path, data=sent), 409)
    assert client.post(path, data={**fields(html, path), "clashes_seen": box(html)}).status_code == 303


def test_one_sentence_names_a_few_and_counts_the_others() -> None:
    workshop = Other(SessionKey(is_codev=False, id=1), SOON, 90, "Atelier", "Cohorte A")
    taken = [Taken("people", ord(name), name, workshop) for name in ("D", "B", "C", "A")]
    taken += [
        Taken("people", 5, "E", Other(SessionKey(is_codev=False, id=2), SOON, 60, None, None)),
        Taken("venue", None, "Salle 1", workshop),
    ]
    found = clash_reasons(taken, TORONTO)
    assert [r.code for r in found] == ["clash_venue", "clash_people", "clash_people_busy"]
    assert [r.params["names"] for r in found] == ["Salle 1", "A, B, C (+1)", "E"]
    assert explain(found[2]).startswith("E")


@pytest.mark.parametrize(
    ("people", "minutes", "session", "is_same"),
    [("ABCD", 60, 1, True), ("DCBA", 60, 1, True), ("ABCZ", 60, 1, False), ("ABC", 60, 1, False),
     ("ABCD", 90, 1, False), ("ABCD", 60, 2, False)],
)  # fmt: skip
def test_mark_changes_with_anyone_and_any_session_that_clashes(
    people: str, minutes: int, session: int, is_same: bool
) -> None:
    def mark(names: str, minutes: int, session: int) -> str:
        other = Other(SessionKey(is_codev=False, id=session), SOON, minutes, None, None)
        return mark_of_clashes([Taken("people", ord(name), name, other) for name in names])

    assert (mark(people, minutes, session) == mark("ABCD", 60, 1)) is is_same
    assert mark_of_clashes([]) == "none"
