"""``escouade accounts``: a sheet of people becomes invitations, all rows or none; nobody gets another's link."""

import csv
import io
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.identity.imports.rules import check
from app.identity.imports.service import invite_rows, known_of
from app.identity.imports.sheet import read_sheet
from app.platform.database.transaction import Database
from tests.cli.conftest import Escouade, Outcome
from tests.factories.network import World, as_
from tests.factories.outbox import link_in, messages

HEADER = "courriel;prenom;nom;role;college;cohorte"
ANNE = "anne@alma.example.com;Anne;Lavoie;Formatrice;alma;"
CLOSED = {"closed_network": "true", "base_url": "http://testserver"}
NEW = {"legal_first_name": "Anne", "legal_last_name": "Lavoie", "chosen_name": "", "password": "trois hiboux myopes"}


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return tmp_path / "personnes.csv"


@pytest.fixture
def browser(client: TestClient) -> Iterator[TestClient]:
    """Yield another browser of the same application, not signed in."""
    with TestClient(client.app, follow_redirects=False) as other:
        yield other


def write(file: Path, *rows: str, encoding: str = "utf-8-sig") -> None:
    file.write_bytes("\r\n".join((HEADER, *rows)).encode(encoding))


def everything(database: Database) -> list[str]:
    """Return every person, account, role, invitation and message, as text."""
    with database.engine.connect() as owner:
        return [
            str(row)
            for table in ("person", "account", "role_held", "invitation", "letter")
            for row in owner.execute(text(f"select t::text from {table} t order by id")).scalars()  # noqa: S608
        ]


def invited(database: Database) -> list[tuple[str, str | None, int | None, int | None, int | None]]:
    """Return ``(address, role, college, cohort, project)`` of the invitations, in order."""
    with database.engine.connect() as owner:
        rows = owner.execute(text("select email, role, college_id, cohort_id, project_id from invitation order by id"))
        return [(r.email, r.role, r.college_id, r.cohort_id, r.project_id) for r in rows]


def roles_of(database: Database, email: str) -> set[tuple[str, int | None, int | None]]:
    """Return ``(role, college, project)`` of the roles that the account of an address holds."""
    roles = text(
        "select r.role, r.college_id, r.project_id from role_held r join account a on a.person_id = r.person_id"
        " where a.email = :email and r.ended_at is null"
    )
    with database.engine.connect() as owner:
        return {(r.role, r.college_id, r.project_id) for r in owner.execute(roles, {"email": email})}


def printed(done: Outcome) -> str:
    """Return all that a command prints."""
    return done.out + done.err


# By letter ---------------------------------------------------------------------------------------


def test_import_invites_by_letter_and_shows_no_link(
    escouade: Escouade, database: Database, world: World, people: Path, browser: TestClient
) -> None:
    write(people, ANNE + "GEN-ALM-1")
    done = escouade(database, "accounts", "import", people, base_url="http://testserver")
    assert (done.status, done.out, done.err) == (0, "1 personne invitée.\n", "")
    assert invited(database) == [("anne@alma.example.com", "trainer", world.alma, world.cohort, None)]
    [(recipient, _, body)] = messages(database)
    assert recipient == "anne@alma.example.com"
    assert [file.name for file in people.parent.iterdir() if file.suffix == ".csv"] == [people.name]
    page = browser.get(link_in(body)).text
    assert 'value="Anne"' in page
    assert 'value="Lavoie"' in page
    assert browser.post(link_in(body), data=NEW).status_code == 303
    assert ("trainer", world.alma, None) in roles_of(database, "anne@alma.example.com")


def test_import_opens_no_account_and_grants_no_role(escouade: Escouade, database: Database, people: Path) -> None:
    counts = text("select (select count(*) from person), (select count(*) from account), count(*) from role_held")
    with database.engine.connect() as owner:
        before = owner.execute(counts).one()
    write(people, ANNE, "boris@alma.example.com;Boris;Roy;Registraire;alma;")
    assert escouade(database, "accounts", "import", people).status == 0
    with database.engine.connect() as owner:
        assert owner.execute(counts).one() == before


def test_import_several_roles_of_a_person_travel_in_one_letter(
    escouade: Escouade, database: Database, world: World, people: Path, browser: TestClient
) -> None:
    write(people, ANNE, ANNE.replace("Formatrice;alma", "Animatrice;rouyn"), ANNE.replace("Formatrice;alma", "admin;"))
    assert escouade(database, "accounts", "import", people, base_url="http://testserver").status == 0
    [(_, _, body)] = messages(database)
    assert "- Formation (Collège d’Alma)" in body
    page = browser.get(link_in(body)).text
    assert "Cégep de Rouyn" in page
    assert "second facteur" in page
    assert browser.post(link_in(body), data=NEW).status_code == 303
    assert roles_of(database, "anne@alma.example.com") == {
        ("trainer", world.alma, None), ("facilitator", world.rouyn, None), ("admin", None, None),
    }  # fmt: skip
    assert browser.get("/comptes").headers["location"].startswith("/connexion/second-facteur")


