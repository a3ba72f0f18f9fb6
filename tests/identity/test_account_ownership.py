"""An account is opened, and entered, by its owner alone: nobody sets, learns or goes around another's password."""

import ast
import re
from collections.abc import Iterator
from functools import partial

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from starlette.requests import Request

from app.identity.roles.service import grant_role
from app.identity.sign_in.authentication import authenticate, secret_of
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.security.permissions import Role
from tests.factories.network import World, api_token, as_, confirm_roles, pending_token
from tests.factories.outbox import link_in, messages

APP = ROOT / "app"
OPENS_ACCOUNTS = {"identity/invitations/answers.py", "demo/network.py"}
"""Who may call ``add_account``: the answer to an invitation, and the demo network, whose passwords are listed."""
WRITES_PASSWORDS = {
    "identity/account/service.py": "a new account, and one's own change, given the present password",
    "identity/password_reset/service.py": "the link sent to the account's address",
    "identity/sign_in/service.py": "the same password, hashed at today's cost",
}
"""Where a password's hash is written, and what proves that its owner chose it."""
PASSWORD_BODIES = {
    "POST /api/v1/sign-ins": "one's own, to sign in",
    "PUT /api/v1/me/password": "one's own, changed",
}
"""The operations of the API that take a password."""
ZOE = "zoe@alma.example.com"
NEW = {"legal_first_name": "Zoé", "legal_last_name": "Noël", "chosen_name": "", "password": "trois hiboux myopes"}


@pytest.fixture
def stranger(client: TestClient) -> Iterator[TestClient]:
    """Yield another browser of the same application, not signed in."""
    with TestClient(client.app, follow_redirects=False) as browser:
        yield browser


def written_in_code(is_wanted: type[ast.AST], name: str) -> set[str]:
    """Return the files that call a function of this name, or set a row's column of this name."""
    found = set()
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and is_wanted is ast.Call:
                wanted = ast.unparse(node.func).rpartition(".")[2] == name
            elif isinstance(node, ast.Assign) and is_wanted is ast.Assign:
                wanted = any(isinstance(t, ast.Attribute) and t.attr == name for t in node.targets)
            elif isinstance(node, ast.Call) and is_wanted is ast.keyword:
                is_row = ast.unparse(node.func)[:1].isupper()
                wanted = is_row and any(keyword.arg == name for keyword in node.keywords)
            else:
                continue
            if wanted:
                found.add(path.relative_to(APP).as_posix())
    return found


def test_accounts_are_opened_by_answering_an_invitation_alone() -> None:
    assert written_in_code(ast.Call, "add_account") == OPENS_ACCOUNTS


def test_passwords_are_written_where_their_owner_is_proven_alone() -> None:
    written = written_in_code(ast.Assign, "password_hash") | written_in_code(ast.keyword, "password_hash")
    assert written == set(WRITES_PASSWORDS)


def test_no_operation_takes_the_password_of_another(client: TestClient) -> None:
    description = client.get("/api/openapi.json").json()
    models = description["components"]["schemas"]
    bodies = {
        f"{method.upper()} {path}"
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if "password" in models.get(content["schema"].get("$ref", "").rpartition("/")[2], {}).get("properties", {})
    }
    assert bodies == set(PASSWORD_BODIES)


def test_no_command_has_an_option_for_a_password() -> None:
    """In the page of all commands, which a test holds up to date."""
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    options = re.findall(r"^- `(--[a-z-]+)`", page, flags=re.MULTILINE)
    assert len(options) > 10
    assert [option for option in options if "pass" in option] == []


# Whoever invites ---------------------------------------------------------------------------------


def test_link_is_shown_to_the_inviter_nowhere(client: TestClient, database: Database, world: World) -> None:
    """Neither when the invitation is sent, nor when it is sent again, nor in the list, nor in its page."""
    registrar = as_(client, database, world, "registrar")
    rows, page = f"/api/v1/colleges/{world.alma}/invitations", f"/colleges/{world.alma}/invitations"
    key = {"Idempotency-Key": "7f3f6a5e-0a51-4f0e-9a0c-000000000001"}
    answers = [registrar.post(rows, json={"email": ZOE, "role": "trainer"}, headers=key) for _ in range(2)]
    number = answers[0].json()["id"]
    answers += [registrar.post(f"{rows}/{number}/letters"), registrar.post(f"{page}/{number}/renvoi")]
    answers += [registrar.get(rows), registrar.get(page)]
    tokens = [link_in(body).rpartition("/")[2] for _, _, body in messages(database)]
    assert len(set(tokens)) == 3
    told = "".join(answer.text + str(answer.headers) for answer in answers)
    assert [token for token in tokens if token in told] == []


