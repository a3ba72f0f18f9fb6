"""Secret addresses of calendars: what the programs that follow them read, for whom, and until when."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import icalendar
import pytest
import vobject
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cohorts.enums import EnrolmentState
from app.identity.roles.service import grant_role
from app.overview.calendar.feeds import MOST_FEEDS
from app.platform.clock import at
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from tests.factories.calendars import cancel, change
from tests.factories.codev import create_group, plan_session
from tests.factories.cohorts import fields, meeting, move, page
from tests.factories.network import STARTED, World, as_
from tests.factories.venues import HALIFAX, venue_in

FEEDS = "/api/v1/me/calendar-feeds"
LINK = "https://visio.example/j/815"
Address = Callable[..., str]


@pytest.fixture
def address(client: TestClient, database: Database, world: World) -> Address:
    """Return what creates a secret address as someone, and gives its path."""

    def create(who: str, **body: object) -> str:
        as_(client, database, world, who)
        answer = client.post(FEEDS, json=body)
        assert answer.status_code == 201, answer.text
        client.cookies.clear()
        client.headers.pop("authorization", None)
        return str(answer.json()["address"]).removeprefix("http://testserver").removeprefix("http://127.0.0.1:8000")

    return create


def events(client: TestClient, path: str) -> dict[str, Any]:
    """Read a feed without signing in; return its entries by the beginning of their unique id."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert vobject.readOne(answer.text).validate(raiseException=True)
    file = icalendar.Calendar.from_ical(answer.content)
    assert not file.errors
    found = {str(e["uid"]).partition("@")[0]: e for e in file.events}
    assert len(found) == len(file.events), "each has an id of its own"
    return found


