"""Sessions at venues: their address and zone (BR-30), and the link of an online meeting, to whom and when."""

from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from app.attendance.calendar.models import ScheduledSession
from app.cohorts.models import Cohort
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from tests.factories.codev import create_group, plan_session
from tests.factories.cohorts import fields, meeting, page
from tests.factories.network import STARTED, World, as_
from tests.factories.venues import HALIFAX, venue_in

LINK = "https://visio.example/j/815"


@pytest.fixture
def autumn(database: Database, world: World) -> str:
    """Move Alma's cohort to the months around two clock changes; return the address of its calendar."""
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Cohort, world.cohort)
        row.starts_on, row.ends_on = date(2026, 9, 7), date(2027, 4, 15)
        db.add(row)
    return f"/cohortes/{world.cohort}/seances"


def starts(database: Database, world: World) -> list[tuple[datetime, str]]:
    """Return the moment and the zone of each session of Alma, in the order they were planned."""
    with database.transaction(colleges=[world.alma]) as db:
        rows = select(ScheduledSession.starts_at, ScheduledSession.timezone).order_by(ScheduledSession.id)  # type: ignore[arg-type]
        return [(moment, zone) for moment, zone in db.exec(rows).all()]


def test_hour_typed_for_a_venue_is_that_of_its_own_zone(
    client: TestClient, database: Database, world: World, autumn: str
) -> None:
    islands = venue_in(database, None, "Centre des Îles", HALIFAX)
    as_(client, database, world, "coordinator")
    blank = fields(page(client.get(autumn)), autumn)
    for day in ("2026-10-30", "2026-11-02", "2027-03-15"):
        sent = {**blank, "day": day, "clock": "13:30", "venue_id": str(islands), "mode": "onsite"}
        assert client.post(autumn, data=sent).status_code == 303
    utc = [(10, 30, 16), (11, 2, 17), (3, 15, 16)]  # 13:30 in the Islands, before and after each change
    expected = [datetime(2027 if m == 3 else 2026, m, d, h, 30, tzinfo=UTC) for m, d, h in utc]
    assert starts(database, world) == [(moment, HALIFAX) for moment in expected]
    html = page(client.get(autumn))
    assert html.count("13 h 30") >= 3
    assert "Centre des Îles, 1, chemin du Phare, Havre-Aubert" in html
    assert "heure de l’Atlantique" in html


def test_odd_hours_are_those_of_the_venue_and_not_of_the_cohort(
    client: TestClient, database: Database, world: World, autumn: str
) -> None:
    north = venue_in(database, world.alma, "Salle de Blanc-Sablon", "America/Blanc-Sablon")  # no summer time
    islands = venue_in(database, world.alma, "Centre des Îles", HALIFAX)
    as_(client, database, world, "coordinator")
    blank = {**fields(page(client.get(autumn)), autumn), "mode": "hybrid"}
    skipped = {**blank, "day": "2027-03-14", "clock": "02:30"}
    assert "Cette heure n’existe pas" in page(client.post(autumn, data=skipped), 422)
    html = page(client.post(autumn, data={**skipped, "venue_id": str(islands)}), 422)
    assert "Cette heure n’existe pas" in html
    assert f'<option value="{islands}" selected' in html
    assert client.post(autumn, data={**skipped, "venue_id": str(north)}).status_code == 303
    twice = {**blank, "day": "2026-11-01", "clock": "01:30", "venue_id": str(islands)}
    assert "Cette heure revient deux fois" in page(client.post(autumn, data=twice), 422)
    assert client.post(autumn, data={**twice, "second": "second"}).status_code == 303
    assert starts(database, world) == [
        (datetime(2027, 3, 14, 6, 30, tzinfo=UTC), "America/Blanc-Sablon"),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), HALIFAX),
    ]


@pytest.mark.parametrize("where", ["retired", "elsewhere", "missing"])
def test_venue_that_is_not_offered_is_refused_beside_its_field(
    client: TestClient, database: Database, world: World, autumn: str, where: str
) -> None:
    venues = {
        "retired": venue_in(database, world.alma, "Fermée", retired=True),
        "elsewhere": venue_in(database, world.rouyn, "Ailleurs"),
        "missing": 987_654,
    }
    as_(client, database, world, "coordinator")
    form = page(client.get(autumn))
    assert "Fermée" not in form
    assert "Ailleurs" not in form
    body = {"activity_code": "GEN-1.B", "starts_at": "2026-12-01T18:30:00Z", "venue_id": venues[where]}
    answer = client.post(f"/api/v1/cohorts/{world.cohort}/sessions", json=body)
    assert (answer.status_code, [(e["code"], e["field"]) for e in answer.json()["errors"]]) == (
        422, [("venue_not_offered", "venue_id")],
    )  # fmt: skip
    sent = {**fields(form, autumn), "day": "2026-12-01", "clock": "13:30", "venue_id": str(venues[where])}
    assert "Ce lieu n’est pas offert" in page(client.post(autumn, data=sent), 422)
    assert starts(database, world) == []


