"""Which passwords are accepted, and that a password typed on another keyboard is the same."""

import os
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.concurrency import run_in_threadpool
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import col, select, update

from app.identity.account import passwords
from app.identity.account.models import Account, AccountSecret
from app.identity.account.passwords import hasher
from app.identity.account.rules import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    MIN_WITH_SECOND_FACTOR,
    blocklist,
    blocklist_key,
    password_reasons,
)
from app.identity.account.schemas import NewAccount
from app.identity.account.service import accept_present, add_account, lock_own_account
from app.identity.sign_in.proofs import PasswordCheck
from app.identity.sign_in.schemas import SignInCommand
from app.identity.sign_in.service import accept_check
from app.platform.database.transaction import Database
from app.platform.errors import Invalid, Unauthenticated
from app.platform.security.hashing_lane import LANE, NICENESS
from app.platform.security.permissions import P
from tests.conftest import RING
from tests.factories.network import PASSWORD, World, acting, as_

REAL_COST = passwords.COST
"""Read before the tests make it the least."""
EMAIL = "maude.berube@cegep-alma.example"
NAMES = ("Maude Bérubé", "Collège d’Alma")
ACCENT = "\N{COMBINING ACUTE ACCENT}"


def codes(password: str, *, second_factor: bool = False) -> list[str]:
    """Return why a password of Maude's is refused."""
    return [r.code for r in password_reasons(password, email=EMAIL, about=NAMES, second_factor=second_factor)]


@pytest.mark.parametrize(
    "password",
    [
        "un hibou boude ",
        "trois hiboux myopes",
        "Là-haut, l’été décampe",
        "ᐃᓄᒃᑎᑐᑦ ᖃᓂᐅᔮᖅᐸᐃᑦ",
        "密码很长很长但是没有人会猜到它的",
        "🦉🌲🦌🏒🍁🌧🔑🧭🎻🪵🛶🧶🧊🕯🫐",
        "correct cheval pile agrafe",
        "escouade de hiboux",
        "maude aime les hiboux myopes",
        "4185550143 poste 22 chez nous",
        "e" + "trois hiboux myopes " * 9,
        # No composition rule requires each kind of character.
        "seulementdesminuscules",
        "TOUT EN MAJUSCULES",
        "271828182845904",
    ],
)
def test_password_long_and_unpredictable_is_accepted(password: str) -> None:
    assert codes(password) == []


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_short"),
        ("trois hiboux m", "password_short"),
        # Fourteen letters, though more code points.
        (("e" + ACCENT + "h") * 7, "password_short"),
        ("hi" + "boux" * 50, "password_long"),
        ("aaaaaaaaaaaaaaa", "password_common"),
        ("abababababababab", "password_common"),
        ("123456789012345", "password_common"),
        ("543210987654321", "password_common"),
        ("789012345678901", "password_common"),
        ("abcdefghijklmno", "password_common"),
        ("ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯ", "password_common"),
        ("qwertyuiopqwertyuiop", "password_common"),
        ("poiuytrezapoiuytreza", "password_common"),
        ("azertyuiopqsdfghjklm", "password_common"),
        ("motdepassemotdepasse", "password_common"),
        ("Mot de passe Mot de passe", "password_common"),
        ("Correct Horse Battery Staple", "password_common"),
        ("Vive le Québec libre!", "password_common"),
        ("bonjour123456789", "password_common"),
        ("Été2024Été2024Été2024", "password_common"),
        ("00000Canadiens1993", "password_common"),
        (EMAIL, "password_is_email"),
        (EMAIL.upper(), "password_is_email"),
        ("maudeberube2026", "password_about_you"),
        ("Bérubé, Maude (1998)", "password_about_you"),
        ("Collège d’Alma", "password_short"),
        ("Collège d’Alma 2026", "password_about_you"),
        ("Escouade Escouade", "password_about_you"),
        ("escouade-alma-2026", "password_about_you"),
    ],
)
def test_password_predictable_is_refused(password: str, code: str) -> None:
    assert codes(password) == [code]


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("hibou 4x", None),
        ("hibou 4", "password_short"),
        ("password", "password_common"),
        ("soleil99", "password_common"),
        ("iloveyou", "password_common"),
        ("azertyui", "password_common"),
        ("berube98", "password_about_you"),
        ("20262026", "password_common"),
        ("24061985", "password_common"),
        ("98765432", "password_common"),
        ("83650917", None),
    ],
)
def test_password_of_eight_characters_needs_a_second_factor(password: str, code: str | None) -> None:
    assert codes(password, second_factor=True) == ([code] if code else [])


