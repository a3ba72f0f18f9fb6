"""Weekly series of sessions: their days, what each clashes with, and all of them planned at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from app.attendance.calendar.models import ScheduledSession
from app.attendance.series import service
from app.attendance.series.rules import LONGEST, Skipped, days_of_series
from app.attendance.series.schemas import ConfirmSeries, NewSeries
from app.cohorts import service as cohorts
from app.cohorts.models import Cohort
from app.platform.clock import at
from app.platform.database.transaction import Database
from app.platform.errors import DomainError
from app.platform.security.permissions import P
from app.platform.working_days import holidays_of
from tests.factories.cohorts import fields, meeting, page
from tests.factories.network import World, acting, as_
from tests.factories.venues import HALIFAX, venue_in

LINK = "https://visio.example/j/815"
FIRST = date(2026, 12, 4)
"""A Friday: the fourth one after it is the first of January."""


@pytest.fixture
def winter(database: Database, world: World) -> World:
    """Move Alma's cohort to a winter with holidays and the clock change of March."""
    with database.as_owner() as db:
        row = db.get_one(Cohort, world.cohort)
        row.starts_on, row.ends_on = date(2026, 11, 16), date(2027, 5, 28)
        db.add(row)
    return world


UNREAD = "0" * 16
"""The mark of nothing that was read."""


def asked(**more: object) -> dict[str, Any]:
    """Return a series as a program asks for it."""
    return {"activity_code": "GEN-1.B", "day": FIRST.isoformat(), "clock": "09:30", "number": 6, **more}


def sessions(database: Database, world: World) -> list[tuple[str, datetime]]:
    """Return the activity and the moment of each session of Alma, in time."""
    with database.transaction(colleges=[world.alma]) as db:
        rows = db.exec(select(ScheduledSession).order_by(col(ScheduledSession.starts_at))).all()
        return [(row.activity_code, row.starts_at) for row in rows]


def test_series_is_seen_whole_then_planned_at_once(client: TestClient, database: Database, winter: World) -> None:
    as_(client, database, winter, "coordinator")
    path = f"/api/v1/cohorts/{winter.cohort}/session-series"
    body = asked(day="2027-02-12", number=None, skipping=["2027-02-15"])  # a Monday: its whole week is skipped
    seen = client.post(f"{path}/preview", json=body).json()
    assert sessions(database, winter) == [], "a preview plans nothing"
    assert seen["skipped"] == [
        {"on": "2027-02-19", "holiday": None},
        {"on": "2027-03-26", "holiday": "good_friday"},
    ]
    starts = [datetime.fromisoformat(s["starts_at"]) for s in seen["sessions"]]
    local = [at.astimezone(ZoneInfo("America/Toronto")) for at in starts]
    assert {(at.weekday(), at.time()) for at in local} == {(4, time(9, 30))}, "on both sides of the change of March"
    assert len({at.astimezone(UTC).hour for at in starts}) == 2
    codes = [s["activity_code"] for s in seen["sessions"]]
    assert codes[0] == "GEN-1.B"
    assert codes == sorted(codes, key=lambda code: (int(code[4:].partition(".")[0]), code))
    unread = client.post(path, json=body)
    assert (unread.status_code, unread.json()["errors"][0]["code"]) == (422, "preview_needed")
    planned = client.post(path, json={**body, "shown": seen["shown"]})
    assert planned.status_code == 201, planned.text
    assert [s["activity_code"] for s in planned.json()] == codes
    assert sessions(database, winter) == list(zip(codes, starts, strict=True))
    again = client.post(path, json={**body, "shown": seen["shown"]})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "no_session_to_plan")
    assert len(sessions(database, winter)) == len(codes)
    one = planned.json()[2]
    assert client.post(f"/api/v1/sessions/{one['id']}/cancellation", json={"reason": "Tempête."}).status_code == 201
    assert client.get(f"/api/v1/sessions/{planned.json()[1]['id']}").json()["cancelled"] is False, "each on its own"