def online(client: TestClient, database: Database, world: World, starts_at: datetime) -> int:
    """Plan an online session of Alma's cohort with a link; return its id."""
    as_(client, database, world, "coordinator")
    body = {"activity_code": "GEN-2.B", "starts_at": starts_at.isoformat(), "mode": "online", "meeting_link": LINK}
    answer = client.post(f"/api/v1/cohorts/{world.cohort}/sessions", json=body)
    assert answer.status_code == 201, answer.text
    assert LINK not in answer.text
    return int(answer.json()["id"])


def test_meeting_link_is_for_who_takes_part_from_a_day_before(
    client: TestClient, database: Database, world: World
) -> None:
    starts_at = now().replace(microsecond=0) + timedelta(days=3)
    session = online(client, database, world, starts_at)
    for when, is_time in ((starts_at - timedelta(hours=25), False), (starts_at - timedelta(hours=23), True)):
        with at(when):
            for who, takes_part in (("maude", True), ("trainer", True), ("coordinator", True), ("registrar", False)):
                as_(client, database, world, who)
                shown = client.get(f"/api/v1/sessions/{session}").json()
                assert shown["meeting_link"] == (LINK if takes_part and is_time else None), who
                assert (shown["meeting_link_from"] is not None) is takes_part, who
                html = page(client.get(f"/seances/{session}"))
                assert (f'href="{LINK}"' in html) is (takes_part and is_time), who
                assert ("Le lien de la réunion en ligne apparaîtra ici" in html) is (takes_part and not is_time), who
            as_(client, database, world, "other_participant")
            assert client.get(f"/api/v1/sessions/{session}").status_code == 404


def test_meeting_link_stands_in_no_list_and_in_no_record(client: TestClient, database: Database, world: World) -> None:
    session = online(client, database, world, now() + timedelta(hours=3))
    for who in ("maude", "trainer", "coordinator"):
        as_(client, database, world, who)
        for path in (f"/cohortes/{world.cohort}/seances", f"/api/v1/cohorts/{world.cohort}/sessions", "/"):
            assert "visio.example" not in client.get(path).text, (who, path)
    with database.engine.connect() as owner:
        kept = owner.execute(text("select string_agg(after::text, ' ') from audit_values")).scalar_one()
    assert "GEN-2.B" in kept
    assert "visio.example" not in kept
    as_(client, database, world, "coordinator")
    assert client.post(f"/api/v1/sessions/{session}/cancellation", json={"reason": "Panne."}).status_code == 201
    as_(client, database, world, "maude")
    assert client.get(f"/api/v1/sessions/{session}").json()["meeting_link"] is None, (
        "a cancelled session has no meeting"
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"meeting_link": "http://visio.example/j"}, "meeting_link_not_https"),
        ({"meeting_link": "https://visio.example/" + "j" * 500}, "string_too_long"),
        ({"mode": "onsite"}, "meeting_link_onsite"),
    ],
)
def test_meeting_link_that_is_refused_writes_nothing(
    client: TestClient, database: Database, world: World, change: dict[str, str], code: str
) -> None:
    as_(client, database, world, "coordinator")
    body = {"activity_code": "GEN-2.B", "starts_at": now().isoformat(), "mode": "online", "meeting_link": LINK}
    answer = client.post(f"/api/v1/cohorts/{world.cohort}/sessions", json={**body, **change})
    assert (answer.status_code, [e["code"] for e in answer.json()["errors"]]) == (422, [code])
    assert starts(database, world) == []


def test_database_refuses_a_session_in_a_venue_of_another_college(database: Database, world: World) -> None:
    elsewhere, network = venue_in(database, world.rouyn, "Ailleurs"), venue_in(database, None, "Partout")
    session = meeting(database, world)
    for venue, is_refused in ((network, False), (elsewhere, True), (987_654, True)):
        refused = pytest.raises(IntegrityError, match="is not one of college") if is_refused else nullcontext()
        with refused, database.transaction(colleges=[world.alma, world.rouyn]) as db:
            db.get_one(ScheduledSession, session).venue_id = venue
            db.flush()


@pytest.mark.parametrize("hour", ["T15:00:00", ""])
def test_moment_without_a_zone_is_refused_wherever_a_session_is_planned_or_moved(
    client: TestClient, database: Database, world: World, hour: str
) -> None:
    day = (STARTED + timedelta(days=40)).isoformat()
    group = create_group(database, world).id
    session, codev = meeting(database, world), plan_session(database, world, group)
    as_(client, database, world, "coordinator")
    asked = {"planned_minutes": 120, "mode": "onsite", "starts_at": f"{day}{hour}"}
    moved = {**asked, "sequence": 0}
    for number, (path, body) in enumerate((
        (f"cohorts/{world.cohort}/sessions", {**asked, "activity_code": "GEN-3.B"}),
        (f"sessions/{session}/changes", {**moved, "reason": "Tempête."}),
        (f"codev/groups/{group}/sessions", {**asked, "activity_code": "GEN-7.C"}),
        (f"codev/sessions/{codev}/changes", {**moved, "reason": "weather"}),
    )):  # fmt: skip
        answer = client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 422, path
        assert [error["field"] for error in answer.json()["errors"]] == ["starts_at"], path
        aware = client.post(f"/api/v1/{path}", json={**body, "starts_at": f"{day}T{9 + 3 * number:02}:00:00-05:00"})
        assert aware.status_code == 201, (path, aware.text)
