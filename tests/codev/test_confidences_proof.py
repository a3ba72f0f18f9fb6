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

from app.codev.records.schemas import RecordCommand
from app.platform.clock import at
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
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

V1 = "/api/v1/codev"
PLANTED = 50
WORD = "canarisecret"
OUTSIDE = ("coordinator", "registrar", "admin", "trainer", "observer")
LOOKED_AT = re.compile(
    r"codev|confidences|report|rapport|export|search|recherche|audit|administration|operations|indicat|mon-dossier|me/"
)


class Canaries:
    """Sentences to plant, each once."""

    def __init__(self) -> None:
        self.planted: list[str] = []

    def __call__(self) -> str:
        """Return the next sentence."""
        self.planted.append(f"{WORD}{len(self.planted):02d} nous le disons entre nous")
        return self.planted[-1]

    def found(self, text: str) -> list[str]:
        """Return the planted sentences of a text, known by their word."""
        return [sentence for sentence in self.planted if sentence.split()[0] in text]


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


def _write_journal(client: TestClient, group: int, canary: Canaries) -> None:
    """Write journal entries until all sentences are planted, change one, destroy one."""
    _accepted(client.post(f"/codev/groupes/{group}/journal", data={"text": canary(), "session_id": ""}))
    while len(canary.planted) < PLANTED - 1:
        key = {"Idempotency-Key": f"entree-{len(canary.planted)}"}
        _accepted(client.post(f"{V1}/groups/{group}/journal", json={"text": canary()}, headers=key))
    first, last = (e["id"] for e in [client.get(f"{V1}/groups/{group}/journal").json()[i] for i in (0, -1)])
    _accepted(client.put(f"{V1}/journal/{first}", json={"text": canary()}, headers={"If-Match": '"1"'}))
    assert client.delete(f"{V1}/journal/{last}").status_code == 204


def _routes(site: FastAPI, ids: dict[str, int]) -> Iterator[str]:
    """Yield the address of each route that reads, of those that could repeat what a group wrote."""
    for context in iter_route_contexts(site.routes):
        path = context.path or ""
        names = set(re.findall(r"\{(\w+)\}", path))
        if "GET" in (context.methods or ()) and LOOKED_AT.search(path) and names <= ids.keys():
            yield path.format(**ids)


@pytest.mark.timeout(120)
def test_nothing_confided_is_anywhere_but_with_those_who_may_read_it(
    client: TestClient, site: FastAPI, database: Database, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A cycle of writing, then every table, log, report, letter and search; some two hundred requests."""
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
    as_(client, database, world, "maude")
    _write_after(client, session, later, canary)
    _write_journal(client, group.id, canary)
    assert len(canary.planted) == PLANTED
    copy = client.get(f"/codev/groupes/{group.id}/mes-textes").text
    assert len(canary.found(copy)) > PLANTED // 2, "their author reads them"

    assert [row[:80] for row in rows(database) if WORD in row] == []
    assert WORD not in caplog.text
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
        query = {"search": WORD} if address.endswith("/search") else {}
        answer = client.get(address, params=query)
        assert WORD not in answer.text, (outsider, address)
    as_(client, database, world, "karim")
    mine = client.get(f"/codev/groupes/{group.id}/mes-textes").text
    assert canary.found(mine) == []
    assert client.get(f"{V1}/groups/{group.id}/journal").json() == []