def test_letters_cannot_be_read_by_a_request(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db, pytest.raises(ProgrammingError, match="permission denied"):
        db.execute(text("select body from letter"))


def test_invitations_are_seen_by_their_link_or_their_college_alone(database: Database, world: World) -> None:
    """A request that presents one link sees what it offers, and nobody else's invitation."""
    with database.as_owner() as db:
        for number, email in enumerate(("a@example.com", "b@example.com")):
            db.execute(
                text(
                    "insert into invitation (email, role, token_hash, created_at, expires_at)"
                    " values (:email, 'admin', :hash, now(), now() + interval '1 day')"
                ),
                {"email": email, "hash": f"{number}" * 64},
            )
    emails = text("select email from invitation order by id")
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        assert db.execute(emails).scalars().all() == []
        db.execute(text("select set_config('app.presented', :hash, true)"), {"hash": "1" * 64})
        assert db.execute(emails).scalars().all() == ["b@example.com"]
    with database.transaction() as db:
        assert db.execute(emails).scalars().all() == [], "the next transaction presents nothing"


def test_invitation_above_ones_own_is_neither_withdrawn_nor_sent_again(
    client: TestClient, database: Database, world: World
) -> None:
    """An administrator's invitation of a registrar is no registrar's to answer for."""
    rows, page = f"/api/v1/colleges/{world.alma}/invitations", f"/colleges/{world.alma}/invitations"
    invited = as_(client, database, world, "admin").post(rows, json={"email": ZOE, "role": "registrar"})
    number = invited.json()["id"]
    registrar = as_(client, database, world, "registrar")
    for refused in (registrar.delete(f"{rows}/{number}"), registrar.post(f"{rows}/{number}/letters")):
        assert (refused.status_code, refused.json()["code"]) == (403, "role_above_yours")
    assert f"{page}/{number}/" not in registrar.get(page).text
    assert len(messages(database)) == 1
    assert as_(client, database, world, "admin").delete(f"{rows}/{number}").status_code == 204


# Roles that start with the second factor ------------------------------------------------------------


def test_invited_registrar_has_nothing_before_the_second_factor(
    client: TestClient, stranger: TestClient, database: Database, world: World
) -> None:
    rows = f"/api/v1/colleges/{world.alma}/invitations"
    as_(client, database, world, "admin").post(rows, json={"email": ZOE, "role": "registrar"})
    link = link_in(messages(database)[-1][2])
    assert "second facteur" in stranger.get(link).text
    assert stranger.post(link, data=NEW).status_code == 303
    assert stranger.get(rows).json()["code"] == "forbidden", "a second person has not confirmed the role"
    confirm_roles(database, world)
    for path in (rows, f"/api/v1/colleges/{world.alma}/people", "/api/v1/cohorts", "/api/v1/me"):
        assert stranger.get(path).json()["code"] == "second_factor_required"
    for path in ("/", f"/colleges/{world.alma}/invitations"):
        assert stranger.get(path).headers["location"].startswith("/connexion/second-facteur")
    assert stranger.get("/connexion/second-facteur").status_code == 200


def _request(client: TestClient, token: str) -> Request:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return Request({"type": "http", "app": client.app, "headers": headers, "method": "GET", "path": "/"})


def test_role_that_has_not_started_shows_no_row_of_its_college(
    client: TestClient, database: Database, world: World
) -> None:
    """The transaction of such a request is limited to no college, whatever the page queries, a public one too."""
    token = api_token(database, world, "trainer")
    with database.as_owner() as db:
        grant_role(db, world.people["trainer"], Role.ADMIN)
    for secret in (partial(str, token), partial(pending_token, database, world, "trainer")):
        request = _request(client, secret())
        with database.transaction(secret=secret_of(request)) as db:
            actor = authenticate(db, request)
        assert actor is not None
        assert (actor.pending, actor.colleges) == (True, frozenset())
