"""Change of the address of an account: its owner alone, by the password and the mailbox."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.factories.mail_server import listening
from tests.factories.network import PASSWORD, World, as_
from tests.factories.outbox import deliver, link_in, messages

PATH, SECURITY = "/securite/adresse", "/securite"
NEW = "maude.nouvelle@alma.example.com"


@pytest.fixture
def maude(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client, signed in as Maude."""
    return as_(client, database, world, "maude")


@pytest.fixture
def elsewhere(client: TestClient) -> Iterator[TestClient]:
    """Yield another browser of the same application, not signed in."""
    with TestClient(client.app, follow_redirects=False) as browser:
        yield browser


def ask(client: TestClient, email: str = NEW, present: str = PASSWORD) -> Response:
    """Return the response to a request."""
    return client.post(PATH, data={"email": email, "present": present})


def link(database: Database) -> str:
    """Return the path of the link of the last message."""
    return link_in(messages(database)[-1][2])


def sign_in(client: TestClient, email: str) -> int:
    """Return the status of a sign-in with the password."""
    return client.post("/connexion", data={"email": email, "password": PASSWORD}).status_code


def test_address_changes_once_its_link_is_used(
    maude: TestClient, elsewhere: TestClient, database: Database, world: World
) -> None:
    former = world.emails["maude"]
    assert ask(maude, f" {NEW.upper()} ").headers["location"] == "/securite#adresse"
    [(recipient, subject, _)] = messages(database)
    assert (recipient, subject) == (NEW, "Confirmer votre nouvelle adresse")
    assert f"Il reste à confirmer {NEW}" in maude.get(SECURITY).text
    assert sign_in(elsewhere, former) == 303
    address = link(database)
    for _ in range(3):  # mail programs open links too
        page = maude.get(address)
        assert NEW in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
    assert maude.post(address).headers["location"] == "/securite#adresse"
    assert elsewhere.get(SECURITY).status_code == 303  # the other sign-in has ended
    assert maude.get(SECURITY).status_code == 200
    assert [sign_in(elsewhere, email) for email in (former, NEW)] == [401, 303]
    assert [(to, subject) for to, subject, _ in messages(database)[1:]] == [
        (former, "L’adresse de votre compte a changé"),
        (NEW, "L’adresse de votre compte a changé"),
    ]
    assert maude.post(address).status_code == 410


