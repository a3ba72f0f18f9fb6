"""Invitations: who may send them, what their link opens, once and for whom."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from app.identity.roles.service import grant_role
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from tests.factories.network import PASSWORD, World, as_
from tests.factories.outbox import link_in, messages

NEW = {
    "legal_first_name": "Zoé",
    "legal_last_name": "Lœwen",
    "chosen_name": "",
    "password": "trois hiboux myopes",
}
ZOE = "zoe@alma.example.com"


@pytest.fixture
def registrar(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client, signed in as Alma's registrar."""
    return as_(client, database, world, "registrar")


@pytest.fixture
def stranger(client: TestClient) -> Iterator[TestClient]:
    """Yield another browser of the same application, not signed in."""
    with TestClient(client.app, follow_redirects=False) as browser:
        yield browser


def invite(client: TestClient, college: int, email: str = ZOE, **more: object) -> Response:
    """Return the response to an invitation."""
    return client.post(f"/api/v1/colleges/{college}/invitations", json={"email": email, **more})


def invite_and_read_link(client: TestClient, database: Database, college: int, email: str = ZOE, **more: object) -> str:
    """Send an invitation and return the path of its link."""
    answer = invite(client, college, email, **more)
    assert answer.status_code == 201, answer.text
    return link_in(messages(database)[-1][2])


def roles_of(database: Database, email: str) -> set[tuple[str, int | None, int | None]]:
    """Return ``(role, college, cohort)`` of the roles that the account of an address holds."""
    roles = text(
        "select r.role, r.college_id, r.cohort_id from role_held r join account a on a.person_id = r.person_id"
        " where a.email = :email and r.ended_at is null"
    )
    with database.engine.connect() as owner:
        return {(r.role, r.college_id, r.cohort_id) for r in owner.execute(roles, {"email": email})}


def accounts(database: Database, email: str) -> int:
    """Return how many accounts have the address."""
    with database.engine.connect() as owner:
        number = owner.execute(text("select count(*) from account where email = :email"), {"email": email})
        return int(number.scalar_one())


# Sending -----------------------------------------------------------------------------------------


def test_invitation_is_sent_with_a_link_stored_as_a_digest(
    registrar: TestClient, database: Database, world: World
) -> None:
    answer = invite(registrar, world.alma, " ZOE@alma.example.com ", role="trainer", cohort_id=world.cohort)
    assert answer.status_code == 201
    shown = answer.json()
    assert {name: shown[name] for name in ("email", "role", "cohort", "state", "invited_by")} == {
        "email": ZOE,
        "role": "trainer",
        "cohort": "GEN-ALM-1",
        "state": "open",
        "invited_by": "Régine Registraire",
    }
    [(recipient, subject, body)] = messages(database)
    token = link_in(body).removeprefix("/invitation/")
    assert (recipient, subject) == (ZOE, "Invitation de Collège d’Alma")
    assert len(token) == 43  # 256 bits
    assert token not in answer.text
    with database.engine.connect() as owner:
        stored = owner.execute(text("select invitation::text || audit_values::text from invitation, audit_values"))
        assert token not in "".join(stored.scalars())


def test_invitation_response_is_the_same_for_an_address_with_an_account(registrar: TestClient, world: World) -> None:
    shown = [invite(registrar, world.alma, email).json() for email in (ZOE, world.emails["other_trainer"])]
    for one in shown:
        del one["id"], one["email"], one["created_at"], one["expires_at"], one["delivery"]["since"]
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("who", "role", "status"),
    [
        ("registrar", "coordinator", 201),
        ("registrar", "trainer", 201),
        ("registrar", "facilitator", 201),
        ("registrar", None, 201),
        ("registrar", "registrar", 403),
        ("registrar", "admin", 403),
        ("registrar", "observer", 403),
        ("registrar", "participant", 403),
        ("admin", "registrar", 201),
        ("admin", "admin", 403),
        ("coordinator", "trainer", 403),
        ("maude", "trainer", 403),
        ("other_registrar", "trainer", 404),
    ],
)
def test_invitation_role_above_ones_own_is_forbidden(
    client: TestClient, database: Database, world: World, *, who: str, role: str | None, status: int
) -> None:
    as_(client, database, world, who)
    assert invite(client, world.alma, role=role).status_code == status
    assert len(messages(database)) == (status == 201)