def test_feed_of_a_person_holds_their_sessions_groups_and_due_days(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    session = meeting(database, world, days=3)
    group = create_group(database, world)
    codev = plan_session(database, world, group.id)
    path = address("maude")
    found = events(client, path)
    assert {f"session-{session}", f"codev-{codev}"} <= found.keys()
    dues = [e for uid, e in found.items() if uid.startswith(f"due-{world.enrolments['maude']}-")]
    assert dues
    assert all("À terminer" in str(e["summary"]) for e in dues)
    assert str(found[f"codev-{codev}"]["summary"]).startswith("Codéveloppement")
    content = client.get(path).text
    for name in ("Karim", "Bérubé", "Corinne", group.name):
        assert name not in content, "nobody's name, and no group's, leaves for another service"
    assert not {f"codev-{codev}"} & events(client, address("trainer")).keys()


def test_moved_then_cancelled_session_keeps_its_id_and_rises_in_sequence(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    session = meeting(database, world, days=40)
    islands = venue_in(database, world.alma, "Centre des Îles", HALIFAX)
    path = address("maude")
    first = events(client, path)[f"session-{session}"]
    later = datetime.combine(STARTED + timedelta(days=41), time(17, 30), UTC)
    change(database, world, session, starts_at=later, venue_id=islands, place="")
    second = events(client, path)[f"session-{session}"]
    cancel(database, world, session)
    third = events(client, path)[f"session-{session}"]
    assert [str(e["uid"]) for e in (first, second, third)] == [str(first["uid"])] * 3
    assert [int(str(e["sequence"])) for e in (first, second, third)] == [0, 1, 2]
    assert [str(e["status"]) for e in (first, second, third)] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [e["dtstart"].params["TZID"] for e in (first, second)] == ["America/Toronto", HALIFAX]
    assert second.decoded("dtstart").astimezone(UTC) == later
    assert str(second["location"]) == "Centre des Îles, 1, chemin du Phare, Havre-Aubert"
    assert first.decoded("dtstamp") <= second.decoded("dtstamp") <= third.decoded("dtstamp")
    assert "Grippe" not in client.get(path).text, "reasons stay with us"


def test_meeting_link_is_in_the_feed_from_a_day_before_for_who_takes_part(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    session = meeting(database, world, days=40)
    starts_at = datetime.combine(STARTED + timedelta(days=40), time(13), UTC)
    change(database, world, session, meeting_link=LINK)
    person, cohort = address("maude"), address("maude", cohort_id=world.cohort)
    registrar = address("registrar")
    for hours, is_time in ((-25, False), (-23, True)):
        with at(starts_at + timedelta(hours=hours)):
            for path in (person, cohort):
                assert (LINK in client.get(path).text.replace("\r\n ", "")) is is_time
            assert LINK not in client.get(registrar).text


def test_feed_of_a_cohort_ends_with_the_role_that_reads_it(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    session = meeting(database, world)
    path = address("maude", cohort_id=world.cohort)
    assert f"session-{session}" in events(client, path)
    move(database, world, world.enrolments["maude"], EnrolmentState.WITHDRAWN, reason="Départ.")
    assert client.get(path).status_code == 404
    as_(client, database, world, "other_participant")
    assert client.post(FEEDS, json={"cohort_id": world.cohort}).status_code == 404


def test_role_that_takes_two_factors_gets_no_address_and_opens_none(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    calendar_page = f"/cohortes/{world.cohort}/calendrier"
    as_(client, database, world, "registrar")
    answer = client.post(FEEDS, json={"cohort_id": world.cohort})
    assert (answer.status_code, answer.json()["code"]) == (403, "calendar_needs_two_factors")
    html = page(client.get(calendar_page))
    assert "deux facteurs" in html
    assert 'name="cohort_id"' not in html, "no button to what would be refused"
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["registrar"], Role.COORDINATOR, college_id=world.alma)
    assert 'name="cohort_id"' in page(client.get(calendar_page))
    path = address("registrar", cohort_id=world.cohort)
    assert client.get(path).status_code == 200
    with database.engine.begin() as owner:
        owner.execute(
            text("update role_held set ended_at = now() where person_id = :it and role = 'coordinator'"),
            {"it": world.people["registrar"]},
        )
    assert client.get(path).status_code == 404, "they read it still, by the role that takes two factors alone"


def test_address_of_a_calendar_that_one_no_longer_reads_is_named_as_such_and_only_ends(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    address("maude", cohort_id=world.cohort)
    as_(client, database, world, "maude")
    [feed] = client.get(FEEDS).json()["items"]
    assert (feed["cohort_id"], feed["cohort"] is None) == (world.cohort, False)
    move(database, world, world.enrolments["maude"], EnrolmentState.WITHDRAWN, reason="Départ.")
    as_(client, database, world, "maude")
    [feed] = client.get(FEEDS).json()["items"]
    assert (feed["cohort_id"], feed["cohort"]) == (world.cohort, None)
    html = page(client.get("/securite/calendriers"))
    assert "<h2>Un calendrier qui ne vous est plus accessible</h2>" in html
    assert f"/securite/calendriers/{feed['id']}/renouvellement" not in html
    assert client.post(f"/securite/calendriers/{feed['id']}/fin").status_code == 303
    assert client.get(FEEDS).json()["items"] == []


def test_due_days_of_a_person_and_of_a_cohort_have_ids_of_their_own_and_are_never_of_the_future(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    own, of_cohort = address("maude"), address("maude", cohort_id=world.cohort)
    with database.engine.begin() as owner:
        owner.execute(text("update cohort set starts_on = current_date + 30, ends_on = current_date + 300"))
    dues = [
        {uid: e for uid, e in events(client, path).items() if "due-" in uid} for path in (own, of_cohort)
    ]  # fmt: skip
    assert all(dues)
    assert all(uid.startswith(f"due-{world.enrolments['maude']}-") for uid in dues[0])
    assert all(uid.startswith(f"cohort-due-{world.cohort}-") for uid in dues[1])
    assert all(e.decoded("dtstamp") <= datetime.now(UTC) for e in (*dues[0].values(), *dues[1].values()))


def test_unknown_ended_and_suspended_addresses_answer_alike(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    ended, suspended = address("maude"), address("karim")
    as_(client, database, world, "maude")
    [feed] = client.get(FEEDS).json()["items"]
    assert client.delete(f"{FEEDS}/{feed['id']}").status_code == 204
    assert client.delete(f"{FEEDS}/{feed['id']}").status_code == 404
    client.cookies.clear()
    with database.engine.begin() as owner:
        owner.execute(
            text("update account set suspended_at = now() where person_id = :p"), {"p": world.people["karim"]}
        )
    answers = [client.get(p) for p in ("/calendriers/jamais.ics", ended, suspended)]
    assert [a.status_code for a in answers] == [404] * 3
    assert len({a.text.replace(p, "") for a, p in zip(answers, ("jamais", ended, suspended), strict=True)}) == 1


def test_address_is_stored_as_a_digest_and_shown_once(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    secret = address("maude").removeprefix("/calendriers/").removesuffix(".ics")
    assert len(secret) == 43  # 256 bits
    with database.engine.connect() as owner:
        for table in ("calendar_feed", "audit_entry", "audit_values"):
            stored = "".join(owner.execute(text(f"select t::text from {table} t")).scalars())  # noqa: S608 - ours
            assert stored
            assert secret not in stored
    as_(client, database, world, "maude")
    assert secret not in client.get(FEEDS).text + client.get("/securite/calendriers").text


def test_address_is_created_renewed_and_ended_on_its_page(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    path = "/securite/calendriers"
    html = page(client.post(path, data=fields(page(client.get(path)), path)))
    first = html.partition("/calendriers/")[2].partition(".ics")[0]
    assert client.get(f"/calendriers/{first}.ics").status_code == 200
    [feed] = client.get(FEEDS).json()["items"]
    html = page(client.post(f"{path}/{feed['id']}/renouvellement"))
    second = html.partition("/calendriers/")[2].partition(".ics")[0]
    assert client.get(f"/calendriers/{first}.ics").status_code == 404
    assert client.get(f"/calendriers/{second}.ics").status_code == 200
    [renewed] = client.get(FEEDS).json()["items"]
    as_(client, database, world, "karim")
    assert client.post(f"{path}/{renewed['id']}/fin").status_code == 404, "another person's"
    as_(client, database, world, "maude")
    assert client.post(f"{path}/{renewed['id']}/fin").status_code == 303
    assert client.get(f"/calendriers/{second}.ics").status_code == 404
    assert "Aucune adresse" in page(client.get(path))


def test_unchanged_feed_is_not_sent_again(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    session = meeting(database, world, days=40)
    path = address("maude")
    first = client.get(path)
    same = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert first.headers["cache-control"].startswith("private")
    cancel(database, world, session)
    changed = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.headers["etag"] != first.headers["etag"]) == (200, True)


def test_one_address_too_many_is_refused(client: TestClient, address: Address) -> None:
    for _ in range(MOST_FEEDS):
        address("maude")
    with pytest.raises(AssertionError, match="too_many_feeds"):
        address("maude")


def test_session_of_the_second_equal_hour_and_of_each_season_is_at_its_moment(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    session = meeting(database, world, days=40)
    islands = venue_in(database, world.alma, "Centre des Îles", HALIFAX)
    path = address("maude")
    with database.engine.begin() as owner:
        owner.execute(text("update cohort set starts_on = '2026-09-07', ends_on = '2027-04-15'"))
    moments = [
        datetime(2026, 10, 30, 16, 30, tzinfo=UTC), datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2027, 3, 14, 6, 0, tzinfo=UTC),
    ]  # fmt: skip
    for sequence, moment in enumerate(moments):
        change(database, world, session, sequence=sequence, starts_at=moment, venue_id=islands)
        with at(moment - timedelta(days=2)):
            content = client.get(path).content
        by_icalendar = {str(e["uid"]): e.decoded("dtstart") for e in icalendar.Calendar.from_ical(content).events}
        by_vobject = {e.uid.value: e.dtstart.value for e in vobject.readOne(content.decode()).vevent_list}
        [uid] = [uid for uid in by_vobject if uid.startswith(f"session-{session}@")]
        assert by_icalendar[uid].astimezone(UTC) == by_vobject[uid].astimezone(UTC) == moment


def test_calendar_pages_show_a_month_or_a_week_to_who_reads_it(
    client: TestClient, database: Database, world: World
) -> None:
    islands = venue_in(database, world.alma, "Centre des Îles", HALIFAX)
    session = meeting(database, world, days=40)
    starts_at = datetime.combine(STARTED + timedelta(days=40), time(13), UTC)
    change(database, world, session, venue_id=islands, place="", meeting_link=LINK)
    day = starts_at.date()
    for who, path in (
        ("maude", "/mon-calendrier"),
        ("trainer", "/mon-calendrier"),
        ("maude", f"/cohortes/{world.cohort}/calendrier"),
        ("coordinator", f"/cohortes/{world.cohort}/calendrier"),
    ):
        as_(client, database, world, who)
        for span in ("mois", "semaine"):
            html = page(client.get(path, params={"vue": span, "du": day.isoformat()}))
            assert f'href="/seances/{session}"' in html, (who, path, span)
            assert "Centre des Îles" in html
            assert LINK not in html, "a link is read on its session's page alone"
    assert f'href="/seances/{session}"' not in page(client.get(path, params={"du": "2031-01-01"}))
    assert client.get(path, params={"vue": "an"}).status_code == 422
    as_(client, database, world, "coordinator")
    assert f'href="/seances/{session}"' not in page(client.get("/mon-calendrier", params={"du": day.isoformat()}))
    as_(client, database, world, "other_participant")
    assert client.get(f"/cohortes/{world.cohort}/calendrier").status_code == 404


def test_calendar_of_the_api_is_in_order_and_limited_to_its_days(
    client: TestClient, database: Database, world: World
) -> None:
    first, second = meeting(database, world, days=3), meeting(database, world, days=40)
    as_(client, database, world, "maude")
    until = (STARTED + timedelta(days=10)).isoformat()
    found = client.get("/api/v1/me/calendar", params={"since": STARTED.isoformat(), "until": until}).json()["items"]
    assert [i["id"] for i in found if i["kind"] == "session"] == [first]
    assert [i["on"] for i in found] == sorted(i["on"] for i in found)
    assert all("meeting_link" not in i for i in found)
    found = client.get(f"/api/v1/cohorts/{world.cohort}/calendar", params={"since": until}).json()["items"]
    assert [i["id"] for i in found if i["kind"] == "session"] == [second]


def test_calendar_of_a_cohort_opens_with_the_key_of_its_form(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/calendrier"
    keyed = client.get(path, params={"vue": "semaine"}, headers={"Sec-Fetch-Dest": "document"})
    assert (keyed.status_code, "cle=" in keyed.headers["location"]) == (303, True)
    assert client.get(keyed.headers["location"]).status_code == 200


def test_secret_of_a_calendar_that_is_refused_to_its_owner_is_not_recorded(
    client: TestClient, database: Database, world: World, address: Address
) -> None:
    path = address("maude", cohort_id=world.cohort)
    secret = path.removeprefix("/calendriers/").removesuffix(".ics")
    with database.engine.begin() as owner:
        owner.execute(
            text("update role_held set ended_at = now() where person_id = :it"), {"it": world.people["maude"]}
        )
    as_(client, database, world, "maude")
    assert client.get(path).status_code == 404
    with database.engine.connect() as owner:
        recorded = list(owner.execute(text("select subject from audit_entry where outcome = 'refused'")).scalars())
    assert recorded == ["GET /calendriers/{feed_secret}.ics"]
    assert secret not in "".join(recorded)


@pytest.mark.parametrize(
    "path",
    [
        "/mon-calendrier?du=9999-12-31", "/mon-calendrier?du=0001-01-01", "/cohortes/{cohort}/calendrier?du=9999-12-31",
        "/api/v1/me/calendar?since=0001-01-01", "/api/v1/me/calendar?until=9999-12-31",
        "/api/v1/cohorts/{cohort}/calendar?since=0001-01-01", "/api/v1/cohorts/{cohort}/calendar?until=9999-12-31",
    ],
)  # fmt: skip
def test_days_at_the_ends_of_the_calendar_are_refused(
    client: TestClient, database: Database, world: World, path: str
) -> None:
    as_(client, database, world, "maude")
    assert client.get(path.format(cohort=world.cohort)).status_code == 422


@pytest.mark.parametrize("day", ["1900-01-01", "2199-12-31"])
def test_first_and_last_day_that_a_calendar_takes_are_shown(
    client: TestClient, database: Database, world: World, day: str
) -> None:
    as_(client, database, world, "maude")
    for path in (f"/mon-calendrier?du={day}", f"/api/v1/me/calendar?since={day}", f"/api/v1/me/calendar?until={day}"):
        assert client.get(path).status_code == 200