def test_import_observer_observes_every_project(
    escouade: Escouade, database: Database, world: World, people: Path, browser: TestClient
) -> None:
    write(people, "ob@example.com;Ob;Noël;Observatrice;;")
    assert escouade(database, "accounts", "import", people, base_url="http://testserver").status == 0
    assert browser.post(link_in(messages(database)[0][2]), data=NEW).status_code == 303
    assert roles_of(database, "ob@example.com") == {("observer", None, world.project)}


def test_import_twice_is_once(escouade: Escouade, database: Database, people: Path) -> None:
    write(people, ANNE, "ob@example.com;Ob;Noël;observer;;")
    assert escouade(database, "accounts", "import", people).status == 0
    before = everything(database)
    again = escouade(database, "accounts", "import", people)
    assert (again.status, again.out) == (0, "0 personne invitée.\n2 lignes ne demandent rien de plus.\n")
    assert everything(database) == before


def test_imports_at_the_same_time_invite_once(database: Database) -> None:
    """Two people import the same sheet at the same moment."""
    sheet = read_sheet(f"{HEADER}\n{ANNE}\n".encode())

    def run(_: int) -> None:
        with database.as_owner() as db:
            report = check(sheet, known_of(db, {"anne@alma.example.com"}))
            invite_rows(db, report, letter_from="http://testserver")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(run, range(4)))
    assert len(invited(database)) == len(messages(database)) == 1


def test_import_dry_run_says_what_it_would_do_and_keeps_nothing(
    escouade: Escouade, database: Database, world: World, people: Path
) -> None:
    write(people, ANNE, f"{world.emails['trainer']};Théo;Formation;animateur;alma;")
    before = everything(database)
    done = escouade(database, "accounts", "import", people, "--dry-run")
    assert (done.status, done.out) == (0, "2 personnes à inviter; essai seulement, rien n’a été importé.\n")
    assert "Reçoit une invitation à ouvrir son compte." in done.err
    assert "déjà un compte, au nom de Théo Formation" in done.err
    assert everything(database) == before


# An address that is someone's ----------------------------------------------------------------------


def test_import_under_another_name_is_refused_until_confirmed(
    escouade: Escouade, database: Database, world: World, people: Path
) -> None:
    """An address once made someone else a facilitator of another college, without a word."""
    email = world.emails["other_coordinator"]
    write(people, ANNE, f"{email};Gaston;Autrepersonne;facilitator;alma;")
    before = everything(database)
    done = escouade(database, "accounts", "import", people)
    assert (done.status, done.out) == (1, "")
    assert "au nom de Odile Ailleurs" in done.err
    assert "--confirm" in done.err
    assert everything(database) == before, "nor is the valid row invited"
    done = escouade(database, "accounts", "import", people, "--confirm", email.upper())
    assert done.status == 0
    assert "au nom de Odile Ailleurs" in done.err
    assert ("facilitator", world.alma, None) not in roles_of(database, email), "its person has to accept"
    assert invited(database)[-1] == (email, "facilitator", world.alma, None, None)


def test_imported_role_of_an_account_is_accepted_by_its_person(
    escouade: Escouade, database: Database, world: World, people: Path, browser: TestClient
) -> None:
    email = world.emails["trainer"]
    write(people, f"{email};Théo;Formation;animateur;rouyn;")
    assert escouade(database, "accounts", "import", people, base_url="http://testserver").status == 0
    link = link_in(messages(database)[-1][2])
    assert browser.post(link, data=NEW).status_code == 409
    as_(browser, database, world, "trainer")
    assert browser.post(link + "/acceptation").status_code == 303
    assert ("facilitator", world.rouyn, None) in roles_of(database, email)


# What is wrong -----------------------------------------------------------------------------------


def test_import_reports_every_problem_with_its_row_and_column(
    escouade: Escouade, database: Database, people: Path
) -> None:
    write(
        people,
        ANNE,
        "pas une adresse;Anne;Lavoie;trainer;alma;",
        ";;;;;",
        "b@alma.example.com;Boris;Lavoie;sorcière;alma;",
        "c@alma.example.com;Carla;Lavoie;trainer;[atlantide];GEN-ALM-1",
        "d@alma.example.com;Denis;Lavoie;trainer;alma;GEN-ROU-1",
        "g@alma.example.com;Guy;Lavoie;Père;trainer;alma;GEN-ALM-1",
    )
    before = everything(database)
    done = escouade(database, "accounts", "import", people)
    lines = {
        (cells[1].strip(), cells[2].strip()): cells[3]
        for line in done.err.splitlines()
        if (cells := line.split("│"))[1:] and cells[1].strip().isdigit()
    }
    assert "Vérifiez-la" in lines["3", "courriel"]
    assert "formatrice/formateur" in lines["5", "role"]
    assert "alma, rouyn" in lines["6", "college"]
    assert "GEN-ALM-1" in lines["7", "cohorte"]
    assert "plus de cellules" in lines["8", ""]
    assert "5 lignes à corriger; rien n’a été importé." in done.err
    assert (done.status, done.out) == (1, "")
    assert everything(database) == before