def test_blocklist_is_long_and_normalised() -> None:
    """An entry that normalisation would change could never match."""
    entries = blocklist()
    assert len([e for e in entries if len(e) >= MIN_WITH_SECOND_FACTOR]) >= 3000
    not_normalised = [e for e in entries if e != e.casefold() or e != unicodedata.normalize("NFKC", e)]
    assert not_normalised == []


def test_blocklist_entries_are_all_refused() -> None:
    """Alone where it is long enough, and a word with digits after it."""
    whole = [e for e in blocklist() if len(e) >= MIN_WITH_SECOND_FACTOR]
    words = [e for e in blocklist() if e.isalpha() and len(e) < MIN_PASSWORD]
    assert [e for e in whole if not codes(e, second_factor=True)] == []
    assert [e for e in words if not codes(e + "1" * (MIN_PASSWORD - len(e)))] == []


@given(st.text(max_size=MAX_PASSWORD + 10))
def test_password_reasons_are_the_same_for_composed_and_decomposed_text(password: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, password) for form in ("NFC", "NFD"))
    assert codes(composed) == codes(decomposed)
    assert len(codes(password)) <= 1


@given(st.text())
def test_blocklist_key_twice_is_unchanged(text: str) -> None:
    assert blocklist_key(blocklist_key(text)) == blocklist_key(text)


def sign_in_status(client: TestClient, email: str, password: str) -> int:
    """Return the status of a sign-in."""
    return client.post("/api/v1/sign-ins", json={"email": email, "password": password}).status_code


def add(database: Database, email: str, password: str) -> None:
    """Add an account."""
    command = NewAccount(legal_first_name="Zoé", legal_last_name="Roy", email=email, password=password)
    with database.transaction() as db:
        add_account(db, command)


def test_password_composed_or_decomposed_is_the_same(client: TestClient, database: Database) -> None:
    add(database, "zoe@alma.example.com", "l’été où neigea Zoé")
    assert sign_in_status(client, "zoe@alma.example.com", unicodedata.normalize("NFD", "l’été où neigea Zoé")) == 201


def test_password_compares_every_character(client: TestClient, database: Database) -> None:
    """Some hashes read 72 bytes only."""
    start = "trois hiboux myopes boudent sous la pluie de novembre en attendant le facteur de "
    add(database, "zoe@alma.example.com", start + "Rouyn")
    assert sign_in_status(client, "zoe@alma.example.com", start + "Alma") == 401
    assert sign_in_status(client, "zoe@alma.example.com", start + "Rouyn") == 201


def test_password_hash_has_a_cost_that_owasp_recommends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", REAL_COST)
    assert hasher.__wrapped__().hash("trois hiboux myopes").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def stored_hash(database: Database, email: str) -> str:
    """Return the hash of an account."""
    with database.as_owner() as db:
        own = select(AccountSecret.password_hash).join(Account, col(Account.id) == AccountSecret.account_id)
        return db.exec(own.where(Account.email == email)).one()


def test_password_hashed_at_another_cost_is_hashed_anew_at_the_sign_in(client: TestClient, database: Database) -> None:
    email, password = "zoe@alma.example.com", "l’été où neigea Zoé"
    add(database, email, password)
    older = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1),)).hash(password)
    with database.as_owner() as db:
        db.execute(update(AccountSecret).values(password_hash=older))
    assert sign_in_status(client, email, "une autre phrase de passe") == 401
    assert stored_hash(database, email) == older
    assert sign_in_status(client, email, password) == 201
    renewed = stored_hash(database, email)
    assert renewed != older
    assert "t=1" in renewed
    assert sign_in_status(client, email, password) == 201
    assert stored_hash(database, email) == renewed


@pytest.fixture
def held(client: TestClient) -> Iterator[threading.Event]:
    """Yield what frees the lane, all of whose threads are taken."""
    free = threading.Event()
    assert client.portal is not None
    tasks = [client.portal.start_task_soon(LANE.run, free.wait) for _ in range(LANE.threads)]
    while LANE.busy < LANE.threads:
        pass
    yield free
    free.set()
    for task in tasks:
        task.result()