def test_preview_tells_what_each_session_clashes_with_and_is_to_be_read_again_when_that_changes(
    client: TestClient, database: Database, winter: World
) -> None:
    as_(client, database, winter, "coordinator")
    path = f"/api/v1/cohorts/{winter.cohort}"
    busy = {"activity_code": "GEN-6.B", "starts_at": "2026-12-11T14:00:00Z"}
    assert client.post(f"{path}/sessions", json=busy).status_code == 201
    seen = client.post(f"{path}/session-series/preview", json=asked(number=3)).json()
    clashes = [[c["code"] for c in s["clashes"]] for s in seen["sessions"]]
    assert clashes == [[], ["clash_trainer", "clash_people"], []]
    client.post(f"{path}/sessions", json={**busy, "starts_at": "2026-12-18T14:00:00Z"})
    refused = client.post(f"{path}/session-series", json={**asked(number=3), "shown": seen["shown"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "series_changed")
    assert len(sessions(database, winter)) == 2


def test_series_at_a_venue_is_on_its_clock_and_online_sessions_are_nowhere(
    client: TestClient, database: Database, winter: World
) -> None:
    islands = venue_in(database, winter.alma, "Centre des Îles", HALIFAX)
    as_(client, database, winter, "coordinator")
    body = asked(venue_id=islands, number=4)
    seen = client.post(f"/api/v1/cohorts/{winter.cohort}/session-series/preview", json=body).json()["sessions"]
    modes = {s["mode"]: s for s in seen}
    assert {"online"} < modes.keys()
    assert (modes["online"]["venue"], modes["online"]["timezone"]) == (None, "America/Toronto")
    held = next(s for mode, s in modes.items() if mode != "online")
    assert (held["venue"]["name"], held["timezone"]) == ("Centre des Îles", HALIFAX)
    at = datetime.fromisoformat(held["starts_at"]).astimezone(ZoneInfo(HALIFAX))
    assert at.time() == time(9, 30)


def test_series_that_begins_online_takes_a_venue_and_a_room_for_the_others_alone(
    client: TestClient, database: Database, winter: World
) -> None:
    islands = venue_in(database, winter.alma, "Centre des Îles", HALIFAX)
    as_(client, database, winter, "coordinator")
    body = asked(activity_code="GEN-2.B", venue_id=islands, place="Salle 204", number=2)
    answer = client.post(f"/api/v1/cohorts/{winter.cohort}/session-series/preview", json=body)
    assert answer.status_code == 200, answer.text
    held = [(s["activity_code"], s["mode"], s["place"], bool(s["venue"])) for s in answer.json()["sessions"]]
    assert held == [("GEN-2.B", "online", "", False), ("GEN-3.B", "onsite", "Salle 204", True)]
    alone = client.post(f"/api/v1/cohorts/{winter.cohort}/session-series/preview", json={**body, "number": 1})
    assert alone.json()["errors"][0]["code"] == "venue_online", "no session would be held there"


def links(database: Database, world: World) -> dict[str, str | None]:
    """Return the meeting link of each session of Alma, by activity."""
    with database.transaction(colleges=[world.alma]) as db:
        return {row.activity_code: row.meeting_link for row in db.exec(select(ScheduledSession)).all()}


def test_link_of_a_series_is_that_of_each_session_but_those_in_a_room(
    client: TestClient, database: Database, winter: World
) -> None:
    as_(client, database, winter, "coordinator")
    path, body = f"/api/v1/cohorts/{winter.cohort}/session-series", asked(activity_code="GEN-2.B", number=2)
    seen = client.post(f"{path}/preview", json=body).json()
    assert [s["mode"] for s in seen["sessions"]] == ["online", "onsite"]
    planned = client.post(path, json={**body, "shown": seen["shown"], "meeting_link": LINK})
    assert planned.status_code == 201, planned.text
    assert LINK not in planned.text
    assert links(database, winter) == {"GEN-2.B": LINK, "GEN-3.B": None}
    session, starts_at = planned.json()[0]["id"], datetime.fromisoformat(planned.json()[0]["starts_at"])
    for before, is_time in ((timedelta(hours=25), False), (timedelta(hours=23), True)):
        with at(starts_at - before):
            for who, takes_part in (("maude", True), ("registrar", False)):
                as_(client, database, winter, who)
                shown = client.get(f"/api/v1/sessions/{session}").json()["meeting_link"]
                assert shown == (LINK if takes_part and is_time else None), who


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"meeting_link": "http://visio.example/j"}, "meeting_link_not_https"),
        ({"meeting_link": LINK + "j" * 500}, "string_too_long"),
        ({"meeting_link": LINK, "activity_code": "GEN-3.B", "number": 1}, "meeting_link_onsite"),
        ({"meeting_link": LINK, "mode": "onsite"}, "meeting_link_onsite"),
    ],
)
def test_link_that_no_session_of_a_series_may_have_is_refused_and_plans_nothing(
    client: TestClient, database: Database, winter: World, change: dict[str, Any], code: str
) -> None:
    as_(client, database, winter, "coordinator")
    path, body = f"/api/v1/cohorts/{winter.cohort}/session-series", asked(activity_code="GEN-2.B", number=2)
    body |= {name: value for name, value in change.items() if name != "meeting_link"}
    shown = client.post(f"{path}/preview", json=body).json()["shown"]
    answer = client.post(path, json={**body, **change, "shown": shown})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["field"]) == (422, code, "meeting_link")
    assert links(database, winter) == {}


