"""``escouade init``: the first college and its administrator, once."""

from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import col, select

from app.identity.roles.models import RoleGrantRow
from app.identity.sign_in.schemas import SignInCommand
from app.identity.sign_in.service import verify_password
from app.main import create_app
from app.network.models import College
from app.people.models import Person
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.keyring import load
from app.platform.security.permissions import Role
from tests.cli.conftest import Escouade

PASSWORD = "une première phrase de passe"
ANSWERS = {
    "college": "Cégep de la Rivière",
    "slug": "riviere",
    "city": "Sainte-Rivière",
    "region": "12",
    "prefix": "RIV",
    "first-name": "Zoe\u0301",
    "last-name": "Lœwen",
    "email": "Zoe.Lœwen@riviere.example.com".replace("œ", "oe"),
    "password": PASSWORD,
}


def arguments(**changed: str) -> list[str]:
    answers = {**ANSWERS, **{k.replace("_", "-"): v for k, v in changed.items()}}
    return ["init", *(part for name, value in answers.items() for part in (f"--{name}", value))]


def written(database: Database) -> list[str]:
    """Return every college, person and role, as text."""
    with database.as_owner() as db:
        return [
            str(row[0])
            for table in ("college", "person", "account", "role_held")
            for row in db.execute(text(f"select t::text from {table} t order by id"))  # noqa: S608 - our literals
        ]


def test_init_creates_the_first_college_and_administrator(escouade: Escouade, empty: Database) -> None:
    done = escouade(empty, *arguments())
    assert (done.status, done.err) == (0, "")
    assert "Le collège Cégep de la Rivière est ouvert." in done.out
    with empty.as_owner() as db:
        college = db.exec(select(College)).one()
        person = db.exec(select(Person)).one()
        held = db.exec(select(RoleGrantRow.role, RoleGrantRow.college_id).order_by(col(RoleGrantRow.role))).all()
    assert (college.slug, college.region_code, college.number_prefix) == ("riviere", "12", "RIV")
    assert (person.legal_first_name, person.search_key) == ("Zoé", "loewen zoe  loewenzoe")
    assert [tuple(r) for r in held] == [
        (Role.ADMIN, None),
        (Role.COORDINATOR, college.id),
        (Role.REGISTRAR, college.id),
    ]
    with empty.transaction() as db:
        command = SignInCommand(email="ZOE.loewen@riviere.example.com", password=PASSWORD)
        assert verify_password(db, command)


def test_init_again_changes_nothing(escouade: Escouade, empty: Database) -> None:
    assert escouade(empty, *arguments()).status == 0
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
    ({"first_name": " ", "last_name": "\u200b"}, "Nom de la personne qui administre : "),
    ({"last_name": "x" * 101}, "Nom de la personne qui administre : "),
    ({"password": "trop court"}, "Choisissez au moins 15 caractères"),
    ({"password": "x" * 201}, "Choisissez au plus 200 caractères."),
    ({"password": ANSWERS["email"]}, "Choisissez autre chose que votre adresse de courriel."),
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


def test_first_administrator_must_set_a_second_factor(escouade: Escouade, empty: Database, tmp_path: Path) -> None:
    assert escouade(empty, *arguments()).status == 0
    keyring = load(tmp_path / "keyring.json")
    site = create_app(Settings(base_url="http://testserver", data_dir=tmp_path), empty, keyring)
    with TestClient(site, follow_redirects=True) as client:
        form = {"email": ANSWERS["email"], "password": PASSWORD}
        page = client.post("/connexion", data=form)
        assert page.url.path == "/connexion/second-facteur"
        assert 'src="data:image/svg+xml' in page.text
        assert client.get("/comptes").url.path == "/connexion/second-facteur"
