"""A whole cycle with fifty planted sentences: none of them is anywhere but on the pages of those who may read it."""

import itertools
import logging
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text
from sqlmodel import select

from app.codev.confidences.models import GroupKey
from app.codev.destruction.service import destroy
from app.codev.records.schemas import RecordCommand
from app.notifications.letters import write_letters
from app.platform.clock import at
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from tests.access.access_db import text_of
from tests.codev.test_extracts import command as extract
from tests.codev.test_live import lead
from tests.codev.test_ratings import give
from tests.codev.test_sheets import rows
from tests.factories.codev import (
    FIRST,
    assign_roles,
    close_record,
    create_group,
    membership_ids,
    plan_session,
    presences,
    turn,
)
from tests.factories.network import World, as_
from tests.factories.outbox import messages

V1 = "/api/v1/codev"
PLANTED = 50
WORD = "canarisecret"
HTML = "text/html; charset=utf-8"
OUTSIDE = ("coordinator", "registrar", "admin", "trainer", "observer")
LOOKED_AT = re.compile(
    r"codev|confidences|report|rapport|export|search|recherche|audit|administration|operations|indicat|mon-dossier|me/"
    r"|portfolio$|api/.*portfolio/zip"
)


class Canaries:
    """Sentences to plant, each once."""

    def __init__(self) -> None:
        self.planted: list[str] = []

    def __call__(self) -> str:
        """Return the next sentence."""
        self.planted.append(f"{WORD}{len(self.planted):02d} nous le disons entre nous")
        return self.planted[-1]

    def found(self, said: str) -> list[str]:
        """Return the planted sentences of a text, known by their word."""
        return [sentence for sentence in self.planted if sentence.split()[0] in said]


def _accepted(answer: Response) -> None:
    assert answer.status_code in {200, 201, 303}, answer.text[:500]


def _write_sheets(client: TestClient, session: int, canary: Canaries) -> None:
    """Write a sheet by its form and change it by the API; a form with a mistake, and one of a second tab."""
    path, own = f"/codev/seances/{session}/fiche", f"{V1}/sessions/{session}/own-sheet"

    def sheet() -> dict[str, str]:
        said = {name: canary() for name in ("title", "situation", "tried", "question")}
        return {"topic": "concern", **said}

    first = sheet()
    refused = client.post(path, data={**first, "topic": "", "version": "0"})
    assert refused.status_code == 422
    assert len(canary.found(refused.text)) == len(first) - 1, "what was typed comes back to its author"
    _accepted(client.post(path, data={**first, "version": "0"}))
    assert client.post(path, data={**sheet(), "version": "0"}).status_code == 412
    _accepted(client.put(own, json=sheet(), headers={"If-Match": '"1"'}))
    assert client.put(own, json=sheet()).status_code == 428


def _write_after(client: TestClient, session: int, later: int, canary: Canaries) -> None:
    """Write what a session leaves by each form and route: learning, notes, actions and their outcome."""
    after = f"/codev/seances/{session}/suites"
    for kind, position in (("learning", 0), ("note", 0), ("note", 1)):
        _accepted(client.post(after, data={"kind": kind, "position": position, "version": 0, "text": canary()}))
    learning = f"{V1}/sessions/{session}/own-learning"
    _accepted(client.put(learning, json={"text": canary()}, headers={"If-Match": '"1"'}))
    due = str(today() + timedelta(days=9))
    _accepted(client.post(f"/codev/seances/{session}/actions", data={"text": canary(), "due_on": due, "position": 1}))
    key = {"Idempotency-Key": "une-action"}
    body = {"text": canary(), "due_on": due}
    for _ in range(2):
        _accepted(client.post(f"{V1}/sessions/{session}/actions", json=body, headers=key))
    [one, other] = [a["id"] for a in client.get(f"{V1}/sessions/{session}/actions").json()]
    said = {"session_id": later, "state": "not_done", "outcome": canary(), "version": 1}
    _accepted(client.post(f"/codev/actions/{one}", data=said))
    told = {"session_id": later, "state": "done", "outcome": canary()}
    _accepted(client.put(f"{V1}/actions/{other}/follow-up", json=told, headers={"If-Match": '"1"'}))


def _write_journal(client: TestClient, group: int, canary: Canaries, *, all_but: int) -> None:
    """Write journal entries until all sentences are planted but some, change one, destroy one."""
    _accepted(client.post(f"/codev/groupes/{group}/journal", data={"text": canary(), "session_id": ""}))
    while len(canary.planted) < PLANTED - all_but - 1:
        key = {"Idempotency-Key": f"entree-{len(canary.planted)}"}
        _accepted(client.post(f"{V1}/groups/{group}/journal", json={"text": canary()}, headers=key))
    first, last = (e["id"] for e in [client.get(f"{V1}/groups/{group}/journal").json()[i] for i in (0, -1)])
    _accepted(client.put(f"{V1}/journal/{first}", json={"text": canary()}, headers={"If-Match": '"1"'}))
    assert client.delete(f"{V1}/journal/{last}").status_code == 204


