"""The letters as the administrator reads them: where each stands, what to do, nothing of what it says."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.operations.letters import service
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.messages.outbox import enqueue
from app.platform.messages.rules import LetterState, mask
from app.platform.security.permissions import P
from tests.factories.cohorts import page
from tests.factories.engine import statuses
from tests.factories.network import World, acting, as_
from tests.factories.outbox import deliver, put_letter

API = "/api/v1/operations/letters"
PAGE = "/administration/lettres"


def test_letters_show_masked_addresses_and_never_what_they_say(
    client: TestClient, database: Database, world: World
) -> None:
    put_letter(database, "zoe@alma.example.com", "reset", link="http://testserver/secret-link", delay=60)
    as_(client, database, world, "admin")
    [letter] = client.get(API).json()["items"]
    assert (letter["recipient"], letter["kind"], letter["remedy"]) == ("z…@alma.example.com", "reset", "try_now")
    for answer in (client.get(API).text, page(client.get(PAGE)), client.get(f"{API}/{letter['id']}").text):
        assert "secret-link" not in answer
        assert "zoe@" not in answer


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("zoe@alma.example.com", [0]),
        ("ZOE@ALMA", [0]),
        ("alma.example.com", [0, 1]),
        ("@rouyn", [2]),
        ("z…@alma", [0]),
        ("zoe", []),
        ("%", []),
    ],
)
def test_letters_are_sought_by_what_the_list_shows(
    client: TestClient, database: Database, world: World, sought: str, found: list[int]
) -> None:
    ids = [
        put_letter(database, address, "password_changed")
        for address in ("zoe@alma.example.com", "paul@alma.example.com", "zoe@rouyn.example.com")
    ]
    as_(client, database, world, "admin")
    answer = client.get(API, params={"search": sought}).json()
    assert sorted(letter["id"] for letter in answer["items"]) == [ids[n] for n in found]
    shown = page(client.get(PAGE, params={"recherche": sought}))
    assert [f"numéro {id_}" in shown for id_ in ids] == [n in found for n in range(3)]


def test_letters_are_sought_by_their_number(client: TestClient, database: Database, world: World) -> None:
    put_letter(database, "a@alma.example.com", "password_changed")
    second = put_letter(database, "b@alma.example.com", "password_changed")
    as_(client, database, world, "admin")
    [letter] = client.get(API, params={"search": str(second)}).json()["items"]
    assert letter["id"] == second
    assert client.get(API, params={"search": "9" * 30}).json()["items"] == []


@pytest.mark.parametrize(
    ("name", "value"), [("after", 0), ("after", 2**31), ("after", 10**30), ("limit", 0), ("limit", 201)]
)
def test_page_of_letters_that_cannot_be_is_refused(
    client: TestClient, database: Database, world: World, name: str, value: int
) -> None:
    as_(client, database, world, "admin")
    answer = client.get(API, params={name: value})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, name)


def test_letters_are_filtered_and_paged(client: TestClient, database: Database, world: World) -> None:
    with at(now() - timedelta(hours=1)):
        late = put_letter(database, "a@alma.example.com", "reset", link="x", delay=60)
    stopped = put_letter(database, "b@alma.example.com", "password_changed", state=LetterState.REFUSED)
    as_(client, database, world, "admin")
    for query, expected in (
        ({"late": "true"}, [late]),
        ({"delivery": "refused"}, [stopped]),
        ({"letter_kind": "reset"}, [late]),
        ({"letter_kind": "reset", "delivery": "refused"}, []),
    ):
        assert [letter["id"] for letter in client.get(API, params=query).json()["items"]] == expected
    first = client.get(API, params={"limit": 1}).json()
    assert [letter["id"] for letter in first["items"]] == [stopped]
    second = client.get(API, params={"limit": 1, "after": first["next"]}).json()
    assert ([letter["id"] for letter in second["items"]], second["next"]) == ([late], None)


def test_letter_that_waits_is_tried_at_once(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    letter = put_letter(database, "zoe@alma.example.com", "password_changed", due=timedelta(hours=5))
    as_(client, database, world, "admin")
    assert deliver(database, settings) == 0
    answer = client.post(f"{API}/{letter}/tries")
    assert (answer.status_code, answer.json()["delivery"]["state"]) == (200, "retrying")
    assert statuses(database, "letter")[-1] == "todo"
    assert deliver(database, settings) == 1
    with database.engine.connect() as owner:
        entry = owner.execute(
            text("select actor_id, permission, action from audit_entry where subject = 'letter' and subject_id = :id"),
            {"id": letter},
        ).one()
    assert tuple(entry) == (world.people["admin"], "service:operate", "change")


@pytest.mark.parametrize("state", [LetterState.SENT, LetterState.REFUSED, LetterState.GIVEN_UP])
def test_letter_that_is_settled_is_not_tried_again(
    client: TestClient, database: Database, world: World, state: LetterState
) -> None:
    letter = put_letter(database, "zoe@alma.example.com", "password_changed", state=state)
    as_(client, database, world, "admin")
    answer = client.post(f"{API}/{letter}/tries")
    assert (answer.status_code, answer.json()["code"]) == (409, "letter_settled")
    html = page(client.post(f"{PAGE}/{letter}/essai"), status=409)
    assert "Cette lettre n’attend plus" in html


def test_letter_that_a_worker_sends_is_left_to_it(database: Database, world: World) -> None:
    letter = put_letter(database, "zoe@alma.example.com", "password_changed", due=timedelta(hours=5))
    with database.engine.connect() as owner:
        owner.execute(text("select from letter where id = :id for update"), {"id": letter})
        with database.transaction() as db:
            admin = acting(db, world, "admin", P.SERVICE_OPERATE)
            shown = service.try_now(db, service.see_letter(db, admin, letter))
    assert shown.delivery.next_try is not None
    assert shown.delivery.next_try > now() + timedelta(hours=4)


def test_refused_letter_of_an_invitation_leads_to_its_correction(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    as_(client, database, world, "admin")
    path = f"/api/v1/colleges/{world.alma}/invitations"
    invitation = client.post(path, json={"email": "zoe@alma.example.com"}).json()["id"]
    with database.engine.begin() as owner:
        owner.execute(text("update letter set state = 'refused', stopped_at = now(), reason = 'mailbox_unknown'"))
    [letter] = client.get(API).json()["items"]
    assert (letter["remedy"], letter["college_id"], letter["invitation_id"]) == ("invitation", world.alma, invitation)
    assert f'href="/colleges/{world.alma}/invitations/{invitation}"' in page(client.get(PAGE))
    assert client.put(f"{path}/{invitation}/email", json={"email": "zoe.roy@alma.example.com"}).status_code == 200
    new, old = client.get(API).json()["items"]
    assert (new["remedy"], old["remedy"], old["invitation_id"]) == ("try_now", "answered", None)


def test_masks_of_the_database_and_of_the_program_are_the_same(database: Database) -> None:
    addresses = ["zoe@alma.example.com", "é@exemple.test", "x@y"]
    with database.transaction() as db:
        for address in addresses:
            enqueue(db, address, "password_changed")
    with database.engine.connect() as owner:
        masked = list(owner.execute(text("select masked from letter order by id")).scalars())
    assert masked == [mask(address) for address in addresses]