def test_link_of_a_series_is_typed_where_it_is_confirmed_and_stands_in_no_address(
    client: TestClient, database: Database, winter: World
) -> None:
    as_(client, database, winter, "coordinator")
    path = f"/cohortes/{winter.cohort}/seances/serie"
    typed = {"activity_code": "GEN-3.B", "day": FIRST.isoformat(), "clock": "09:30", "number": "1"}
    html = page(client.get(client.post(path, data=typed).headers["location"]))
    assert "meeting_link" not in html, "no session is online"
    shown = client.post(path, data={**typed, "activity_code": "GEN-2.B", "number": "2"}).headers["location"]
    html = page(client.get(shown))
    assert 'name="meeting_link"' in html
    confirm = fields(html, f"{path}/apercu")
    html = page(client.post(f"{path}/apercu", data={**confirm, "meeting_link": "http://visio.example/j"}), 422)
    assert 'value="http://visio.example/j"' in html, "nothing typed is lost"
    assert "visio.example" not in "".join(re.findall(r'(?:href|action)="([^"]*)"', html))
    planned = client.post(f"{path}/apercu", data={**fields(html, f"{path}/apercu"), "meeting_link": LINK})
    assert (planned.status_code, "visio" in planned.headers["location"]) == (303, False)
    assert links(database, winter) == {"GEN-2.B": LINK, "GEN-3.B": None}


def test_online_session_of_a_series_clashes_with_nothing_of_the_venue_of_the_others(
    client: TestClient, database: Database, winter: World
) -> None:
    islands = venue_in(database, winter.alma, "Centre des Îles", HALIFAX)
    as_(client, database, winter, "coordinator")
    path = f"/api/v1/cohorts/{winter.cohort}"
    busy = {"activity_code": "GEN-6.B", "mode": "onsite", "venue_id": islands, "starts_at": "2026-12-04T14:30:00Z"}
    assert client.post(f"{path}/sessions", json=busy).status_code == 201
    body = asked(activity_code="GEN-2.B", venue_id=islands, number=2)
    [online, _] = client.post(f"{path}/session-series/preview", json=body).json()["sessions"]
    assert [c["code"] for c in online["clashes"]] == ["clash_trainer", "clash_people"]
    assert {c["params"]["begins_at"][10:] for c in online["clashes"]} == {"T09:30:00-05:00"}, "on its own clock"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"clock": "09:30Z"}, ("value_error", "clock")),
        ({"clock": "09:30:00+05:00"}, ("value_error", "clock")),
        ({"activity_code": "GEN-7.A"}, ("no_session_to_plan", "activity_code")),
        ({"day": "2029-12-04"}, ("session_far_from_cohort", "day")),
        ({"until": "2026-12-01"}, ("series_empty", "until")),
        ({"mode": "online", "venue_id": 0}, ("venue_online", "venue_id")),
    ],
)
def test_series_that_cannot_be_is_refused_beside_its_field(
    client: TestClient, database: Database, winter: World, change: dict[str, Any], refusal: tuple[str, str]
) -> None:
    as_(client, database, winter, "coordinator")
    answer = client.post(f"/api/v1/cohorts/{winter.cohort}/session-series", json=asked(**change, shown=UNREAD))
    [error] = answer.json()["errors"]
    assert (answer.status_code, (error["code"], error["field"])) == (422, refusal)
    assert sessions(database, winter) == []