def _rate_and_extract(client: TestClient, database: Database, world: World, session: int, canary: Canaries) -> None:
    """Answer the questionnaire with a comment, and hand in an extract of one's journal, in other words."""
    for member, comment in (("maude", canary()), ("karim", None), ("elise", None)):
        give(database, world, session, member, comment=comment)
    as_(client, database, world, "maude")
    entry = client.get(f"{V1}/groups/1/journal").json()[0]["id"]
    written = extract("Écouter avant de proposer.")
    _accepted(client.post(f"{V1}/groups/1/own-writings/journal/{entry}/extracts", json=written))


def _fail(client: TestClient, site: FastAPI, database: Database, session: int, canary: Canaries) -> None:
    """Write when the database refuses it: the statement that fails, its error and its page repeat nothing."""
    sheet = {"topic": "concern", **{name: canary() for name in ("title", "situation", "tried", "question")}}
    with database.engine.begin() as owner:
        owner.execute(text("revoke insert, update on codev_confidence from escouade_app"))
    failing = TestClient(site, raise_server_exceptions=False, follow_redirects=False, headers=dict(client.headers))
    own = f"{V1}/sessions/{session}/own-sheet"
    answers = [
        failing.put(own, json=sheet, headers={"If-Match": '"2"'}),
        failing.post(f"/codev/seances/{session}/fiche", data={**sheet, "version": "2"}),
        failing.post(f"{V1}/groups/1/journal", json={"text": canary()}),
    ]
    with database.engine.begin() as owner:
        owner.execute(text("grant insert, update on codev_confidence to escouade_app"))
    assert [answer.status_code for answer in answers] == [500] * 3
    assert [canary.found(answer.text) for answer in answers if answer.headers["content-type"] != HTML] == [[], []]


def _letters(database: Database, settings: Settings) -> list[str]:
    """Write the letters of every message, and return them as they are sent."""
    with at(FIRST + timedelta(days=30)):
        write_letters(database, settings)
    return [f"{subject}\n{body}" for _, subject, body in messages(database)]


def _routes(site: FastAPI, ids: dict[str, int]) -> Iterator[str]:
    """Yield the address of each route that reads, of those that could repeat what a group wrote."""
    for context in iter_route_contexts(site.routes):
        path = context.path or ""
        names = set(re.findall(r"\{(\w+)\}", path))
        if "GET" in (context.methods or ()) and LOOKED_AT.search(path) and names <= ids.keys():
            yield path.format(**ids)


@pytest.mark.timeout(120)
def test_nothing_confided_is_anywhere_but_with_those_who_may_read_it(
    client: TestClient,
    site: FastAPI,
    database: Database,
    world: World,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A cycle of writing, then every table, log, report, letter and search; some five hundred requests."""
    caplog.set_level(logging.DEBUG)
    group = create_group(database, world)
    who = membership_ids(group)
    session = plan_session(database, world, group.id)
    later = plan_session(database, world, group.id, "GEN-7.B", FIRST + timedelta(days=2))
    assign_roles(database, world, session, (who["maude"], who["karim"]))
    canary = Canaries()
    with at(FIRST - timedelta(days=1)):
        as_(client, database, world, "maude")
        _write_sheets(client, session, canary)
    close_record(database, world, session, RecordCommand(entries=presences(group), turns=(turn(who["maude"]),)))
    as_(client, database, world, "facilitator")
    lead(client, later, FIRST + timedelta(days=2), "start", "next", "finish")
    as_(client, database, world, "maude")
    _write_after(client, session, later, canary)
    with at(FIRST - timedelta(days=1)):
        as_(client, database, world, "maude")
        _fail(client, site, database, session, canary)
    as_(client, database, world, "maude")
    _write_journal(client, group.id, canary, all_but=1)
    _rate_and_extract(client, database, world, session, canary)
    assert len(canary.planted) == PLANTED
    copy = client.get(f"/codev/groupes/{group.id}/mes-textes").text
    assert len(canary.found(copy)) > PLANTED // 2, "their author reads them"

    assert [row[:80] for row in rows(database) if WORD in row] == []
    assert WORD not in caplog.text
    letters = _letters(database, site.state.settings)
    assert len(letters) >= 4
    assert WORD not in "".join(letters)
    ids = {
        "group_id": group.id, "session_id": session, "cohort_id": world.cohort, "college_id": world.alma,
        "project_id": world.project, "enrolment_id": world.enrolments["maude"], "sheet_id": 1, "entry_id": 1,
        "action_id": 1, "person_id": world.people["maude"],
    }  # fmt: skip
    addresses = list(_routes(site, ids))
    assert len(addresses) >= 40
    for outsider, address in itertools.product(OUTSIDE, addresses):
        if address == addresses[0]:
            as_(client, database, world, outsider)
        if address.endswith("/zip") and outsider != "trainer":
            continue
        query = {"search": WORD} if address.endswith("/search") else {}
        answer = client.get(address, params=query)
        assert WORD not in text_of(answer), (outsider, address)
    as_(client, database, world, "karim")
    mine = client.get(f"/codev/groupes/{group.id}/mes-textes").text
    assert canary.found(mine) == []
    assert client.get(f"{V1}/groups/{group.id}/journal").json() == []

    with database.as_owner() as db:
        destroy(db, db.exec(select(GroupKey)).one())
    as_(client, database, world, "maude")
    for address in addresses:
        assert WORD not in client.get(address).text, address