def test_address_changes_through_the_api_once_its_link_is_confirmed(
    maude: TestClient, elsewhere: TestClient, database: Database, world: World
) -> None:
    api, former = "/api/v1/me/address", world.emails["maude"]
    asked = maude.post(api, json={"email": NEW, "present": PASSWORD})
    assert asked.status_code == 201
    assert (asked.json()["email"], asked.json()["pending"]["email"]) == (former, NEW)
    assert maude.get(api).json() == asked.json()
    wrong = maude.post(api, json={"email": NEW, "present": "une autre"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_password")
    token = link(database).rpartition("/")[2]
    assert maude.post(f"{api}/{token}").status_code == 204
    assert maude.get(api).json() == {"email": NEW, "delivery": None, "pending": None}
    assert [sign_in(elsewhere, email) for email in (former, NEW)] == [401, 303]
    assert maude.post(f"{api}/{token}").json()["code"] == "link_over"
    assert maude.post(f"{api}/nope").status_code == 404


def test_link_of_another_account_opens_nothing(
    maude: TestClient, elsewhere: TestClient, database: Database, world: World
) -> None:
    """Whoever reads the new mailbox, or asked for the change in someone's place, is signed in as nobody by it."""
    ask(maude)
    address = link(database)
    assert elsewhere.get(address).headers["location"].startswith("/connexion")
    assert elsewhere.post(address).status_code == 401
    karim = as_(elsewhere, database, world, "karim")
    assert [karim.get(address).status_code, karim.post(address).status_code] == [404, 404]
    with database.engine.connect() as owner:
        assert owner.execute(text("select count(*) from account where email = :new"), {"new": NEW}).scalar_one() == 0


def test_change_without_the_password_is_refused(maude: TestClient, database: Database) -> None:
    refused = ask(maude, present="pas le bon")
    assert refused.status_code == 422
    assert NEW in refused.text
    assert messages(database) == []


@pytest.mark.parametrize("email", ["", "pas une adresse", "maude@localhost"])
def test_change_to_a_text_that_is_no_address_is_refused(maude: TestClient, database: Database, email: str) -> None:
    assert ask(maude, email).status_code == 422
    assert messages(database) == []


def test_change_to_ones_own_address_is_refused(maude: TestClient, world: World) -> None:
    refused = ask(maude, world.emails["maude"])
    assert refused.status_code == 422
    assert "C’est déjà l’adresse de votre compte." in refused.text


def test_address_of_another_account_is_told_to_its_mailbox_alone(
    maude: TestClient, database: Database, world: World
) -> None:
    taken = world.emails["karim"]
    assert [ask(maude, email).headers["location"] for email in (taken, NEW)] == ["/securite#adresse"] * 2
    assert [to for to, _, _ in messages(database)] == [taken, NEW]
    with database.engine.begin() as owner:
        owner.execute(text("update address_change set ended_at = null"))
    refused = maude.post(link_in(messages(database)[0][2]))
    assert refused.status_code == 409
    with database.engine.connect() as owner:
        held = owner.execute(text("select email from account where person_id = :id"), {"id": world.people["maude"]})
        assert held.scalar_one() == world.emails["maude"]


def test_earlier_link_is_replaced_and_a_late_one_over(maude: TestClient, database: Database, world: World) -> None:
    ask(maude)
    first = link(database)
    ask(maude, "autre@alma.example.com")
    assert maude.get(first).status_code == 410
    second = link(database)
    assert maude.get(second).status_code == 200
    with at(now() + timedelta(hours=24)):
        late = as_(maude, database, world, "maude")
        assert late.post(second).status_code == 410


def test_sixth_letter_of_a_day_is_refused(maude: TestClient, database: Database) -> None:
    assert [ask(maude, f"n{n}@alma.example.com").status_code for n in range(6)] == [303] * 5 + [429]
    assert len(messages(database)) == 5


def test_links_that_the_former_address_received_end(
    maude: TestClient, elsewhere: TestClient, database: Database, world: World
) -> None:
    """Who keeps the former mailbox resets no password any more."""
    elsewhere.post("/mot-de-passe-oublie", data={"email": world.emails["maude"]})
    reset = link(database)
    ask(maude)
    assert maude.post(link(database)).status_code == 303
    assert elsewhere.get(reset).status_code == 410


def test_owner_and_administrator_read_that_letters_are_refused_until_the_address_changes(
    maude: TestClient, elsewhere: TestClient, database: Database, world: World, settings: Settings
) -> None:
    admin = as_(elsewhere, database, world, "admin")
    with listening() as mail_server:
        smtp = settings.model_copy(update={"smtp_url": mail_server.url})
        mail_server.answers["RCPT"] = b"550 5.2.1 closed"
        maude.post("/securite/mot-de-passe", data={"present": PASSWORD, "password": "trois hiboux myopes sur un fil"})
        deliver(database, smtp)
        assert "Cette boîte de courriel est fermée." in maude.get(SECURITY).text
        assert "Cette boîte de courriel est fermée." in admin.get("/comptes?recherche=maude").text
        listed = admin.get("/api/v1/accounts?search=maude").json()["items"]
        assert [(one["delivery"]["state"], one["delivery"]["status"]) for one in listed] == [("refused", "550 5.2.1")]
        mail_server.answers.clear()
        ask(maude, present="trois hiboux myopes sur un fil")
        deliver(database, smtp)
        assert "Cette boîte de courriel est fermée." in maude.get(SECURITY).text  # nothing is proved yet
        maude.post(link_in(mail_server.messages[-1].get_content()))
        assert "fermée" not in maude.get(SECURITY).text
        assert "fermée" not in admin.get("/comptes?recherche=maude").text
        deliver(database, smtp)
        assert admin.get("/api/v1/accounts?search=maude").json()["items"][0]["delivery"]["state"] == "sent"
