"""``escouade accounts import``: every row, or none."""

import csv
import stat
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.roles.models import RoleGrantRow
from app.identity.sign_in.schemas import SignInCommand
from app.identity.sign_in.service import verify_password
from app.people.models import Person
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from tests.cli.conftest import Escouade, Outcome
from tests.factories.network import World

HEADER = "courriel,prenom,nom,role,college"
ANNE = "anne@alma.example.com,Anne,Lavoie,trainer,alma"
WRONG = "anne@alma.example.com,Anne,Lavoie,sorcière,alma"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return tmp_path / "personnes.csv"


def count(database: Database) -> tuple[int, ...]:
    """Return the number of people, accounts and roles."""
    with database.as_owner() as db:
        counts = db.execute(
            text("select (select count(*) from person), (select count(*) from account), count(*) from role_held")
        ).one()
    return tuple(counts)


def roles(database: Database, email: str) -> list[tuple[Role, int | None, int | None]]:
    statement = (
        select(RoleGrantRow.role, RoleGrantRow.college_id, RoleGrantRow.cohort_id)
        .join(Account, col(Account.person_id) == RoleGrantRow.person_id)
        .where(Account.email == email)
        .order_by(col(RoleGrantRow.id))
    )
    with database.as_owner() as db:
        return [(Role(r[0]), r[1], r[2]) for r in db.exec(statement).all()]


def refused(done: Outcome, database: Database, before: tuple[int, ...], file: Path) -> None:
    """Check that the command failed with status 1, wrote nothing, and left no file of passwords."""
    assert (done.status, done.out) == (1, "")
    assert "rien n’a été importé." in done.err
    assert "Traceback" not in done.err
    assert count(database) == before
    assert not file.with_suffix(".passwords.csv").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "colonnes manquantes : courriel, prenom, nom, role; colonnes inconnues : -"),
        ("courriel,prenom,role,ville\n", "colonnes manquantes : nom; colonnes inconnues : ville"),
        (f"{HEADER},mot de passe\n{ANNE},\n", "colonnes manquantes : -; colonnes inconnues : mot de passe"),
    ],
)
def test_import_wrong_header_is_refused(
    escouade: Escouade, database: Database, people: Path, content: str, message: str
) -> None:
    people.write_text(content, encoding="utf-8")
    before = count(database)
    done = escouade(database, "accounts", "import", people)
    assert message in done.err
    refused(done, database, before, people)


def test_import_other_encoding_is_refused(escouade: Escouade, database: Database, people: Path) -> None:
    people.write_bytes(f"{HEADER}\nzoe@alma.example.com,Zoé,Noël,trainer,alma\n".encode("cp1252"))
    before = count(database)
    done = escouade(database, "accounts", "import", people)
    assert "Ce fichier n’est pas en UTF-8" in done.err
    refused(done, database, before, people)


def test_import_reports_each_invalid_row_with_its_line(escouade: Escouade, database: Database, people: Path) -> None:
    rows = (
        HEADER + ",cohorte,mot_de_passe",
        f"{ANNE},,",
        "pas une adresse,Anne,Lavoie,trainer,alma,,",
        "",
        "b@alma.example.com,Boris,Lavoie,sorcière,alma,,",
        "c@alma.example.com,Carla,Lavoie,trainer,[atlantide],,",
        "d@alma.example.com,Denis,Lavoie,trainer,alma,GEN-ROU-1,",
        "e@alma.example.com,Ève,Lavoie,trainer,alma,,trop court",
        "f@alma.example.com,,123,trainer,alma,,",
        "g@alma.example.com,Guy,Lavoie,Père,trainer,alma,,",
        "h@alma.example.com,Hugo,Lavoie,participant,alma,GEN-ALM-1,",
        "maude@escouade.example.com,Maude,Bérubé,trainer,alma,,une autre phrase de passe",
    )
    people.write_text("\n".join(rows), encoding="utf-8")
    before = count(database)
    done = escouade(database, "accounts", "import", people)
    expected = {
        3: "courriel : ",
        5: "Rôle inconnu : « sorcière ».",
        6: "Collège inconnu : « [atlantide] »",
        7: "Cohorte inconnue dans ce collège : « GEN-ROU-1 ».",
        8: "Choisissez au moins 15 caractères",
        9: "nom : Un nom contient au moins une lettre.",
        10: "plus de cellules que l’en-tête",
        11: "On entre dans une cohorte par une candidature",
        12: "Cette adresse a déjà un compte",
    }
    reported = {
        int(cells[1]): line
        for line in done.err.splitlines()
        if (cells := line.split("│"))[1:] and cells[1].strip().isdigit()
    }
    assert sorted(reported) == sorted(expected)
    assert all(expected[line] in reported[line] for line in expected), reported
    assert "9 lignes à corriger; rien n’a été importé." in done.err
    refused(done, database, before, people)


def test_import_dry_run_writes_nothing(escouade: Escouade, database: Database, people: Path) -> None:
    people.write_text(f"{HEADER}\n{ANNE}\n", encoding="utf-8")
    before = count(database)
    done = escouade(database, "accounts", "import", people, "--dry-run")
    assert (done.status, done.out) == (0, "1 ligne prête; essai seulement, rien n’a été importé.\n")
    assert count(database) == before
    assert list(people.parent.iterdir()) == [people]