def test_threads_of_the_lane_step_back_for_those_of_routes(client: TestClient) -> None:
    def niceness() -> int:
        thread = threading.get_native_id() if sys.platform == "linux" else 0
        return os.getpriority(os.PRIO_PROCESS, thread)

    assert client.portal is not None
    of_routes = client.portal.call(run_in_threadpool, niceness)
    assert NICENESS > 0
    steps = NICENESS if sys.platform == "linux" else 0
    assert client.portal.call(LANE.run, niceness) == min(19, of_routes + steps)


SENT: dict[str, tuple[str, dict[str, str], int]] = {
    "a sign-in": ("/connexion", {"email": "{email}", "password": PASSWORD}, 303),
    "a forgotten password": ("/mot-de-passe-oublie/nope", {"password": "trois hiboux myopes boudent"}, 404),
    "an invitation": (
        "/invitation/nope",
        {"legal_first_name": "Zoé", "legal_last_name": "Roy", "password": "trois hiboux myopes boudent"},
        404,
    ),
}


PRESENT: dict[str, tuple[str, str, dict[str, str], int]] = {
    "a new password": ("PUT", "/api/v1/me/password", {"password": "trois hiboux myopes boudent"}, 204),
    "recovery codes": ("POST", "/api/v1/me/second-factor/recovery-codes", {}, 409),
    "a removed second factor": ("POST", "/api/v1/me/second-factor/removal", {}, 409),
    "a new address": ("POST", "/api/v1/me/address", {"email": "maude@elsewhere.example.com"}, 201),
    "a new second factor": ("PUT", "/api/v1/me/second-factor", {"proposal": "none", "code": "000000"}, 422),
}
PRESENT_FORMS: dict[str, tuple[str, dict[str, str], int]] = {
    "a new password": ("/securite/mot-de-passe", {"password": "trois hiboux myopes boudent"}, 303),
    "recovery codes": ("/securite/second-facteur/codes", {}, 409),
    "a removed second factor": ("/securite/second-facteur/retrait", {}, 409),
    "a new second factor": ("/securite/second-facteur", {"proposal": "none", "code": "000000"}, 422),
    "a new address": ("/securite/adresse", {"email": "maude@elsewhere.example.com"}, 303),
    "a linked identity": ("/securite/oidc/999999", {}, 404),
}
"""What asks for the present password: the path, what else is sent, and the answer where it is right."""


def waits_in_the_lane(
    client: TestClient, database: Database, held: threading.Event, send: Callable[[], Response]
) -> Response:
    """Return the answer of a request that waits in the lane, and there holds no connection."""
    with ThreadPoolExecutor(1) as other:
        answer = other.submit(send)
        while not LANE.waiting:
            assert not answer.done(), answer.result().text
        assert database.admission.in_use == 0
        assert database.request_engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        held.set()
        return answer.result()


@pytest.mark.parametrize("what", PRESENT)
def test_present_password_waits_in_the_lane_without_a_connection(
    client: TestClient, database: Database, world: World, held: threading.Event, what: str
) -> None:
    as_(client, database, world, "maude")
    method, path, body, status = PRESENT[what]
    sent = {"present": PASSWORD} | body
    answer = waits_in_the_lane(client, database, held, lambda: client.request(method, path, json=sent))
    assert answer.status_code == status


@pytest.mark.parametrize("what", PRESENT_FORMS)
def test_present_password_of_a_form_waits_in_the_lane_without_a_connection(
    client: TestClient, database: Database, world: World, held: threading.Event, what: str
) -> None:
    as_(client, database, world, "maude")
    path, body, status = PRESENT_FORMS[what]
    answer = waits_in_the_lane(client, database, held, lambda: client.post(path, data={"present": PASSWORD} | body))
    assert answer.status_code == status