def test_two_at_once_plan_a_series_once(database: Database, winter: World) -> None:
    barrier = Barrier(2)

    def plan() -> str:
        try:
            with database.transaction() as db:
                actor = acting(db, winter, "coordinator", P.SESSION_MANAGE)
                cohort = cohorts.see_cohort(db, actor, winter.cohort)
                shown = service.preview(db, actor, cohort, NewSeries.model_validate(asked())).shown
                barrier.wait(30)
                service.plan_series(db, actor, cohort, ConfirmSeries.model_validate(asked(shown=shown)))
        except DomainError as error:
            return error.code
        return "planned"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(run.result() for run in [pool.submit(plan) for _ in range(2)])
    assert outcomes == ["invalid", "planned"]
    assert len(sessions(database, winter)) == 6


def test_series_is_planned_by_page(client: TestClient, database: Database, winter: World) -> None:
    path = f"/cohortes/{winter.cohort}/seances/serie"
    as_(client, database, winter, "coordinator")
    assert f'href="{path}"' in page(client.get(f"/cohortes/{winter.cohort}/seances"))
    typed = {**fields(page(client.get(path)), path), "day": FIRST.isoformat(), "clock": "09:30", "number": "4"}
    html = page(client.post(path, data={**typed, "skipping": "la relâche"}), 422)
    assert 'value="la relâche"' in html, "nothing typed is lost"
    answer = client.post(path, data={**typed, "skipping": "2026-12-18, 2027-01-08"})
    assert answer.status_code == 303
    html = page(client.get(answer.headers["location"]))
    assert html.count("<time datetime=") == 8
    for shown in ("Noël", "jour de l’An", "18 décembre 2026", "8 janvier 2027", "Planifier ces 4 séances"):
        assert shown in html
    [back] = re.findall(rf'href="({path}\?[^"]*)"', html)
    again = fields(page(client.get(unescape(back))), path)
    kept = {"day": [FIRST.isoformat()], "clock": ["09:30"], "number": ["4"], "skipping": ["2026-12-18 2027-01-08"]}
    assert {name: again[name] for name in kept} == kept, "all that was typed is there to be changed"
    confirm = fields(html, f"{path}/apercu")
    meeting(database, winter, code="GEN-6.B")
    stale = client.post(f"{path}/apercu", data={**confirm, "shown": "0" * 16})
    assert "La série n’est plus celle que vous avez lue" in page(stale, 409)
    assert client.post(f"{path}/apercu", data=confirm).status_code == 303
    assert len(sessions(database, winter)) == 5


def test_cohort_whose_activities_all_have_sessions_has_no_series_to_plan(
    client: TestClient, database: Database, winter: World
) -> None:
    as_(client, database, winter, "coordinator")
    path = f"/api/v1/cohorts/{winter.cohort}/session-series"
    whole = {**asked(), "number": None}
    shown = client.post(f"{path}/preview", json=whole).json()["shown"]
    assert client.post(path, json={**whole, "shown": shown}).status_code == 201
    assert "a déjà sa séance" in page(client.get(f"/cohortes/{winter.cohort}/seances/serie"))


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(1, LONGEST), st.booleans(), st.data())
def test_series_is_weekly_and_passes_over_each_holiday_and_asked_day(
    first: date, number: int, with_holidays: bool, data: st.DataObject
) -> None:
    weeks = [first + timedelta(weeks=n) for n in range(LONGEST)]
    skipping = data.draw(st.sets(st.sampled_from(weeks), max_size=5))
    until = data.draw(st.none() | st.sampled_from(weeks))
    days, skipped = days_of_series(first, number=number, until=until, skipping=skipping, with_holidays=with_holidays)
    gone = [s.on for s in skipped]
    assert sorted(days + gone) == weeks[: len(days) + len(gone)], "no week is missing, none comes twice"
    assert len(days) <= number
    assert until is None or max(days + gone, default=first) <= max(until, first)
    for day in days:
        assert day not in skipping
        assert with_holidays or day not in holidays_of(day.year)
    assert all(s == Skipped(s.on, None if with_holidays else holidays_of(s.on.year).get(s.on)) for s in skipped)