def test_invitation_by_a_coordinator_of_that_college_is_not_found(
    client: TestClient, database: Database, world: World
) -> None:
    """Being a registrar elsewhere gives no right in this college."""
    with database.transaction(colleges=[world.rouyn]) as db:
        grant_role(db, world.people["registrar"], Role.COORDINATOR, college_id=world.rouyn)
    as_(client, database, world, "registrar")
    assert invite(client, world.rouyn, role="trainer").status_code == 404


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({"role": "trainer", "cohort_id": "other_cohort"}, ["unknown_cohort"]),
        ({"role": "trainer", "cohort_id": 999_999}, ["unknown_cohort"]),
        ({"role": "coordinator", "cohort_id": "cohort"}, ["cohort_for_trainers"]),
        ({"cohort_id": "cohort"}, ["cohort_for_trainers"]),
        ({"role": "trainer", "college_id": 1}, ["extra_forbidden"]),
        ({"email": "a@b.example\nBcc: c@d.example"}, ["email_invalid"]),
        ({"email": "pas une adresse"}, ["email_invalid"]),
    ],
)
def test_invitation_invalid_is_refused_with_a_reason(
    registrar: TestClient, database: Database, world: World, body: dict[str, object], codes: list[str]
) -> None:
    places = {"cohort": world.cohort, "other_cohort": world.other_cohort}
    sent = {k: places.get(str(v), v) for k, v in ({"email": ZOE} | body).items()}
    answer = registrar.post(f"/api/v1/colleges/{world.alma}/invitations", json=sent)
    assert (answer.status_code, [e["code"] for e in answer.json()["errors"]]) == (422, codes)
    assert messages(database) == []


def test_invitation_sent_twice_is_refused(registrar: TestClient, database: Database, world: World) -> None:
    assert invite(registrar, world.alma, role="trainer").status_code == 201
    assert invite(registrar, world.alma, role="trainer").json()["code"] == "already_invited"
    assert invite(registrar, world.alma, role="facilitator").status_code == 201
    assert len(messages(database)) == 2


def test_invitation_after_one_that_expired_withdraws_it(
    registrar: TestClient, database: Database, world: World
) -> None:
    """One link of a kind is answered: the expired one can no longer be sent again beside the new one."""
    with at(now() - timedelta(days=8)):
        expired = invite(registrar, world.alma, role="trainer").json()["id"]
    assert invite(registrar, world.alma, role="trainer").status_code == 201
    again = registrar.post(f"/api/v1/colleges/{world.alma}/invitations/{expired}/letters")
    assert (again.status_code, again.json()["code"]) == (409, "invitation_withdrawn")
    states = [i["state"] for i in registrar.get(f"/api/v1/colleges/{world.alma}/invitations").json()["items"]]
    assert states == ["open", "withdrawn"]