def test_import_with_an_invalid_row_writes_nothing(escouade: Escouade, database: Database, people: Path) -> None:
    people.write_text(f"{HEADER}\n{ANNE}\nz{WRONG}\n", encoding="utf-8")
    before = count(database)
    refused(escouade(database, "accounts", "import", people), database, before, people)
    people.write_text(f"{HEADER}\n{ANNE}\n", encoding="utf-8")
    assert escouade(database, "accounts", "import", people).status == 0
    assert count(database) == tuple(n + 1 for n in before)


@pytest.mark.parametrize(("separator", "mark", "end"), [(",", "", "\n"), (";", "\ufeff", "\r\n"), (";", "", "\n")])
def test_import_accepts_the_csv_variants_of_spreadsheets(  # noqa: PLR0917 - the file, three ways
    escouade: Escouade, database: Database, world: World, people: Path, separator: str, mark: str, end: str
) -> None:
    """Either separator, a byte-order mark or none, either end of line; names typed with combining accents."""
    rows = (
        HEADER + ",cohorte,nom_usuel",
        'Ele\u0301onore@alma.example.com,"Éléonore",Bérubé,Formation,alma,GEN-ALM-1,"Léo, dite Noé"'.replace(
            "é", "e\u0301"
        ),
    )
    content = end.join(rows)
    if separator == ";":
        content = content.replace(",", ";").replace("Léo;", "Léo,").replace("Le\u0301o;", "Le\u0301o,")
    people.write_bytes((mark + content + end).encode())
    done = escouade(database, "accounts", "import", people)
    assert done.status == 0, done.err
    with database.as_owner() as db:
        person = db.exec(select(Person).order_by(col(Person.id).desc())).first()
    assert person is not None
    assert (person.legal_first_name, person.legal_last_name) == ("Éléonore", "Bérubé")
    assert person.chosen_name == "Léo, dite Noé"
    assert person.search_key.startswith("berube eleonore")
    assert roles(database, "eléonore@alma.example.com") == [(Role.TRAINER, world.alma, world.cohort)]


def test_import_adds_a_role_to_an_existing_account(
    escouade: Escouade, database: Database, world: World, people: Path
) -> None:
    existing = f"{world.emails['facilitator'].upper()},Autre,Nom,trainer,rouyn"
    rows = (HEADER, existing, ANNE, ANNE.replace("trainer", "facilitator"))
    people.write_text("\n".join(rows), encoding="utf-8")
    before = count(database)
    assert escouade(database, "accounts", "import", people).status == 0
    assert count(database) == (before[0] + 1, before[1] + 1, before[2] + 3)
    assert roles(database, world.emails["facilitator"]) == [
        (Role.FACILITATOR, world.alma, None),
        (Role.TRAINER, world.rouyn, None),
    ]
    assert escouade(database, "accounts", "import", people).status == 0, "again: held already"
    assert count(database) == (before[0] + 1, before[1] + 1, before[2] + 3)


def test_import_roles_without_a_college(escouade: Escouade, database: Database, people: Path) -> None:
    people.write_text("courriel,prenom,nom,role\nada@example.com,Ada,Noël,admin\nob@example.com,Ob,Noël,Observation\n")
    assert escouade(database, "accounts", "import", people).status == 0
    assert roles(database, "ada@example.com") == [(Role.ADMIN, None, None)]
    assert roles(database, "ob@example.com") == [(Role.OBSERVER, None, None)]


def test_import_observer_without_a_project_is_refused(escouade: Escouade, empty: Database, people: Path) -> None:
    people.write_text("courriel,prenom,nom,role\nob@example.com,Ob,Noël,observer\n", encoding="utf-8")
    done = escouade(empty, "accounts", "import", people)
    assert "Aucun projet n’est ouvert" in done.err
    refused(done, empty, (0, 0, 0), people)


def test_generated_passwords_work_and_their_file_is_readable_by_its_owner_only(
    escouade: Escouade, database: Database, people: Path
) -> None:
    chosen = "une phrase choisie par Boris"
    people.write_text(
        f"{HEADER},mot_de_passe\n{ANNE},\nboris@alma.example.com,Boris,Roy,trainer,alma,{chosen}\n", encoding="utf-8"
    )
    done = escouade(database, "accounts", "import", people)
    file = people.with_suffix(".passwords.csv")
    assert str(file) in done.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    assert [row[0] for row in written] == ["courriel", "anne@alma.example.com"]
    with database.transaction() as db:
        for email, password in (written[1], ("boris@alma.example.com", chosen)):
            command = SignInCommand(email=email, password=password)
            assert verify_password(db, command)


@pytest.mark.parametrize("place", ["prets.csv", "dossier/absent.csv"])
def test_passwords_that_cannot_be_written_import_nobody(
    escouade: Escouade, database: Database, people: Path, place: str
) -> None:
    """An existing file may hold the only copy of other passwords, or be readable by others."""
    people.write_text(f"{HEADER}\n{ANNE}\n", encoding="utf-8")
    earlier = people.parent / "prets.csv"
    earlier.write_text("déjà là", encoding="utf-8")
    before = count(database)
    done = escouade(database, "accounts", "import", people, "--passwords", people.parent / place)
    refused(done, database, before, people)
    assert earlier.read_text(encoding="utf-8") == "déjà là"