def test_import_of_a_sheet_with_passwords_is_refused(escouade: Escouade, database: Database, people: Path) -> None:
    people.write_text(f"{HEADER};Mot de passe\n{ANNE};un secret que deux connaissent\n", encoding="utf-8")
    done = escouade(database, "accounts", "import", people)
    assert done.status == 1
    assert "chaque personne choisit son mot de passe" in done.err
    assert "un secret" not in printed(done)
    assert invited(database) == []


def test_import_of_windows_1252_warns_of_accents(escouade: Escouade, database: Database, people: Path) -> None:
    write(people, "zoe@alma.example.com;Zoé;Noël;Formatrice;alma;", encoding="cp1252")
    done = escouade(database, "accounts", "import", people)
    assert done.status == 0
    assert "Vérifiez les accents" in done.err
    with database.engine.connect() as owner:
        assert owner.execute(text("select legal_first_name from invitation")).scalar_one() == "Zoé"


# Without mail --------------------------------------------------------------------------------------


@pytest.mark.parametrize("variables", [{}, {"closed_network": "true", "smtp_url": "smtp://localhost:2525"}])
def test_link_is_printed_on_a_declared_network_without_mail_only(
    escouade: Escouade, database: Database, people: Path, variables: dict[str, str]
) -> None:
    write(people, ANNE)
    assert escouade(database, "accounts", "import", people, base_url="http://testserver").status == 0
    before = everything(database)
    for arguments in (("link", "anne@alma.example.com"), ("import", people, "--links", people.with_name("liens.csv"))):
        done = escouade(database, "accounts", *arguments, **variables)
        assert done.status == 1
        assert "ESCOUADE_CLOSED_NETWORK" in done.err
        assert "http://" not in printed(done)
    assert everything(database) == before
    assert not people.with_name("liens.csv").exists()


def test_printed_link_works_once_and_is_recorded(
    escouade: Escouade, database: Database, world: World, people: Path, browser: TestClient
) -> None:
    write(people, ANNE)
    assert escouade(database, "accounts", "import", people, base_url="http://testserver").status == 0
    by_letter = link_in(messages(database)[0][2])
    done = escouade(database, "accounts", "link", " Anne@Alma.example.com", **CLOSED)
    path = done.out.strip().removeprefix("http://testserver")
    assert browser.get(by_letter).status_code == 404, "the link of the letter is replaced"
    entries = text(
        "select v.after ->> 'link_printed_at' is not null, v.after ->> 'token_hash' from audit_entry e"
        " join audit_values v on v.entry_id = e.id where e.subject = 'invitation' and e.action = 'change'"
    )
    with database.engine.connect() as owner:
        assert [tuple(row) for row in owner.execute(entries)] == [(True, "•")]
    assert browser.post(path, data=NEW).status_code == 303
    assert browser.get(path).status_code == 410
    shown = as_(browser, database, world, "registrar").get(f"/colleges/{world.alma}/invitations").text
    assert "Lien imprimé le" in shown
    assert "L’exploitation" in shown
    assert escouade(database, "accounts", "link", "anne@alma.example.com", **CLOSED).status == 1


def test_links_of_an_import_are_written_for_a_french_spreadsheet_that_only_their_owner_reads(
    escouade: Escouade, database: Database, people: Path, browser: TestClient
) -> None:
    sheet = Path(__file__).parents[1] / "identity" / "sheets" / "i21-60-personnes.csv"
    people.write_bytes(sheet.read_bytes().replace(b"piekouagami", b"alma") + b"=cmd@alma.example.com;A;B;trainer;alma;")
    links = people.with_name("liens.csv")
    done = escouade(database, "accounts", "import", people, "--links", links, **CLOSED)
    assert done.status == 0, done.err
    assert messages(database) == []
    assert stat.S_IMODE(links.stat().st_mode) == 0o600
    content = links.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 62
    assert {len(row) for row in rows} == {2}
    assert {row[0][0] for row in rows[1:]} == {"e", "'"}, "an address that begins like a formula is text"
    assert {row[1].rpartition("/")[0] for row in rows[1:]} == {"http://testserver/invitation"}
    assert browser.get(rows[1][1].removeprefix("http://testserver")).status_code == 200
    assert rows[1][1] not in printed(done)


@pytest.mark.parametrize("place", ["prets.csv", "dossier/absent.csv"])
def test_links_that_cannot_be_written_invite_nobody(
    escouade: Escouade, database: Database, people: Path, place: str
) -> None:
    """An existing file may hold the only copy of other links, or be readable by others."""
    write(people, ANNE)
    earlier = people.parent / "prets.csv"
    earlier.write_text("déjà là", encoding="utf-8")
    before = everything(database)
    done = escouade(database, "accounts", "import", people, "--links", people.parent / place, **CLOSED)
    assert (done.status, done.out) == (1, "")
    assert "rien n’a été importé" in done.err
    assert everything(database) == before
    assert earlier.read_text(encoding="utf-8") == "déjà là"