def test_invitation_of_another_college_is_not_found(registrar: TestClient, database: Database, world: World) -> None:
    number = invite(registrar, world.alma).json()["id"]
    as_(registrar, database, world, "other_registrar")
    for verb, tail in (("DELETE", ""), ("POST", "/letters")):
        for college, other in ((world.rouyn, number), (world.alma, number), (world.rouyn, 999_999)):
            answer = registrar.request(verb, f"/api/v1/colleges/{college}/invitations/{other}{tail}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert registrar.get(f"/api/v1/colleges/{world.alma}/invitations").status_code == 404
    assert registrar.get(f"/api/v1/colleges/{world.rouyn}/invitations").json() == {"items": [], "next": None}


# Opening an account ------------------------------------------------------------------------------


def test_invitation_page_opened_many_times_stays_valid(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    path = invite_and_read_link(registrar, database, world.alma, role="trainer")
    pages = [stranger.get(path) for _ in range(5)]
    assert {p.status_code for p in pages} == {200}
    assert all(p.headers["referrer-policy"] == "no-referrer" for p in pages)
    assert "Collège d’Alma" in pages[-1].text
    assert stranger.post(path, data=NEW).status_code == 303


def test_invitation_opens_an_account_with_its_role_once(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    path = invite_and_read_link(registrar, database, world.alma, role="trainer", cohort_id=world.cohort)
    answer = stranger.post(path, data=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Zoé Lœwen" in stranger.get("/").text
    assert roles_of(database, ZOE) == {("trainer", world.alma, None), ("trainer", world.alma, world.cohort)}
    for again in (stranger.get(path), TestClient(stranger.app).post(path, data=NEW)):
        assert again.status_code == 410
        assert "n’est plus valable" in again.text
    assert accounts(database, ZOE) == 1
    signed = stranger.post("/api/v1/sign-ins", json={"email": ZOE, "password": NEW["password"]})
    assert signed.status_code == 201
    [row] = registrar.get(f"/api/v1/colleges/{world.alma}/invitations").json()["items"]
    assert row["state"] == "used"


def test_invitation_without_a_role_lets_the_person_apply(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    stranger.post(invite_and_read_link(registrar, database, world.alma), data=NEW)
    assert roles_of(database, ZOE) == set()
    assert stranger.get("/cohortes-ouvertes").status_code == 200


def test_invitation_answered_concurrently_opens_one_account(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    path = invite_and_read_link(registrar, database, world.alma, role="trainer")
    names = ("Zoé", "Chloé", "Noé", "Cléo")
    with ThreadPoolExecutor(4) as threads:
        sent = threads.map(lambda name: stranger.post(path, data=NEW | {"legal_first_name": name}), names)
        statuses = sorted(answer.status_code for answer in sent)
    assert statuses == [303, 410, 410, 410]
    assert accounts(database, ZOE) == 1
    with database.engine.connect() as owner:
        people = text("select count(*) from person where legal_last_name = 'Lœwen'")
        assert owner.execute(people).scalar_one() == 1


@pytest.mark.parametrize("field", ["role", "college_id", "cohort_id", "email", "person_id"])
def test_invitation_answer_cannot_set_role_place_or_address(
    registrar: TestClient, stranger: TestClient, database: Database, world: World, field: str
) -> None:
    path = invite_and_read_link(registrar, database, world.alma, role="trainer")
    assert stranger.post(path, data=NEW | {field: "1"}).status_code == 422
    assert accounts(database, ZOE) == 0
    assert stranger.post(path, data=NEW).status_code == 303


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("trop court", "au moins 15 caractères"),
        ("motdepassemotdepasse", "Trop de gens"),
        ("zoe loewen 2026", "se devinent"),
        ("Collège d’Alma 2026", "se devinent"),
    ],
)
def test_invitation_with_a_weak_password_explains_it_in_the_form(
    registrar: TestClient, stranger: TestClient, database: Database, world: World, *, password: str, words: str
) -> None:
    path = invite_and_read_link(registrar, database, world.alma, role="trainer")
    page = stranger.post(path, data=NEW | {"password": password, "chosen_name": "Loewen"})
    assert (page.status_code, page.headers["referrer-policy"]) == (422, "no-referrer")
    assert words in page.text
    assert 'value="Zoé"' in page.text
    assert password not in page.text
    assert accounts(database, ZOE) == 0
    assert stranger.post(path, data=NEW).status_code == 303


def test_invitation_expires_after_seven_days(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    path = invite_and_read_link(registrar, database, world.alma)
    week = now() + timedelta(days=7)
    with at(week - timedelta(minutes=1)):
        assert stranger.get(path).status_code == 200
    with at(week):
        assert stranger.get(path).status_code == 410
        assert stranger.post(path, data=NEW).status_code == 410
    assert accounts(database, ZOE) == 0


def test_invitation_withdrawn_is_refused(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    path = invite_and_read_link(registrar, database, world.alma, role="trainer")
    rows = f"/api/v1/colleges/{world.alma}/invitations"
    [row] = registrar.get(rows).json()["items"]
    assert [registrar.delete(f"{rows}/{row['id']}").status_code for _ in range(2)] == [204, 204]
    assert stranger.get(path).status_code == 410
    assert stranger.post(path, data=NEW).status_code == 410
    assert registrar.post(f"{rows}/{row['id']}/letters").json()["code"] == "invitation_withdrawn"
    assert registrar.get(rows).json()["items"][0]["state"] == "withdrawn"


def test_invitation_sent_again_is_valid_by_its_last_link_only(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    first = invite_and_read_link(registrar, database, world.alma, role="trainer")
    rows = f"/api/v1/colleges/{world.alma}/invitations"
    [row] = registrar.get(rows).json()["items"]
    assert registrar.post(f"{rows}/{row['id']}/letters").status_code == 200
    second = link_in(messages(database)[-1][2])
    assert first != second
    assert stranger.get(first).status_code == 404
    assert stranger.post(second, data=NEW).status_code == 303
    for refused in (registrar.post(f"{rows}/{row['id']}/letters"), registrar.delete(f"{rows}/{row['id']}")):
        assert (refused.status_code, refused.json()["code"]) == (409, "invitation_used")


def test_invitation_of_someone_who_lost_the_right_is_refused(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    path = invite_and_read_link(registrar, database, world.alma, role="coordinator")
    with database.engine.begin() as owner:
        revoke = text("update role_held set ended_at = now() where person_id = :p and role = 'registrar'")
        owner.execute(revoke, {"p": world.people["registrar"]})
    assert stranger.post(path, data=NEW).status_code == 410
    assert accounts(database, ZOE) == 0


# An address that has an account ------------------------------------------------------------------


def test_invitation_to_an_account_is_accepted_by_its_person_only(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    tania = world.emails["other_trainer"]
    path = invite_and_read_link(registrar, database, world.alma, tania, role="facilitator")
    page = stranger.get(path)
    assert f'href="/connexion?suite={path}"' in page.text
    assert "legal_first_name" not in page.text
    assert stranger.post(path, data=NEW).status_code == 409
    assert stranger.post(path + "/acceptation").status_code == 401

    as_(stranger, database, world, "maude")
    assert tania in stranger.get(path).text
    assert stranger.post(path, data=NEW).status_code == 409
    assert stranger.post(path + "/acceptation").status_code == 409
    assert ("facilitator", world.alma, None) not in roles_of(database, world.emails["maude"])

    as_(stranger, database, world, "other_trainer")
    assert "Accepter l’invitation" in stranger.get(path).text
    before = roles_of(database, tania)
    assert stranger.post(path + "/acceptation").status_code == 303
    assert roles_of(database, tania) == before | {("facilitator", world.alma, None)}
    assert stranger.post(path + "/acceptation").status_code == 410
    assert accounts(database, tania) == 1


def test_invitation_is_audited_with_who_invited_and_who_accepted(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    stranger.post(invite_and_read_link(registrar, database, world.alma, role="trainer"), data=NEW)
    entries = text(
        "select action, subject, actor_id, permission from audit_entry"
        " where subject in ('invitation', 'role_held') order by id"
    )
    with database.engine.connect() as owner:
        person = owner.execute(text("select person_id from account where email = :e"), {"e": ZOE}).scalar_one()
        rows = [tuple(row) for row in owner.execute(entries)][-3:]
    assert rows == [
        ("create", "invitation", world.people["registrar"], "people:manage"),
        ("create", "role_held", person, ""),
        ("change", "invitation", person, ""),
    ]


# Pages -------------------------------------------------------------------------------------------


def test_invitations_page_of_a_registrar(registrar: TestClient, database: Database, world: World) -> None:
    page = f"/colleges/{world.alma}/invitations"
    assert registrar.get("/invitations").headers["location"] == page
    assert 'href="/invitations"' in registrar.get("/").text
    assert "Personne n’a encore été invité" in registrar.get(page).text
    sent = {"email": ZOE, "role": "trainer", "cohort_id": str(world.cohort)}
    assert registrar.post(page, data=sent).headers["location"] == page
    assert registrar.post(page, data={"email": "noe@alma.example.com", "role": "", "cohort_id": ""}).status_code == 303
    shown = registrar.get(page).text
    assert ZOE in shown
    assert "En attente" in shown
    assert "GEN-ROU-1" not in shown
    number = registrar.get(f"/api/v1/colleges/{world.alma}/invitations").json()["items"][0]["id"]
    assert registrar.post(f"{page}/{number}/renvoi").status_code == 303
    assert registrar.post(f"{page}/{number}/retrait").status_code == 303
    assert "Retirée" in registrar.get(page).text
    assert len(messages(database)) == 3
    assert registrar.get(f"/colleges/{world.rouyn}/invitations").status_code == 404


def test_invitations_page_of_an_administrator_lists_the_colleges(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "admin")
    page = client.get("/invitations")
    assert f'href="/colleges/{world.rouyn}/invitations"' in page.text
    assert PASSWORD not in page.text
    shown = client.get(f"/colleges/{world.rouyn}/invitations").text
    assert "GEN-ROU-1" in shown
    assert "GEN-ALM-1" not in shown
