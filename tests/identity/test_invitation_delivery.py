"""Where the letter of an invitation stands, and the correction of an address that was refused."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from app.identity.imports.service import known_of
from app.identity.invitations.rules import Place
from app.identity.invitations.schemas import Invitee
from app.identity.invitations.service import invite_to
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from tests.factories.mail_server import MailServer, listening
from tests.factories.network import World, as_
from tests.factories.outbox import deliver, link_in, messages

WRONG, RIGHT = "zoe@alma.exemple.com", "zoe@alma.example.com"
UNKNOWN = b"550 5.1.1 <zoe@alma.exemple.com> unknown"


@pytest.fixture
def registrar(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client, signed in as Alma's registrar."""
    return as_(client, database, world, "registrar")


@pytest.fixture
def stranger(client: TestClient) -> Iterator[TestClient]:
    """Yield another browser of the same application, not signed in."""
    with TestClient(client.app, follow_redirects=False) as browser:
        yield browser


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """Yield a mail server on this machine."""
    with listening() as server:
        yield server


@pytest.fixture
def smtp(settings: Settings, mail_server: MailServer) -> Settings:
    """Return settings with the URL of the mail server."""
    return settings.model_copy(update={"smtp_url": mail_server.url})


def invite(client: TestClient, college: int, **more: object) -> str:
    """Invite Zoé at the wrong address; return the path of the invitation in the API."""
    path = f"/api/v1/colleges/{college}/invitations"
    answer = client.post(path, json={"email": WRONG, "role": "trainer", **more})
    assert answer.status_code == 201, answer.text
    return f"{path}/{answer.json()['id']}"


def correct(client: TestClient, invitation: str, email: str = RIGHT) -> Response:
    """Return the response to a correction."""
    return client.put(f"{invitation}/email", json={"email": email})


def delivery(client: TestClient, invitation: str) -> tuple[str, str | None, str]:
    """Return where the letter of an invitation stands."""
    shown = client.get(invitation).json()["delivery"]
    return shown["state"], shown["reason"], shown["status"]


def test_invitation_shows_where_its_letter_stands(
    registrar: TestClient, database: Database, world: World, smtp: Settings, mail_server: MailServer
) -> None:
    invitation = invite(registrar, world.alma)
    assert delivery(registrar, invitation) == ("waiting", None, "")
    mail_server.answers["RCPT"] = b"450 4.2.0 plus tard"
    deliver(database, smtp)
    shown = registrar.get(invitation).json()["delivery"]
    assert (shown["state"], shown["reason"], shown["status"]) == ("retrying", "server_busy", "450 4.2.0")
    assert shown["next_try"] > shown["since"]
    mail_server.answers["RCPT"] = UNKNOWN
    with at(now() + timedelta(minutes=2)):
        deliver(database, smtp)
    assert delivery(registrar, invitation) == ("refused", "mailbox_unknown", "550 5.1.1")
    listed = registrar.get(invitation.rpartition("/")[0]).json()["items"]
    assert [one["delivery"]["state"] for one in listed] == ["refused"]
    mail_server.answers.clear()
    registrar.post(f"{invitation}/letters")
    deliver(database, smtp)
    assert delivery(registrar, invitation) == ("sent", None, "")
    with database.engine.begin() as owner:
        owner.execute(text("delete from letter"))
    assert registrar.get(invitation).json()["delivery"] is None


def test_pages_say_why_a_letter_was_refused_and_correct_its_address(
    registrar: TestClient, database: Database, world: World, smtp: Settings, mail_server: MailServer
) -> None:
    path = "/" + invite(registrar, world.alma).partition("/api/v1/")[2]
    mail_server.answers["RCPT"] = UNKNOWN
    deliver(database, smtp)
    for page in (registrar.get(path.rpartition("/")[0]).text, registrar.get(path).text):
        assert "Refusée" in page
        assert "Cette adresse n’existe pas, selon son serveur de courriel." in page
        assert "550\N{NO-BREAK SPACE}5.1.1" in page
        assert "Corriger l’adresse" in page
    refused = registrar.post(f"{path}/adresse", data={"email": "pas une adresse"})
    assert refused.status_code == 422
    assert "Cette adresse de courriel n’est pas valable." in refused.text
    assert "pas une adresse" in refused.text
    done = registrar.post(f"{path}/adresse", data={"email": RIGHT})
    assert (done.status_code, done.headers["location"]) == (303, path)
    page = registrar.get(path).text
    assert RIGHT in page
    assert WRONG not in page
    assert "Va partir" in page


