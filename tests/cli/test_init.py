"""``escouade init``: the first college, once, and the link with which its administrator opens their account."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import col, select

from app.identity.roles.models import RoleGrantRow
from app.main import create_app
from app.network.models import College
from app.people.models import Person
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.keyring import load
from app.platform.security.permissions import Role
from tests.cli.conftest import Escouade, Outcome

ANSWERS = {
    "college": "Cégep de la Rivière",
    "slug": "riviere",
    "city": "Sainte-Rivière",
    "region": "12",
    "prefix": "RIV",
    "email": "Zoe.Loewen@riviere.example.com",
}
SITE = "http://testserver"
OWN = {
    "legal_first_name": "Zoe\u0301",
    "legal_last_name": "Lœwen",
    "chosen_name": "",
    "password": "une première phrase de passe",
}


def arguments(**changed: str) -> list[str]:
    answers = {**ANSWERS, **{k.replace("_", "-"): v for k, v in changed.items()}}
    return ["init", *(part for name, value in answers.items() for part in (f"--{name}", value))]


def written(database: Database) -> list[str]:
    """Return every college, person, role and invitation, as text."""
    with database.as_owner() as db:
        return [
            str(row[0])
            for table in ("college", "person", "account", "role_held", "invitation")
            for row in db.execute(text(f"select t::text from {table} t order by id"))  # noqa: S608 - our literals
        ]


def link_of(done: Outcome) -> str:
    """Return the path of the link that the command prints, alone on its last line."""
    assert (done.status, done.err) == (0, "")
    return done.out.splitlines()[-1].removeprefix(SITE)


@contextmanager
def browser(database: Database, data_dir: Path) -> Iterator[TestClient]:
    """Yield a browser of the deployment that the command opened."""
    site = create_app(Settings(base_url=SITE, data_dir=data_dir), database, load(data_dir / "keyring.json"))
    with TestClient(site, follow_redirects=False) as client:
        yield client


def test_init_opens_the_college_and_no_account(escouade: Escouade, empty: Database) -> None:
    done = escouade(empty, *arguments(), base_url=SITE)
    assert "Le collège Cégep de la Rivière est ouvert." in done.out
    assert link_of(done).startswith("/invitation/")
    with empty.as_owner() as db:
        college = db.exec(select(College)).one()
        counts = db.execute(
            text("select (select count(*) from person), (select count(*) from role_held), count(*) from letter")
        ).one()
    assert (college.slug, college.region_code, college.number_prefix) == ("riviere", "12", "RIV")
    assert tuple(counts) == (0, 0, 0)


def test_first_administrator_chooses_their_password_then_sets_a_second_factor(
    escouade: Escouade, empty: Database, tmp_path: Path
) -> None:
    link = link_of(escouade(empty, *arguments(), base_url=SITE))
    with browser(empty, tmp_path) as client:
        assert "second facteur" in client.get(link).text
        assert client.post(link, data=OWN).status_code == 303
        for page in ("/comptes", "/invitations", "/"):
            assert client.get(page).headers["location"].startswith("/connexion/second-facteur")
        for path in ("/api/v1/accounts", "/api/v1/colleges/1/people", "/api/v1/me"):
            assert client.get(path).json()["code"] == "second_factor_required"
        assert 'src="data:image/svg+xml' in client.get("/connexion/second-facteur").text
        with TestClient(client.app, follow_redirects=False) as other:
            assert other.post(link, data=OWN).status_code == 410
    with empty.as_owner() as db:
        person = db.exec(select(Person)).one()
        college = db.exec(select(College)).one()
        held = db.exec(select(RoleGrantRow.role, RoleGrantRow.college_id).order_by(col(RoleGrantRow.role))).all()
    assert (person.legal_first_name, person.search_key) == ("Zoé", "loewen zoe  loewenzoe")
    assert [tuple(r) for r in held] == [
        (Role.ADMIN, None),
        (Role.COORDINATOR, college.id),
        (Role.REGISTRAR, college.id),
    ]


def test_first_link_is_valid_for_an_hour(escouade: Escouade, empty: Database, tmp_path: Path) -> None:
    link, hour = link_of(escouade(empty, *arguments(), base_url=SITE)), now() + timedelta(hours=1)
    with browser(empty, tmp_path) as client:
        with at(hour - timedelta(minutes=1)):
            assert client.get(link).status_code == 200
        with at(hour + timedelta(seconds=10)):
            assert client.post(link, data=OWN).status_code == 410


def test_init_again_replaces_a_link_that_nobody_opened(escouade: Escouade, empty: Database, tmp_path: Path) -> None:
    """A mistyped address, or a link that expired: the college stays as it is."""
    first = link_of(escouade(empty, *arguments(), base_url=SITE))
    again = escouade(empty, *arguments(college="Autre", slug="autre", email="autre@riviere.example.com"), base_url=SITE)
    assert "Le collège Cégep de la Rivière est ouvert." in again.out
    with browser(empty, tmp_path) as client:
        assert client.get(first).status_code == 410
        assert "autre@riviere.example.com" in client.get(link_of(again)).text
    with empty.as_owner() as db:
        assert db.exec(select(College.slug)).all() == ["riviere"]


def test_init_again_changes_nothing_once_someone_administers(
    escouade: Escouade, empty: Database, tmp_path: Path
) -> None:
    link = link_of(escouade(empty, *arguments(), base_url=SITE))
    with browser(empty, tmp_path) as client:
        assert client.post(link, data=OWN).status_code == 303
    before = written(empty)
    again = escouade(empty, *arguments(slug="autre", prefix="AUT", email="autre@riviere.example.com"))
    assert (again.status, again.out) == (1, "")
    assert again.err == "Un collège existe déjà : rien n’a été changé.\n"
    assert written(empty) == before


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"slug": "Pas Un Slug"}, "Nom court du collège, en minuscules et traits d’union : "),
    ({"region": "18"}, "Région administrative, de 01 à 17 : "),
    ({"prefix": "ab"}, "Préfixe des numéros d’attestation, 3 à 6 majuscules : "),
    ({"college": ""}, "Nom du collège : "),
    ({"email": "pas une adresse"}, "Courriel de la personne qui administre : "),
)


def test_init_invalid_value_is_named_and_nothing_is_written(escouade: Escouade, empty: Database) -> None:
    for changed, named in WRONG:
        done = escouade(empty, *arguments(**changed))
        assert (done.status, done.out) == (1, ""), changed
        assert named in done.err
        assert "Traceback" not in done.err
        assert written(empty) == [], changed


def test_init_several_invalid_values_have_a_line_each(escouade: Escouade, empty: Database) -> None:
    done = escouade(empty, *arguments(slug="É", region="99", prefix="x", email="rien"))
    assert done.status == 1
    assert [line[:7] for line in done.err.splitlines()] == ["  - Nom", "  - Rég", "  - Pré", "  - Cou"]
