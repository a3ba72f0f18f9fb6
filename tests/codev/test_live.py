"""A session as it happens: its facilitator leads it, its members follow it, it proposes its record (S4, BR-11)."""

import re
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.codev.records.models import CodevPresence, CodevTurn
from app.identity.roles.service import grant_role
from app.platform.clock import at
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from app.platform.web.forms import KEY
from tests.factories.codev import FIRST, assign_roles, create_group, join_group, membership_ids, plan_session
from tests.factories.network import World, as_, count

V1 = "/api/v1/codev/sessions"


@pytest.fixture
def played(database: Database, world: World) -> tuple[int, dict[str, int]]:
    """A session with two consultations planned, and the memberships by first name."""
    group = join_group(database, world, create_group(database, world).id, "nobody")
    session_id = plan_session(database, world, group.id)
    m = membership_ids(group)
    assign_roles(database, world, session_id, (m["maude"], m["karim"]), (m["elise"], m["yves"]))
    return session_id, m


def touch(client: TestClient, session_id: int, version: int, action: str, status: int = 201, **about: Any) -> Any:
    """Do something in a session; return the answer."""
    answer = client.post(
        f"{V1}/{session_id}/live", json={"action": action, **about}, headers={"If-Match": f'"{version}"'}
    )
    assert answer.status_code == status, answer.text
    return answer.json()


def lead(client: TestClient, session_id: int, moment: datetime, *actions: str | dict[str, Any]) -> Any:
    """Do several things in a row at a moment; return the state after them."""
    with at(moment):
        shown = client.get(f"{V1}/{session_id}/live").json()
        for action in actions:
            body = {"action": action} if isinstance(action, str) else action
            shown = touch(client, session_id, shown["version"], **body)
    return shown


def test_facilitator_leads_and_members_follow_the_same_state(
    client: TestClient, database: Database, world: World, played: tuple[int, dict[str, int]]
) -> None:
    session_id, m = played
    as_(client, database, world, "facilitator")
    here = [{"action": "here", "membership_id": id_} for id_ in m.values()]
    shown = lead(client, session_id, FIRST - timedelta(minutes=5), *here, "start", "next", "next")
    assert shown["steps"][shown["current"]]["title"] == "Exposé"
    as_(client, database, world, "karim")
    with at(FIRST + timedelta(minutes=1)):
        followed = client.get(f"{V1}/{session_id}/live").json()
    assert followed["version"] == shown["version"] == 8
    assert followed["current"] == shown["current"]
    assert followed["left_seconds"] == 8 * 60 - 6 * 60
    assert followed["turns"][0]["client"].startswith("Maude")
    assert all(person["is_here"] for person in followed["people"])
    assert followed["prompts"]["speaks"] == "client"


def test_second_touch_with_the_same_version_does_nothing_and_shows_the_present_state(
    client: TestClient, database: Database, world: World, played: tuple[int, dict[str, int]]
) -> None:
    session_id, _ = played
    as_(client, database, world, "facilitator")
    lead(client, session_id, FIRST, "start")
    with at(FIRST):
        touch(client, session_id, 1, "next")
        assert touch(client, session_id, 1, "next", status=412)["code"] == "live_moved_on"
        form = {"action": "next", "version": 1}
        page = client.post(f"/codev/seances/{session_id}/direct", data=form, headers={"sec-fetch-site": "same-origin"})
        assert page.status_code == 412
        assert "Voici où elle en est" in unescape(page.text)
        assert 'name="version" value="2"' in page.text
        missing = client.post(f"{V1}/{session_id}/live", json={"action": "next"})
        assert missing.status_code == 428
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "codev_live_event") == 2


def test_screen_shows_a_session_whose_second_consultation_alone_is_planned(
    client: TestClient, database: Database, world: World
) -> None:
    group = join_group(database, world, create_group(database, world).id, "nobody")
    session_id = plan_session(database, world, group.id)
    m = membership_ids(group)
    as_(client, database, world, "facilitator")
    roles = [
        {"position": 2, "membership_id": m["maude"], "role": "client"},
        {"position": 2, "membership_id": m["karim"], "role": "reserve"},
    ]
    assert client.put(f"{V1}/{session_id}/roles", json={"roles": roles}).status_code == 200
    lead(client, session_id, FIRST, "express", "start", "next_consultation")
    shown = client.get(f"/codev/seances/{session_id}/direct")
    assert shown.status_code == 200
    assert "Consultation 2 · express" in " ".join(unescape(shown.text).split())