@pytest.mark.parametrize("what", PRESENT_FORMS)
def test_form_with_the_present_password_comes_back_while_the_lane_is_full(
    client: TestClient, database: Database, world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """With what was typed but for the secrets, and when to send it again."""
    as_(client, database, world, "maude")
    monkeypatch.setattr(LANE, "longest_queue", 0)
    path, body, _ = PRESENT_FORMS[what]
    answer = client.post(path, data={"present": PASSWORD} | body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert f'action="{path}' in answer.text
    assert 'name="present"' in answer.text
    assert PASSWORD not in answer.text
    assert body.get("password", PASSWORD) not in answer.text
    assert body.get("email", "") in answer.text


def test_present_password_of_nobody_is_not_hashed(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LANE, "longest_queue", 0)
    before = LANE.refused
    assert client.put("/api/v1/me/password", json={"present": PASSWORD, "password": "trois hiboux"}).status_code == 401
    assert LANE.refused == before


def test_present_password_changed_while_it_was_compared_changes_nothing(database: Database, world: World) -> None:
    with database.transaction() as db:
        account = lock_own_account(db, acting(db, world, "maude", P.ME_MANAGE))
        with pytest.raises(Invalid):
            accept_present(db, RING, account, former_check("l’ancienne phrase de passe"))


def test_present_password_whose_hash_was_renewed_while_it_was_compared_is_accepted(
    database: Database, world: World
) -> None:
    """As by a sign-in elsewhere, at the same moment: no failure is counted."""
    with database.transaction() as db:
        accept_present(db, RING, lock_own_account(db, acting(db, world, "maude", P.ME_MANAGE)), former_check(PASSWORD))
    with database.engine.connect() as owner:
        assert owner.execute(text("select count(*) from attempt")).scalar_one() == 0


def former_check(password: str, renewed: str | None = None) -> PasswordCheck:
    """Return the check of a password that was right by a hash which is no longer stored."""
    return PasswordCheck(SecretStr(password), "the hash before", is_right=True, renewed=renewed)


def test_present_password_tried_at_once_is_compared_ten_times(
    client: TestClient, database: Database, world: World
) -> None:
    """Forty tries wait in the lane together: those after the tenth failure are refused, though one is right."""
    as_(client, database, world, "maude")
    tries = ["wrong"] * 40 + [PASSWORD]

    def send(present: str) -> int:
        body = {"present": present, "password": "trois hiboux myopes boudent"}
        return client.put("/api/v1/me/password", json=body).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, tries))
    assert (answers.count(422), answers.count(429), answers[-1]) == (10, 31, 429)


@pytest.mark.parametrize("what", SENT)
def test_password_waits_in_its_lane_without_a_connection(
    client: TestClient, database: Database, world: World, held: threading.Event, what: str
) -> None:
    path, body, status = SENT[what]
    sent = {name: value.format(email=world.emails["maude"]) for name, value in body.items()}
    answer = waits_in_the_lane(client, database, held, lambda: client.post(path, data=sent))
    assert answer.status_code == status


def test_sign_in_is_told_when_to_retry_while_the_lane_is_full(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LANE, "longest_queue", 0)
    body = {"email": world.emails["maude"], "password": PASSWORD}
    before = LANE.refused
    for answer in (client.post("/api/v1/sign-ins", json=body), client.post("/connexion", data=body)):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert world.emails["maude"] in answer.text
    assert PASSWORD not in answer.text
    assert LANE.refused == before + 2


def test_hundred_and_thirty_five_people_at_once_all_sign_in(client: TestClient, world: World) -> None:
    """Two seconds: each is a sign-in over HTTP, forty at a time."""
    people = [*world.emails.values()] * 9
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda email: sign_in_status(client, email, PASSWORD), people[:135]))
    assert answers == [201] * 135


def test_password_whose_hash_was_renewed_while_it_was_compared_signs_in(database: Database, world: World) -> None:
    """As by another sign-in of the same person, at the same moment."""
    command = SignInCommand(email=world.emails["maude"], password=PASSWORD)
    with database.transaction() as db:
        renewed = "the renewed one, which another has stored before"
        assert accept_check(db, command, former_check(PASSWORD, renewed))
    assert stored_hash(database, world.emails["maude"]) != renewed


def test_password_changed_while_it_was_compared_signs_nobody_in(database: Database, world: World) -> None:
    command = SignInCommand(email=world.emails["maude"], password="l’ancienne phrase de passe")
    with database.transaction() as db, pytest.raises(Unauthenticated):
        accept_check(db, command, former_check("l’ancienne phrase de passe"))