def test_corrected_invitation_goes_to_the_new_address_with_a_new_link(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    invitation = invite(registrar, world.alma)
    with at(now() + timedelta(days=8)):
        registrar = as_(registrar, database, world, "registrar")
        corrected = correct(registrar, invitation)
        assert corrected.status_code == 200
        assert (corrected.json()["email"], corrected.json()["state"]) == (RIGHT, "open")
        (_, _, former), (recipient, _, body) = messages(database)
        assert recipient == RIGHT
        assert stranger.get(link_in(former)).status_code == 404
        assert RIGHT in stranger.get(link_in(body)).text
        assert link_in(body).rpartition("/")[2] not in corrected.text + str(corrected.headers)


def test_link_of_the_former_address_opens_nothing(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    invitation = invite(registrar, world.alma)
    former = link_in(messages(database)[-1][2])
    correct(registrar, invitation)
    account = {"legal_last_name": "Intruse", "password": "trois hiboux myopes"}
    assert stranger.post(former, data=account).status_code == 404
    with database.engine.connect() as owner:
        assert owner.execute(text("select count(*) from account where email like 'zoe@%'")).scalar_one() == 0


def test_all_that_a_letter_offers_in_the_college_goes_along(
    registrar: TestClient, database: Database, world: World
) -> None:
    """An import offered three roles behind one link; the registrar corrects those that they may offer."""
    invitee = Invitee(email=WRONG, legal_first_name="Zoé", legal_last_name="Roy")
    places = [
        Place(Role.TRAINER, world.alma),
        Place(Role.FACILITATOR, world.alma),
        Place(Role.REGISTRAR, world.alma),
        Place(Role.TRAINER, world.rouyn),
    ]
    with database.as_owner() as db:
        invite_to(db, invitee, places, letter_from="http://testserver")
    path = f"/api/v1/colleges/{world.alma}/invitations"
    trainer = next(one for one in registrar.get(path).json()["items"] if one["role"] == "trainer")
    assert correct(registrar, f"{path}/{trainer['id']}").status_code == 200
    with database.as_owner() as db:
        rows = db.execute(text("select role, email, college_id from invitation order by id")).all()
        offered = text("select count(distinct token_hash) from invitation where email = :email")
        assert db.execute(offered, {"email": RIGHT}).scalar_one() == 1
        assert known_of(db, [RIGHT]).names[RIGHT].shown == "Zoé Roy"
    assert rows == [
        ("trainer", RIGHT, world.alma),
        ("facilitator", RIGHT, world.alma),
        ("registrar", WRONG, world.alma),
        ("trainer", WRONG, world.rouyn),
    ]
    recipient, _, body = messages(database)[-1]
    assert recipient == RIGHT
    assert body.count("\n- ") == 2


def test_answered_or_withdrawn_invitation_is_not_corrected(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    used, withdrawn = invite(registrar, world.alma), invite(registrar, world.alma, email="b@alma.example.com")
    account = {"legal_last_name": "Roy", "password": "trois hiboux myopes"}
    assert stranger.post(link_in(messages(database)[0][2]), data=account).status_code == 303
    registrar.delete(withdrawn)
    assert [correct(registrar, path).json()["code"] for path in (used, withdrawn)] == [
        "invitation_used", "invitation_withdrawn",
    ]  # fmt: skip


def test_correction_to_an_address_that_is_invited_or_unchanged_is_refused(
    registrar: TestClient, database: Database, world: World
) -> None:
    invitation = invite(registrar, world.alma)
    invite(registrar, world.alma, email=RIGHT)
    taken, same = correct(registrar, invitation), correct(registrar, invitation, WRONG.upper())
    assert (taken.status_code, taken.json()["code"]) == (409, "already_invited")
    assert (same.status_code, same.json()["errors"][0]["code"]) == (422, "address_unchanged")
    assert len(messages(database)) == 2


def test_correction_takes_the_place_of_an_invitation_that_has_expired(
    client: TestClient, database: Database, world: World
) -> None:
    registrar = as_(client, database, world, "registrar")
    expired = invite(registrar, world.alma, email=RIGHT)
    with at(now() + timedelta(days=8)):
        registrar = as_(client, database, world, "registrar")
        corrected = correct(registrar, invite(registrar, world.alma))
        assert (corrected.status_code, corrected.json()["state"]) == (200, "open")
        assert registrar.get(expired).json()["state"] == "withdrawn"


def test_nobody_corrects_to_their_own(registrar: TestClient, world: World) -> None:
    """Else whoever invites would take up the invitation that somebody else sent."""
    refused = correct(registrar, invite(registrar, world.alma), world.emails["registrar"])
    assert (refused.status_code, refused.json()["code"]) == (403, "grants_oneself")


def test_correction_of_a_role_above_ones_own_is_refused(client: TestClient, database: Database, world: World) -> None:
    invitation = invite(as_(client, database, world, "admin"), world.alma, role="registrar")
    refused = correct(as_(client, database, world, "registrar"), invitation)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_above_yours")
