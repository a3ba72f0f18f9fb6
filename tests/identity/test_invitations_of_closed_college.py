"""Invitations that were sent before their college closed, and the pages that begin something in a closed college."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.database.transaction import Database
from tests.factories.network import World, as_
from tests.factories.statements import recorded_statements
from tests.identity.test_invitations import NEW, ZOE, accounts, invite, invite_and_read_link, roles_of

WHOM_TO_ASK = "Écrivez à la personne du collège qui vous l’a envoyée, ou à l’administration du réseau"


@pytest.fixture
def registrar(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client, signed in as Alma's registrar."""
    return as_(client, database, world, "registrar")


@pytest.fixture
def stranger(client: TestClient) -> Iterator[TestClient]:
    """Yield another browser of the same application, not signed in."""
    with TestClient(client.app, follow_redirects=False) as browser:
        yield browser


def close(database: Database, college: int, *, is_open: bool = False) -> None:
    """Close a college, or open it again."""
    values = "closed_at = null, closed_reason = null" if is_open else "closed_at = now(), closed_reason = 'Départ.'"
    with database.engine.begin() as owner:
        owner.execute(text(f"update college set {values} where id = :id"), {"id": college})  # noqa: S608 - our own


@pytest.mark.parametrize("role", ["trainer", None])
def test_invitation_of_a_college_closed_since_is_refused_until_it_reopens(
    registrar: TestClient, stranger: TestClient, database: Database, world: World, role: str | None
) -> None:
    path = invite_and_read_link(registrar, database, world.alma, role=role)
    close(database, world.alma)
    shown, opened = stranger.get(path), stranger.post(path, data=NEW)
    assert (shown.status_code, opened.status_code, accounts(database, ZOE)) == (409, 409, 0)
    assert "Ce collège est fermé." in shown.text
    assert WHOM_TO_ASK in shown.text
    assert WHOM_TO_ASK in opened.text
    close(database, world.alma, is_open=True)
    assert stranger.post(path, data=NEW).status_code == 303
    assert roles_of(database, ZOE) == ({("trainer", world.alma, None)} if role else set())


def test_role_offered_by_a_college_closed_since_is_not_taken(
    registrar: TestClient, database: Database, world: World
) -> None:
    email = world.emails["other_trainer"]
    path = invite_and_read_link(registrar, database, world.alma, email, role="facilitator")
    before = roles_of(database, email)
    close(database, world.alma)
    as_(registrar, database, world, "other_trainer")
    answer = registrar.post(f"{path}/acceptation")
    assert answer.status_code == 409
    assert WHOM_TO_ASK in answer.text
    assert roles_of(database, email) == before


def test_invitation_of_a_closed_college_is_neither_sent_again_nor_to_another_address(
    registrar: TestClient, database: Database, world: World
) -> None:
    number = invite(registrar, world.alma, role="trainer").json()["id"]
    close(database, world.alma)
    path = f"/api/v1/colleges/{world.alma}/invitations/{number}"
    again, corrected = registrar.post(f"{path}/letters"), registrar.put(f"{path}/email", json={"email": f"x{ZOE}"})
    assert [(a.status_code, a.json()["code"]) for a in (again, corrected)] == [(409, "college_closed")] * 2
    page = registrar.get(f"/colleges/{world.alma}/invitations").text
    assert "Le collège est fermé" in page
    assert "/renvoi" not in page
    assert 'name="email"' not in page
    assert f"/invitations/{number}/retrait" in page
    assert registrar.delete(path).status_code == 204


def test_college_of_several_invitations_is_read_once(
    registrar: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    path = invite_and_read_link(registrar, database, world.alma, role="trainer")
    for role in ("facilitator", "coordinator"):
        invite(registrar, world.alma, role=role)
    with database.engine.begin() as owner:  # as the sheet of a college's staff does: one link for all
        owner.execute(
            text("update invitation set token_hash = (select token_hash from invitation order by id limit 1)")
        )
    with recorded_statements(database) as statements:
        assert stranger.post(path, data=NEW).status_code == 303
    assert len(roles_of(database, ZOE)) == 3
    assert len([s for s in statements if "FROM college " in s and s.endswith("FOR SHARE")]) == 1


def test_cohort_form_offers_open_colleges_only(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    assert 'name="college_id"' in client.get("/cohortes/nouvelle").text
    close(database, world.alma)
    page = client.get("/cohortes/nouvelle")
    assert page.status_code == 200
    assert 'name="college_id"' not in page.text
    assert "Le collège est fermé" in page.text
    assert f'value="{world.alma}"' in client.get("/entreprises").text
