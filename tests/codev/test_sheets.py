"""Preparation sheets: who writes, who reads, what a change is made from, and what the database holds of them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.codev.confidences.service import reencrypt_group_keys
from app.codev.groups import service as groups
from app.codev.groups.schemas import LeaveCommand
from app.codev.sheets import service as sheets
from app.platform.clock import at
from app.platform.database.transaction import Database
from app.platform.errors import Unavailable
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import P
from tests.conftest import RING
from tests.factories.codev import (
    COMING,
    SHEET,
    assign_roles,
    create_group,
    membership_ids,
    plan_session,
    send_sheet,
    write_sheet,
)
from tests.factories.cohorts import page
from tests.factories.network import World, acting, as_

BODY = SHEET.model_dump(mode="json")
CANARY = "reprendre contact"
OUTSIDE = ("coordinator", "registrar", "trainer", "observer", "admin", "nobody")


@pytest.fixture
def meeting(database: Database, world: World) -> int:
    """Plan a session to come of a group; return its id."""
    return plan_session(database, world, create_group(database, world).id, at=COMING)


def own(meeting: int) -> str:
    """Return the address of one's own sheet for a session."""
    return f"/api/v1/codev/sessions/{meeting}/own-sheet"


def rows(database: Database) -> Iterator[str]:
    """Yield every row of every table, those of jobs too, as the owner of the database reads them."""
    with database.engine.connect() as owner:
        names = owner.execute(
            text(
                "select format('%I.%I', nspname, relname) from pg_class join pg_namespace n on n.oid = relnamespace"
                " where relkind = 'r' and nspname !~ '^pg_|^information_schema$'"
            )
        )
        for name in names.scalars().all():
            for row in owner.execute(text(f"select t::text from {name} t")).scalars():  # noqa: S608 - of the catalogue
                yield f"{name}: {row}"