def test_nobody_but_the_group_follows_and_nobody_but_its_facilitator_leads(
    client: TestClient, database: Database, world: World, played: tuple[int, dict[str, int]]
) -> None:
    session_id, _ = played
    for who, status in (("coordinator", 403), ("admin", 403), ("other_participant", 404), ("maude", 200)):
        as_(client, database, world, who)
        assert client.get(f"{V1}/{session_id}/live").status_code == status, who
        assert client.get(f"/codev/seances/{session_id}/direct").status_code == status, who
    with at(FIRST):
        touch(client, session_id, 0, "start", status=403)


def test_what_did_not_change_is_not_sent_again(
    client: TestClient, database: Database, world: World, played: tuple[int, dict[str, int]]
) -> None:
    session_id, _ = played
    as_(client, database, world, "facilitator")
    lead(client, session_id, FIRST, "start")
    read = client.get(f"{V1}/{session_id}/live")
    again = client.get(f"{V1}/{session_id}/live", headers={"If-None-Match": read.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{V1}/{session_id}/live", headers={"If-None-Match": '"0"'}).status_code == 200


def test_session_is_prepared_an_hour_before_it_and_no_longer_once_recorded_or_cancelled(
    client: TestClient, database: Database, world: World, played: tuple[int, dict[str, int]]
) -> None:
    session_id, m = played
    as_(client, database, world, "facilitator")
    with at(FIRST - timedelta(minutes=61)):
        assert touch(client, session_id, 0, "start", status=409)["code"] == "live_too_early"
    lead(client, session_id, FIRST, "start", {"action": "here", "membership_id": m["maude"]})
    roles: dict[str, list[int]] = {"roles": []}
    assert client.put(f"{V1}/{session_id}/roles", json=roles).json()["code"] == "codev_live_started"
    as_(client, database, world, "coordinator")
    assert client.post(f"{V1}/{session_id}/cancellation").status_code == 200
    as_(client, database, world, "facilitator")
    assert touch(client, session_id, 2, "next", status=409)["code"] == "session_cancelled"
    known = client.get(f"{V1}/{session_id}/live", headers={"If-None-Match": '"2"'})
    assert (known.status_code, known.json()["phase"]) == (200, "cancelled"), "who polls learns of what makes no version"


def test_minutes_of_each_step_are_kept_beside_those_planned(
    client: TestClient, database: Database, world: World, played: tuple[int, dict[str, int]]
) -> None:
    session_id, _ = played
    as_(client, database, world, "facilitator")
    for minutes, actions in (
        (0, ["start"]),
        (4, ["next", "more"]),
        (10, ["pause"]),
        (13, ["resume"]),
        (15, ["finish"]),
    ):
        shown = lead(client, session_id, FIRST + timedelta(minutes=minutes), *actions)
    opening, returns, *others = shown["steps"]
    assert opening["spent_seconds"] == 4 * 60
    assert returns["spent_seconds"] == 8 * 60, "a pause is of no step"
    assert returns["given_seconds"] == returns["planned_seconds"] + 60
    assert {step["spent_seconds"] for step in others} == {0}
    with at(FIRST + timedelta(days=3)):
        as_(client, database, world, "karim")
        assert client.get(f"{V1}/{session_id}/live").json()["steps"] == shown["steps"], "kept as they were"
        html = unescape(client.get(f"/codev/seances/{session_id}/direct").text)
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL)]
    assert ["Ouverture", str(opening["planned_seconds"] // 60), "4:00"] in rows
    planned, given = (returns[name] // 60 for name in ("planned_seconds", "given_seconds"))
    assert [str(planned), f"({given})", "8:00"] in [row[-3:] for row in rows if row[0] == "Retours"]


def test_another_facilitator_of_the_group_takes_over_in_the_middle_of_a_session(
    client: TestClient, database: Database, world: World, played: tuple[int, dict[str, int]]
) -> None:
    session_id, m = played
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["trainer"], Role.FACILITATOR, college_id=world.alma, group_id=1)
    as_(client, database, world, "facilitator")
    here = [{"action": "here", "membership_id": id_} for id_ in m.values()]
    before = lead(client, session_id, FIRST, *here, "start", "next")
    as_(client, database, world, "trainer")
    taken = lead(client, session_id, FIRST + timedelta(minutes=5), "next")
    assert [p["is_here"] for p in taken["people"]] == [p["is_here"] for p in before["people"]]
    assert taken["steps"][taken["current"]]["title"] == "Exposé"
    assert sorted(taken["facilitators"]) == ["Flavie Animation", "Théo Formation"]
    as_(client, database, world, "facilitator")
    with at(FIRST + timedelta(minutes=5)):
        assert touch(client, session_id, before["version"], "next", status=412)["code"] == "live_moved_on"
        assert client.get(f"{V1}/{session_id}/live").json()["version"] == taken["version"]


def test_page_of_a_step_has_the_tone_of_the_time_left(
    client: TestClient, database: Database, world: World, played: tuple[int, dict[str, int]]
) -> None:
    """Amber at 20 % left, red at 5 %: the exposé has eight minutes."""
    session_id, _ = played
    as_(client, database, world, "facilitator")
    lead(client, session_id, FIRST, "start", "next", "next")
    for seconds, tone in ((383, "calm"), (384, "amber"), (455, "amber"), (456, "red"), (600, "red")):
        with at(FIRST + timedelta(seconds=seconds)):
            html = client.get(f"/codev/seances/{session_id}/direct").text
        assert f'class="card stack live-step {tone}"' in html, (seconds, tone)
        shown = [name for name in ("amber", "red") if f'data-tone="{name}">' in html]
        assert shown == ([tone] if tone != "calm" else [])


def test_plan_of_roles_does_not_undo_a_swap_made_before_the_start(
    client: TestClient, database: Database, world: World, played: tuple[int, dict[str, int]]
) -> None:
    """The swap would exchange the client and the reserve of the new plan, and give the turn to who is absent."""
    session_id, _ = played
    as_(client, database, world, "facilitator")
    before = FIRST - timedelta(minutes=30)
    lead(client, session_id, before, {"action": "swap", "reason": "absence"})
    turn = client.get(f"{V1}/{session_id}/live").json()["turns"][0]
    roles = [
        {"position": 1, "membership_id": turn["client_id"], "role": "client"},
        {"position": 1, "membership_id": turn["reserve_id"], "role": "reserve"},
    ]
    refused = client.put(f"{V1}/{session_id}/roles", json={"roles": roles})
    assert (refused.status_code, refused.json()["code"]) == (409, "codev_live_swapped")
    assert client.get(f"{V1}/{session_id}/live").json()["turns"][0] == turn
    with at(before):
        touch(client, session_id, 1, "undo")
    assert client.put(f"{V1}/{session_id}/roles", json={"roles": roles}).status_code == 200


def test_finished_session_proposes_its_record_with_its_minutes_and_its_turns(
    client: TestClient, database: Database, world: World, played: tuple[int, dict[str, int]]
) -> None:
    """S4: the absent client said it before the start; the reserve took her turn, in an express consultation."""
    session_id, m = played
    as_(client, database, world, "facilitator")
    before, start = FIRST - timedelta(minutes=15), FIRST
    swap = {"action": "swap", "reason": "absence"}
    here = [{"action": "here", "membership_id": m[who]} for who in m if who != "maude"]
    lead(client, session_id, before, swap, "express", *here)
    lead(client, session_id, start, "start", *["next"] * 6)
    away = {"action": "away", "membership_id": m["yves"]}
    lead(client, session_id, start + timedelta(minutes=90), "next", away)
    end = start + timedelta(minutes=170)
    shown = lead(client, session_id, end, "finish")
    assert shown["phase"] == "finished"
    with at(end):
        page = client.get(f"/codev/seances/{session_id}")
        assert "rempli d’après la séance en direct" in unescape(page.text)
        form = fields(page.text, f"/codev/seances/{session_id}/bilan")
        answer = client.post(f"/codev/seances/{session_id}/bilan", data=form, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code in {200, 303}, unescape(answer.text)
    with database.transaction(colleges=[world.alma]) as db:
        kept = {p.membership_id: (p.status.value, p.minutes) for p in db.exec(select(CodevPresence)).all()}
        turns = [
            (t.position, t.client_id, t.status.value, t.reason and t.reason.value, t.protocol.value)
            for t in db.exec(select(CodevTurn).order_by(col(CodevTurn.position))).all()
        ]
    assert kept == {
        m["maude"]: ("excused", 0),
        m["karim"]: ("present", 170),
        m["elise"]: ("present", 170),
        m["yves"]: ("left_early", 90),
    } | {id_: ("present", 170) for who, id_ in m.items() if who not in {"maude", "karim", "elise", "yves"}}
    assert turns[0] == (1, m["karim"], "swapped", "absence", "express")


def fields(html: str, action: str) -> dict[str, list[str]]:
    """Return the values that a form of a page would send as it stands."""
    found: dict[str, list[str]] = {}

    class Reader(HTMLParser):
        inside = False
        select = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            values = dict(attrs)
            if tag == "form":
                self.inside = (values.get("action") or "").split("?")[0] == action
            if not self.inside:
                return
            if tag == "select":
                self.select = values["name"] or ""
                found.setdefault(self.select, []).append("")
            elif tag == "option" and "selected" in values:
                found[self.select][-1] = values.get("value") or ""
            elif tag == "input" and (values.get("type") != "checkbox" or "checked" in values):
                found.setdefault(values["name"] or "", []).append(values.get("value") or "")

        def handle_endtag(self, tag: str) -> None:
            self.inside = self.inside and tag != "form"

    Reader().feed(html)
    found.pop(KEY, None)
    return found
