"""What a session leaves: learnings, notes, actions taken up again, and the journal that its author alone reads."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.codev.confidences.service import reencrypt_group_keys
from app.codev.groups import service as groups
from app.codev.groups.schemas import LeaveCommand
from app.codev.journal.service import see_journal
from app.codev.own_texts.service import own_texts
from app.codev.ratings import service as ratings
from app.codev.records.schemas import RecordCommand
from app.codev.sessions.service import see_codev_session
from app.cohorts.enums import CohortState
from app.platform.clock import at
from app.platform.database.transaction import Database
from app.platform.errors import Unavailable
from app.platform.messages.i18n import today
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import P
from tests.codev.test_ratings import give
from tests.conftest import RING
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
from tests.factories.cohorts import page, set_state
from tests.factories.network import World, acting, as_

V1 = "/api/v1/codev"
NEW, ONCE = {"If-Match": '"0"'}, {"If-Match": '"1"'}
SOON = str(today() + timedelta(days=5))


@pytest.fixture
def two(database: Database, world: World) -> tuple[int, int]:
    """Hold two sessions of a group, Maude the client of the first; return their ids."""
    group = create_group(database, world)
    first = plan_session(database, world, group.id)
    second = plan_session(database, world, group.id, "GEN-7.B", FIRST + timedelta(days=2))
    hold(database, world, first, client="maude", reserve="karim")
    return first, second


def hold(database: Database, world: World, session: int, *, client: str, reserve: str) -> None:
    """Hold a session of the group with one consultation, everyone present."""
    with database.transaction() as db:
        group = groups.group(db, groups.see_group(db, acting(db, world, "facilitator", P.CODEV_READ), 1))
    who = membership_ids(group)
    assign_roles(database, world, session, (who[client], who[reserve]))
    record = RecordCommand(entries=presences(group), turns=(turn(who[client]),))
    close_record(database, world, session, record)


def test_what_a_session_leaves_is_read_inside(
    client: TestClient, database: Database, world: World, two: tuple[int, int]
) -> None:
    session, _ = two
    as_(client, database, world, "maude")
    sent = client.put(f"{V1}/sessions/{session}/own-learning", json={"text": "Attendre."}, headers=NEW)
    assert (sent.status_code, sent.headers["etag"]) == (200, '"1"')
    assert "Attendre." not in sent.text, "an answer does not repeat what is confided"
    note = client.put(f"{V1}/sessions/{session}/own-notes/1", json={"text": "Mes notes."}, headers=NEW)
    assert note.status_code == 200
    for who in ("karim", "facilitator"):
        as_(client, database, world, who)
        read = client.get(f"{V1}/sessions/{session}/writings").json()
        assert [(w["kind"], w["position"], w["text"]) for w in read] == [
            ("learning", 0, "Attendre."), ("note", 1, "Mes notes."),
        ]  # fmt: skip
        assert "Mes notes." in page(client.get(f"/codev/seances/{session}/suites"))
    for who, status in (("coordinator", 403), ("admin", 403), ("trainer", 403), ("other_participant", 404)):
        as_(client, database, world, who)
        for path in (f"{V1}/sessions/{session}/writings", f"/codev/seances/{session}/suites"):
            assert client.get(path).status_code == status
    with database.engine.connect() as owner:
        logged = owner.execute(text("select distinct viewer_id, subject_id, what from view_log")).all()
    assert {tuple(row) for row in logged} == {
        (world.people[who], world.people["maude"], "confidence") for who in ("karim", "facilitator")
    }


def test_writing_of_another_role_too_early_or_of_another_version_is_refused(
    client: TestClient, database: Database, world: World, two: tuple[int, int]
) -> None:
    session, _ = two
    as_(client, database, world, "karim")
    notes = f"{V1}/sessions/{session}/own-notes/1"
    refused = client.put(notes, json={"text": "Non."}, headers=NEW)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "note_of_another")
    group = f"{V1}/sessions/{session}/own-notes/0"
    assert client.put(group, json={"text": "Nos cinq lignes."}).status_code == 428
    assert client.put(group, json={"text": "Nos cinq lignes."}, headers=NEW).status_code == 200
    assert client.put(group, json={"text": "Autre."}, headers=NEW).status_code == 412
    with at(FIRST - timedelta(minutes=1)):
        as_(client, database, world, "karim")
        early = client.put(f"{V1}/sessions/{session}/own-learning", json={"text": "Non."}, headers=NEW)
    assert (early.status_code, early.json()["code"]) == (409, "writing_before_session")
    as_(client, database, world, "karim")
    [written] = client.get(f"{V1}/sessions/{session}/writings").json()
    assert written["text"] == "Nos cinq lignes."


def test_action_comes_back_at_the_next_session_and_coordinators_read_figures(
    client: TestClient, database: Database, world: World, two: tuple[int, int]
) -> None:
    first, second = two
    as_(client, database, world, "karim")
    other = client.post(f"{V1}/sessions/{first}/actions", json={"text": "Non.", "due_on": SOON})
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "action_of_the_client")
    as_(client, database, world, "maude")
    page_of = f"/codev/seances/{first}/suites"
    assert f"/codev/seances/{first}/actions" in page(client.get(page_of))
    posted = {"position": "1", "text": "Appeler mardi.", "due_on": SOON}
    assert client.post(f"/codev/seances/{first}/actions", data=posted).headers["location"] == page_of
    kept = client.post(f"{V1}/sessions/{first}/actions", json={"text": "Écrire.", "due_on": SOON}).json()["id"]
    late = {**posted, "due_on": str(FIRST.date() - timedelta(days=1))}
    assert "Appeler mardi." in page(client.post(f"/codev/seances/{first}/actions", data=late), 422)
    back = client.get(f"{V1}/sessions/{second}/actions").json()
    assert [(a["text"], a["state"]) for a in back] == [("Appeler mardi.", "open"), ("Écrire.", "open")]
    html = page(client.get(f"/codev/seances/{second}/suites"))
    action = back[0]["id"]
    assert f"/codev/actions/{action}?" in html
    done = {"session_id": str(second), "state": "done", "outcome": "Elle a rappelé.", "version": "1"}
    assert client.post(f"/codev/actions/{action}", data=done).status_code == 303
    again = client.put(f"{V1}/actions/{action}/follow-up", json={"session_id": second, "state": "done"}, headers=ONCE)
    assert again.status_code == 412
    later = client.put(f"{V1}/actions/{kept}/follow-up", json={"session_id": first, "state": "done"}, headers=ONCE)
    assert (later.status_code, later.json()["code"]) == (409, "follow_up_later")
    not_yet = {"session_id": second, "state": "not_done"}
    assert client.put(f"{V1}/actions/{kept}/follow-up", json=not_yet, headers=ONCE).status_code == 200
    states = {a["text"]: a["state"] for a in client.get(f"{V1}/sessions/{second}/actions").json()}
    assert states == {"Appeler mardi.": "done", "Écrire.": "not_done"}
    as_(client, database, world, "coordinator")
    figures = client.get(f"{V1}/groups/1/follow-up").json()
    assert figures == {
        "actions": 2, "due": 0, "followed": 0, "rate": None, "minutes_planned": 360, "minutes_held": 180,
    }  # fmt: skip
    html = page(client.get("/codev/groupes/1"))
    assert "2 actions retenues" in html
    assert "Appeler mardi." not in html
    as_(client, database, world, "maude")
    left = client.post(f"{V1}/sessions/{first}/actions", json={"text": "Relire.", "due_on": SOON})
    assert left.status_code == 201
    hold(database, world, second, client="karim", reserve="elise")
    as_(client, database, world, "coordinator")
    figures = client.get(f"{V1}/groups/1/follow-up").json()
    assert figures == {
        "actions": 3, "due": 3, "followed": 2, "rate": 67, "minutes_planned": 360, "minutes_held": 360,
    }  # fmt: skip
    assert "Suites données : 2 actions sur 3." in page(client.get("/codev/groupes/1"))


def test_all_that_a_group_wrote_stays_readable_when_the_keyring_is_rotated_and_its_old_key_dropped(
    client: TestClient, database: Database, world: World, two: tuple[int, int]
) -> None:
    first, _ = two
    for who in ("karim", "elise"):
        give(database, world, first, who)
    give(database, world, first, "maude", comment="Commencer à l’heure.")
    as_(client, database, world, "maude")
    for path, said in (("own-learning", "Attendre."), ("own-notes/1", "Mes notes.")):
        assert client.put(f"{V1}/sessions/{first}/{path}", json={"text": said}, headers=NEW).status_code == 200
    posted = {
        f"sessions/{first}/actions": {"text": "Écrire.", "due_on": SOON},
        "groups/1/journal": {"text": "Pour moi."},
    }
    for path, body in posted.items():
        assert client.post(f"{V1}/{path}", json=body).status_code == 201
    rotated = RING.rotated()
    with database.as_owner() as db:
        assert reencrypt_group_keys(db, rotated) == 1
    alone = Keyring(rotated.current, {rotated.current: rotated.keys[rotated.current]})

    def read(keyring: Keyring) -> str:
        with database.transaction() as db:
            own = own_texts(db, keyring, see_journal(db, acting(db, world, "maude", P.JOURNAL_KEEP), 1))
            with at(FIRST + timedelta(days=8)):
                meeting = see_codev_session(db, acting(db, world, "yves", P.CODEV_READ), first)
                return own + "".join(ratings.results(db, keyring, meeting).comments)

    for said in ("Attendre.", "Mes notes.", "Écrire.", "Pour moi.", "Commencer à l’heure."):
        assert said in read(alone)
    with pytest.raises(Unavailable, match="key_missing"):
        read(RING)


def test_what_a_session_leaves_is_only_read_once_the_cohort_is_archived(
    client: TestClient, database: Database, world: World, two: tuple[int, int]
) -> None:
    first, second = two
    learning, actions = f"{V1}/sessions/{first}/own-learning", f"{V1}/sessions/{first}/actions"
    as_(client, database, world, "maude")
    assert client.put(learning, json={"text": "Attendre."}, headers=NEW).status_code == 200
    action = client.post(actions, json={"text": "Écrire.", "due_on": SOON}).json()["id"]
    set_state(database, world, CohortState.ARCHIVED)
    taken_up = {"session_id": second, "state": "done"}
    for answer in (
        client.put(learning, json={"text": "Autrement."}, headers=ONCE),
        client.post(actions, json={"text": "Encore.", "due_on": SOON}),
        client.put(f"{V1}/actions/{action}/follow-up", json=taken_up, headers=ONCE),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "cohort_archived")
    assert [(a["text"], a["state"]) for a in client.get(actions).json()] == [("Écrire.", "open")]
    for session in two:
        html = page(client.get(f"/codev/seances/{session}/suites"))
        assert "La cohorte est archivée : elle se consulte seulement." in html
        assert 'action="/codev/' not in html
        assert ("Attendre." in html) is (session == first), "one's own, too"
    journal = client.post(f"{V1}/groups/1/journal", json={"session_id": second, "text": "Pour moi."})
    assert journal.status_code == 201, "a journal is its author's alone"


def test_journal_is_read_by_its_author_alone_and_destroyed_by_them(
    client: TestClient, database: Database, world: World, two: tuple[int, int]
) -> None:
    session, _ = two
    as_(client, database, world, "maude")
    journal = "/codev/groupes/1/journal"
    assert f'href="{journal}"' in page(client.get("/codev/groupes/1"))
    posted = {"session_id": str(session), "text": "J’ai parlé trop vite."}
    assert client.post(journal, data=posted).headers["location"] == journal
    html = page(client.get(journal))
    assert "J’ai parlé trop vite." in html
    assert "data-draft" not in html
    [entry] = client.get(f"{V1}/groups/1/journal").json()
    path = f"/codev/journal/{entry['id']}"
    for who in ("karim", "facilitator", "coordinator", "admin"):
        as_(client, database, world, who)
        for address in (path, f"{V1}/journal/{entry['id']}"):
            answer = client.get(address)
            assert answer.status_code in {403, 404}
            assert "trop vite" not in answer.text
    as_(client, database, world, "karim")
    assert client.get(f"{V1}/groups/1/journal").json() == []
    as_(client, database, world, "maude")
    changed = client.put(f"{V1}/journal/{entry['id']}", json={"text": "J’attends."}, headers=ONCE)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    lost = page(client.post(path, data={"text": "Un autre texte.", "version": "1"}), 412)
    assert "Un autre texte." in lost
    assert "J’attends." in lost
    assert client.post(f"{path}/destruction").headers["location"] == journal
    assert client.get(path).status_code == 404
    with database.engine.connect() as owner:
        for table in ("journal_entry", "codev_confidence"):
            assert owner.execute(text(f"select count(*) from {table}")).scalar_one() == 0  # noqa: S608 - ours


def test_author_who_left_keeps_reading_their_journal_and_a_copy_of_what_they_wrote(
    client: TestClient, database: Database, world: World, two: tuple[int, int]
) -> None:
    session, _ = two
    as_(client, database, world, "karim")
    client.put(f"{V1}/sessions/{session}/own-learning", json={"text": "Ce que Karim a appris."}, headers=NEW)
    as_(client, database, world, "maude")
    client.put(f"{V1}/sessions/{session}/own-learning", json={"text": "Ce que Maude a appris."}, headers=NEW)
    client.post(f"{V1}/groups/1/journal", json={"text": "Une entrée de Maude."})
    client.post(f"{V1}/sessions/{session}/actions", json={"text": "Une action.", "due_on": SOON})
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = groups.see_group(db, actor, 1)
        members = membership_ids(groups.group(db, ref))
        groups.remove_member(db, ref, LeaveCommand(membership_id=members["maude"]))
    as_(client, database, world, "maude")
    assert client.get(f"{V1}/sessions/{session}/writings").status_code == 404
    assert [e["text"] for e in client.get(f"{V1}/groups/1/journal").json()] == ["Une entrée de Maude."]
    assert client.post(f"{V1}/groups/1/journal", json={"text": "Encore."}).status_code == 409
    copy = client.get("/codev/groupes/1/mes-textes")
    assert copy.headers["content-disposition"].startswith("attachment")
    assert copy.headers["cache-control"] == "no-store"
    for mine in ("Ce que Maude a appris.", "Une entrée de Maude.", "Une action."):
        assert mine in copy.text
    assert "Karim" not in copy.text
    assert client.get(f"{V1}/groups/1/own-texts").text == copy.text