def test_sheet_is_read_by_the_group_and_its_facilitator_and_by_nobody_else(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    as_(client, database, world, "maude")
    nothing = client.get(own(meeting))
    assert (nothing.json()["version"], nothing.json()["content"], nothing.headers["etag"]) == (0, None, '"0"')
    sent = client.put(own(meeting), json=BODY, headers={"If-Match": '"0"'})
    assert (sent.status_code, sent.headers["etag"]) == (200, '"1"'), sent.text
    assert sent.json()["content"] == BODY
    assert sent.headers["cache-control"] == "no-store"
    facts = client.get(f"/api/v1/codev/sessions/{meeting}/sheets").json()
    [sheet] = [fact["sheet_id"] for fact in facts if fact["name"] == "Maude Bérubé"]
    for who in ("maude", "karim", "elise", "yves", "facilitator"):
        as_(client, database, world, who)
        assert client.get(f"/api/v1/codev/sheets/{sheet}").json()["content"] == BODY
        assert CANARY in page(client.get(f"/codev/fiches/{sheet}"))
    for who, status in (*((outside, 403) for outside in OUTSIDE), ("other_participant", 404)):
        as_(client, database, world, who)
        for path in (f"/api/v1/codev/sheets/{sheet}", f"/codev/fiches/{sheet}", own(meeting)):
            answer = client.get(path)
            assert (answer.status_code, CANARY in answer.text) == (status, False), (who, path)


def test_coordinator_reads_that_sheets_came_and_not_what_they_say(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    meeting = plan_session(database, world, group.id, at=COMING)
    assign_roles(database, world, meeting, (who["maude"], who["karim"]))
    write_sheet(database, world, meeting, "maude")
    with at(COMING - timedelta(hours=3)):
        write_sheet(database, world, meeting, "elise")
    as_(client, database, world, "coordinator")
    facts = {fact["name"].split()[0]: fact for fact in client.get(f"/api/v1/codev/sessions/{meeting}/sheets").json()}
    assert {name: (fact["role"], fact["is_late"]) for name, fact in facts.items()} == {
        "Maude": ("client", False),
        "Karim": ("reserve", None),
        "Élise": (None, True),
        "Yves": (None, None),
    }
    html = page(client.get(f"/codev/seances/{meeting}"))
    assert html.count("Déposée le") == 2
    assert "Après la veille" in html
    assert "Attendue" in html
    assert "/codev/fiches/" not in html
    assert CANARY not in html
    with database.transaction() as db:
        acting(db, world, "facilitator", P.CODEV_READ)
        assert sheets.has_sheet(db, meeting, who["maude"])
        assert not sheets.has_sheet(db, meeting, who["karim"])


@pytest.mark.parametrize(
    ("header", "refusal"),
    [
        (None, (428, "precondition_required")),
        ('"0"', (412, "stale")),
        ('"7"', (412, "stale")),
        ("*", (412, "stale")),
        ('"99999999999999999999"', (412, "stale")),
        ("é".encode(), (412, "stale")),
    ],
)
def test_change_made_from_another_version_writes_nothing(
    client: TestClient, database: Database, world: World, header: Any, refusal: tuple[int, str]
) -> None:
    meeting = plan_session(database, world, create_group(database, world).id, at=COMING)
    write_sheet(database, world, meeting, "maude")
    as_(client, database, world, "maude")
    headers = {} if header is None else {"If-Match": header}
    answer = client.put(own(meeting), json={**BODY, "title": "Autre"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == refusal
    assert client.get(own(meeting)).json()["content"] == BODY
    changed = client.put(own(meeting), json={**BODY, "title": "Autre"}, headers={"If-Match": 'W/"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)


def form_of(html: str) -> dict[str, str]:
    """Return the version that a form was made from, with what someone typed in it."""
    version = html.partition('name="version" value="')[2].partition('"')[0]
    return {**{name: value or "" for name, value in BODY.items()}, "version": version}


def test_form_of_a_second_tab_comes_back_with_its_text_beside_what_is_saved(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    path = f"/codev/seances/{meeting}/fiche"
    as_(client, database, world, "maude")
    assert f'href="{path}"' in page(client.get(f"/codev/seances/{meeting}"))
    html = page(client.get(path))
    assert "drafted" not in html.partition("<main")[2], "no draft in the browser"
    assert "data-draft" not in html
    first, second = form_of(html), {**form_of(html), "tried": "Un texte écrit dans l’autre onglet."}
    assert client.post(path, data=first).headers["location"] == f"/codev/seances/{meeting}#fiches"
    lost = page(client.post(path, data=second), 412)
    assert "Un texte écrit dans l’autre onglet." in lost
    assert "Deux relances par courriel." in lost, "what is saved stands beside"
    assert 'name="version" value="1"' in lost
    assert client.post(path, data={**second, "version": "1"}).status_code == 303
    assert client.get(own(meeting)).json()["content"]["tried"] == "Un texte écrit dans l’autre onglet."


def test_form_with_a_mistake_comes_back_with_all_that_was_typed(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    path = f"/codev/seances/{meeting}/fiche"
    as_(client, database, world, "karim")
    html = page(client.post(path, data={**form_of(page(client.get(path))), "question": " "}), 422)
    for typed in (SHEET.title, SHEET.situation, SHEET.tried):
        assert typed in html
    assert client.get(own(meeting)).json()["version"] == 0


def test_sheet_of_a_session_that_has_begun_or_is_cancelled_is_refused(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    write_sheet(database, world, meeting, "maude")
    with at(COMING):
        as_(client, database, world, "maude")
        begun = client.put(own(meeting), json=BODY, headers={"If-Match": '"1"'})
        assert (begun.status_code, begun.json()["code"]) == (409, "sheet_session_begun")
        html = page(client.get(f"/codev/seances/{meeting}/fiche"))
        assert CANARY in html, "it is still read"
        assert "<textarea" not in html
    as_(client, database, world, "coordinator")
    assert client.post(f"/api/v1/codev/sessions/{meeting}/cancellation").status_code == 200
    as_(client, database, world, "karim")
    answer = client.put(own(meeting), json=BODY, headers={"If-Match": '"0"'})
    assert (answer.status_code, answer.json()["code"]) == (409, "sheet_session_cancelled")


def test_form_begins_from_the_sheet_of_the_session_before(client: TestClient, database: Database, world: World) -> None:
    group = create_group(database, world).id
    write_sheet(database, world, plan_session(database, world, group, at=COMING), "maude")
    second = plan_session(database, world, group, code="GEN-7.B", at=COMING + timedelta(days=7))
    as_(client, database, world, "maude")
    html = page(client.get(f"/codev/seances/{second}/fiche"))
    assert "reprend votre fiche" in html
    assert CANARY in html
    assert 'name="version" value="0"' in html
    as_(client, database, world, "karim")
    assert CANARY not in page(client.get(f"/codev/seances/{second}/fiche"))


def test_member_who_left_reads_and_writes_no_more(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    sheet = write_sheet(database, world, meeting, "maude")
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = groups.see_group(db, actor, 1)
        groups.remove_member(db, ref, LeaveCommand(membership_id=membership_ids(groups.group(db, ref))["karim"]))
    as_(client, database, world, "karim")
    for path in (f"/api/v1/codev/sheets/{sheet}", own(meeting)):
        assert client.get(path).status_code == 404


def test_sheet_read_by_another_is_logged_for_its_author(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    sheet = write_sheet(database, world, meeting, "maude")
    for who in ("maude", "facilitator"):
        as_(client, database, world, who)
        for path in (f"/api/v1/codev/sheets/{sheet}", f"/codev/fiches/{sheet}"):
            assert client.get(path).status_code == 200
    with database.engine.connect() as owner:
        logged = owner.execute(text("select viewer_id, subject_id, what, role from view_log")).all()
    people = (world.people["facilitator"], world.people["maude"])
    assert [tuple(row) for row in logged] == [(*people, "confidence", "facilitator")] * 2


# What the database holds -------------------------------------------------------------------------


def test_database_holds_no_word_of_a_sheet_and_its_record_no_ciphertext(
    database: Database, world: World, meeting: int
) -> None:
    write_sheet(database, world, meeting, "maude")
    write_sheet(database, world, meeting, "maude", version=1)
    with database.engine.connect() as owner:
        sealed = owner.execute(text("select content_sealed from codev_confidence")).scalar_one()
        wrapped = owner.execute(text("select key_sealed from codev_group_key")).scalar_one()
    held = list(rows(database))
    words = (SHEET.title, SHEET.situation, SHEET.tried, SHEET.question, SHEET.stakes or "")
    assert [row for row in held if any(word in row for word in words)] == []
    assert sum(sealed in row for row in held) == 1
    assert sum(wrapped in row for row in held) == 1


def test_row_moved_to_another_group_or_row_does_not_decrypt(database: Database, world: World, meeting: int) -> None:
    """The owner of the database gives the text of a group to another, and of one member to another."""
    one, other = (write_sheet(database, world, meeting, who) for who in ("maude", "karim"))

    def read(sheet: int) -> str:
        with database.transaction() as db:
            ref = sheets.see_sheet(db, acting(db, world, "elise", P.CONFIDENCE_READ), sheet)
            shown = sheets.sheet(db, RING, ref)
            return shown.content.question if shown.content else ""

    assert CANARY in read(one)
    swap = "update codev_confidence c set content_sealed = o.content_sealed from codev_confidence o where c.id <> o.id"
    with database.engine.begin() as owner:
        owner.execute(text(swap))
    for sheet in (one, other):
        with pytest.raises(Unavailable, match="seal_broken"):
            read(sheet)
    with database.engine.begin() as owner:
        owner.execute(text(swap))
    assert CANARY in read(one)
    with database.engine.begin() as owner:
        owner.execute(text("create temporary table other as select * from codev_group"))
        owner.execute(text("update other set id = id + 1000, name = 'Autre'"))
        owner.execute(text("insert into codev_group select * from other"))
        owner.execute(
            text(
                "insert into codev_group_key (college_id, group_id, key_sealed, created_at) select k.college_id, g.id,"
                " k.key_sealed, k.created_at from codev_group_key k, codev_group g where g.name = 'Autre'"
            )
        )
        owner.execute(text("update codev_confidence set group_id = (select max(id) from codev_group)"))
        owner.execute(text("update codev_session set group_id = (select max(id) from codev_group)"))
        owner.execute(
            text("update role_held set group_id = (select max(id) from codev_group) where group_id is not null")
        )
    with pytest.raises(Unavailable, match="seal_broken"):
        read(one)


def test_sheet_stays_readable_when_the_keyring_is_rotated_and_its_old_key_dropped(
    database: Database, world: World, meeting: int
) -> None:
    sheet = write_sheet(database, world, meeting, "maude")
    rotated = RING.rotated()

    def read(keyring: Keyring) -> bool:
        with database.transaction() as db:
            ref = sheets.see_sheet(db, acting(db, world, "karim", P.CONFIDENCE_READ), sheet)
            shown = sheets.sheet(db, keyring, ref)
            return shown.content is not None and CANARY in shown.content.question

    assert read(rotated), "the old key still opens what it wrapped"
    with database.as_owner() as db:
        assert reencrypt_group_keys(db, rotated) == 1
    with database.as_owner() as db:
        assert reencrypt_group_keys(db, rotated) == 0
    alone = Keyring(rotated.current, {rotated.current: rotated.keys[rotated.current]})
    assert read(alone)
    with pytest.raises(Unavailable, match="key_missing"):
        read(RING)


@pytest.mark.parametrize(
    ("who", "texts"),
    [
        ("maude", 1),
        ("karim", 1),
        ("facilitator", 1),
        ("coordinator", 0),
        ("trainer", 0),
        ("admin", 0),
        ("registrar", 0),
    ],
)
def test_row_level_security_hides_texts_and_keys_from_who_is_not_in_the_group(
    database: Database, world: World, who: str, texts: int
) -> None:
    send_sheet(database, world, "maude")
    with database.transaction() as db:
        acting(db, world, who, P.CODEV_READ)
        for table in ("codev_confidence", "codev_group_key"):
            assert db.execute(text(f"select count(*) from {table}")).scalar_one() == texts  # noqa: S608 - ours
