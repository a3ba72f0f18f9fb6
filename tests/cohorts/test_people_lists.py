"""A list of people by page and by the API: read back row by row, nothing written until confirmed."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.identity.imports.list_form import LONGEST_TEXT
from app.platform.database.transaction import Database
from tests.factories.forms import PageForm, forms_of
from tests.factories.network import World, as_
from tests.factories.outbox import link_in, messages
from tests.identity.test_import_records import book, many

HEADER = "courriel;prenom;nom;role"
LEA = "Lea@Alma.example.com;Léa;Nouvelle;participante"


def plain(page: str) -> str:
    """Return a page's text with ordinary spaces."""
    return unescape(page).replace("\u00a0", " ").replace("\u202f", " ")


def path(world: World) -> str:
    return f"/cohortes/{world.cohort}/personnes/ajout"


def post(client: TestClient, world: World, *rows: str, status: int = 200, **more: object) -> str:
    answer = client.post(path(world), data={"people": "\n".join((HEADER, *rows)), **more})
    assert answer.status_code == status, answer.text
    return plain(answer.text)


def confirm(client: TestClient, world: World, *rows: str, answers: str | list[str] | None = None) -> str:
    """Read a list back, then confirm what was read."""
    page = post(client, world, *rows, answers=answers or [])
    [digest] = re.findall(r'name="confirmed" value="(\w+)"', page)
    return post(client, world, *rows, answers=answers or [], confirmed=digest)


def written(database: Database) -> list[tuple[str, str | None, int | None, str | None]]:
    """Return the invitations: address, role, cohort, last name."""
    rows = text("select email, role, cohort_id, legal_last_name from invitation order by id")
    with database.engine.connect() as owner:
        return [tuple(row) for row in owner.execute(rows)]


@pytest.fixture
def coordinator(client: TestClient, database: Database, world: World) -> TestClient:
    as_(client, database, world, "coordinator")
    return client


def test_list_is_read_back_and_writes_nothing_until_confirmed(
    coordinator: TestClient, database: Database, world: World
) -> None:
    page = post(coordinator, world, LEA)
    assert "Rien n’est encore parti" in page
    assert "lea@alma.example.com" in page
    assert written(database) == []
    assert messages(database) == []
    page = confirm(coordinator, world, LEA)
    assert "Invitation envoyée" in page
    assert written(database) == [("lea@alma.example.com", None, world.cohort, "Nouvelle")]
    [(recipient, _, body)] = messages(database)
    assert recipient == "lea@alma.example.com"
    assert link_in(body)


def test_each_step_of_a_list_is_sent_with_the_key_of_its_own_page(
    coordinator: TestClient, database: Database, world: World
) -> None:
    """A preview whose forms had the key that had brought it there was refused as sent already, in any browser."""

    def form_in(page: str) -> PageForm:
        [form] = [form for form in forms_of(page) if form.path == path(world)]
        return form

    first = form_in(coordinator.get(path(world)).text)
    second = form_in(coordinator.post(first.action, data={"people": f"{HEADER}\n{LEA}"}).text)
    third = form_in(coordinator.post(second.action, data=second.data()).text)
    confirmed = {**third.data(), **dict(third.buttons)}
    for _ in range(2):  # a double click
        answer = coordinator.post(third.action, data=confirmed)
        assert "Invitation envoyée" in plain(answer.text)
    assert len(messages(database)) == 1


def test_list_run_twice_is_once(coordinator: TestClient, database: Database, world: World) -> None:
    confirm(coordinator, world, LEA)
    page = post(coordinator, world, LEA, LEA.lower())
    assert 'name="confirmed"' not in page
    assert "sa réponse est attendue" in page
    assert len(written(database)) == len(messages(database)) == 1


def test_same_address_in_another_case_is_the_same_person_without_a_question(
    coordinator: TestClient, database: Database, world: World
) -> None:
    page = post(coordinator, world, f"{world.emails['maude'].upper()};;;" + "participante")
    assert "Il faut un nom" in page
    page = confirm(coordinator, world, LEA, LEA.upper().replace("PARTICIPANTE", ""))
    assert "Répète une ligne plus haut" in page
    assert len(written(database)) == 1


def names_of(database: Database, email: str) -> tuple[str, str]:
    row = text(
        "select coalesce(p.legal_first_name, ''), p.legal_last_name from person p join account a on a.person_id = p.id"
        " where a.email = :email"
    )
    with database.engine.connect() as owner:
        first, last = owner.execute(row, {"email": email}).one()
    return first, last


def test_same_name_is_asked_and_each_answer_is_followed(
    coordinator: TestClient, database: Database, world: World
) -> None:
    first, last = names_of(database, world.emails["maude"])
    row = f"autre@exemple.ca;{first.upper()};{last};"
    page = post(coordinator, world, row, confirmed="true")
    assert "Est-ce la même personne?" in page
    assert written(database) == []
    maude, other = f"{world.people['maude']}:autre@exemple.ca", "autre:autre@exemple.ca"
    assert re.findall(r'<option value="([^"]*:autre@exemple.ca)"', page) == [":autre@exemple.ca", maude, other]
    page = post(coordinator, world, row, answers=maude)
    assert "A déjà sa candidature" in page
    assert f'<option value="{maude}" selected>' in page  # the answer may be changed
    page = confirm(coordinator, world, row, answers=other)
    assert "Invitation envoyée" in page
    assert written(database) == [("autre@exemple.ca", None, world.cohort, last)]


def test_rows_in_doubt_are_answered_in_one_form_that_holds_the_list_once(
    coordinator: TestClient, database: Database, world: World
) -> None:
    """A form for each, with the list in it, made 20 MB of 300 rows, and as many round trips."""
    first, last = names_of(database, world.emails["maude"])
    rows = [f"autre{n}@exemple.ca;{first};{last};" for n in range(300)]
    page = post(coordinator, world, *rows)
    assert page.count("Est-ce la même personne?") == 1
    assert page.count('name="answers"') == 300
    assert page.count("autre299@exemple.ca;") == 1
    assert len(page) < 500_000
    page = confirm(coordinator, world, *rows, answers=[f"autre:autre{n}@exemple.ca" for n in range(300)])
    assert len(written(database)) == 300


def test_list_changed_after_it_was_read_back_is_read_back_again(
    coordinator: TestClient, database: Database, world: World
) -> None:
    [digest] = re.findall(r'name="confirmed" value="(\w+)"', post(coordinator, world, LEA))
    page = post(coordinator, world, LEA, "autre@exemple.ca;Autre;Personne;", confirmed=digest)
    assert "Relisez-la" in page
    assert "autre@exemple.ca" in page
    assert written(database) == []


def test_each_person_whom_a_list_shows_is_logged_once(
    coordinator: TestClient, database: Database, world: World
) -> None:
    first, last = names_of(database, world.emails["maude"])
    asked, known = f"autre@exemple.ca;{first};{last};", f"{world.emails['karim']};Karim;Inconnu;"
    for _ in range(2):
        post(coordinator, world, asked, known, LEA)
    viewed = text("select viewer_id, subject_id, permission, what from view_log order by subject_id")
    with database.engine.connect() as owner:
        rows = [tuple(row) for row in owner.execute(viewed)]
    reader = world.people["coordinator"]
    people = sorted((world.people["maude"], world.people["karim"]))
    assert rows == [(reader, person, "enrolment:manage", "name") for person in people]


def test_legal_name_of_someone_who_chose_another_is_that_of_nobody(
    coordinator: TestClient, database: Database, world: World
) -> None:
    first, last = names_of(database, world.emails["maude"])
    with database.as_owner() as db:
        db.execute(text("update person set chosen_name = 'Alex Autre' where id = :id"), {"id": world.people["maude"]})
    page = post(coordinator, world, f"autre@exemple.ca;{first};{last};")
    assert "Est-ce la même personne?" not in page
    page = post(coordinator, world, f"{world.emails['maude']};{first};{last};")
    assert "La même personne : Alex Autre" in page


def test_people_of_another_college_are_never_revealed(
    coordinator: TestClient, database: Database, world: World
) -> None:
    """The address and the name of someone elsewhere are as those of nobody."""
    email = world.emails["other_coordinator"]
    first, last = names_of(database, email)
    page = confirm(coordinator, world, f"{email};Zoé;Personne;", f"x@exemple.ca;{first};{last};")
    assert page.count("Invitation envoyée") == 2
    assert [row[0] for row in written(database)] == [email, "x@exemple.ca"]


def test_staff_of_the_college_train_and_another_person_is_invited_by_the_registrar_first(
    coordinator: TestClient, database: Database, world: World
) -> None:
    def row(name: str) -> str:
        email = world.emails[name]
        return ";".join((email, *names_of(database, email), "Formatrice"))

    page = post(coordinator, world, row("trainer"), row("facilitator"), "y@exemple.ca;Y;Zed;formateur")
    for words in ("Forme déjà la cohorte", "Formera la cohorte", "le registrariat l’invite d’abord"):
        assert words in page
    page = confirm(coordinator, world, row("trainer"), row("facilitator"))
    assert "Forme maintenant la cohorte" in page
    assert "Forme déjà la cohorte" in post(coordinator, world, row("facilitator"))
    assert written(database) == []


def test_every_cell_to_correct_is_named_and_the_list_comes_back(
    coordinator: TestClient, database: Database, world: World
) -> None:
    page = post(
        coordinator,
        world,
        LEA,
        "pas une adresse;A;B;",
        "b@exemple.ca;=1+1;B;",
        "c@exemple.ca;C;D;reine",
        confirmed="true",
    )
    for words in ("adresse", "formule", "Rôle inconnu ici"):
        assert words in page
    assert "Léa;Nouvelle;participante" in page
    assert written(database) == []


def test_row_that_names_another_cohort_is_refused(coordinator: TestClient, database: Database, world: World) -> None:
    sheet = "courriel;nom;cohorte\na@exemple.ca;Roy;gen-alm-1\nb@exemple.ca;Cyr;\nc@exemple.ca;Bois;GEN-ROU-1"
    page = plain(coordinator.post(path(world), data={"people": sheet}).text)
    assert page.count("pour un autre endroit") == 1
    assert page.count("Recevra une invitation") == 2
    assert written(database) == []


def test_unknown_headings_are_matched_by_hand_once_and_what_is_left_out_travels_no_more(
    coordinator: TestClient, database: Database, world: World
) -> None:
    sheet = "Nom complet du candidat;Joindre à;Ville\nTremblay;z@exemple.ca;Alma"
    page = plain(coordinator.post(path(world), data={"people": sheet}).text)
    assert "Que contient la colonne « Joindre à »?" in page
    undecided = ["0", "1:courriel", "2:"]
    page = plain(coordinator.post(path(world), data={"people": sheet, "columns": undecided}).text)
    assert "Que contient la colonne « Nom complet du candidat »?" in page
    assert "Nom complet du candidat;courriel\nTremblay;z@exemple.ca\n</textarea>" in page
    page = plain(coordinator.post(path(world), data={"people": sheet, "columns": ["0:nom", *undecided[1:]]}).text)
    [text_back] = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    [digest] = re.findall(r'name="confirmed" value="(\w+)"', page)
    assert text_back == "nom;courriel\nTremblay;z@exemple.ca\n"
    sent = {"people": text_back.replace("\n", "\r\n"), "confirmed": digest}  # as a browser sends a text
    assert "Invitation envoyée" in plain(coordinator.post(path(world), data=sent).text)
    assert written(database) == [("z@exemple.ca", None, world.cohort, "Tremblay")]


def test_unknown_heading_beside_those_that_are_needed_is_left_out_unless_told_otherwise(
    coordinator: TestClient, world: World
) -> None:
    page = plain(coordinator.post(path(world), data={"people": "courriel;nom;Ville\na@exemple.ca;Roy;Alma"}).text)
    assert re.search(r'<option value="2:">Rien d’utile', page)
    assert 'value="2"' not in page


def test_column_of_passwords_is_not_sent_back(coordinator: TestClient, world: World) -> None:
    sheet = "courriel;nom;Mot de passe\na@exemple.ca;Roy;s3cret!"
    page = plain(coordinator.post(path(world), data={"people": sheet}).text)
    assert "chaque personne choisit son mot de passe" in page
    assert "s3cret!" not in page


def test_list_that_its_page_could_not_send_back_is_refused_with_the_row(
    coordinator: TestClient, database: Database, world: World
) -> None:
    """As a form writes it, a letter with an accent takes six signs: the confirmation got 413 after a good preview."""
    columns = [f"Question {n}" for n in range(20)]
    rows = [f"p{n}@exemple.ca;Nom;" + ";".join(["é" * 200] * 20) for n in range(100)]
    sheet = "\n".join((";".join(("courriel", "nom", *columns)), *rows)).encode()
    page = plain(coordinator.post(path(world), files={"file": ("liste.csv", sheet)}).text)
    assert "trop longue pour être relue ici, à partir de cette ligne" in page
    assert "<textarea" not in page
    data = {"columns": [f"{n}:" for n in range(2, 22)]}
    page = plain(coordinator.post(path(world), data=data, files={"file": ("liste.csv", sheet)}).text)
    assert "100 lignes feront quelque chose" in page
    assert written(database) == []


def test_text_that_is_too_long_to_paste_comes_back_with_the_reason(coordinator: TestClient, world: World) -> None:
    answer = coordinator.post(path(world), data={"people": "x" * (LONGEST_TEXT + 1)})
    assert answer.status_code == 422
    assert 'href="#people"' in answer.text


def test_longest_list_is_confirmed_as_a_browser_sends_it(
    coordinator: TestClient, database: Database, world: World
) -> None:
    """Five hundred people, each told to be another than someone of the college: under the megabyte of a form."""
    first, last = names_of(database, world.emails["maude"])
    long = [f"{'é' * 40}{n}@exemple.ca" for n in range(500)]
    rows = [f"{email};{first};{last};" for email in long]
    answers = [f"autre:{email}" for email in long]
    [digest] = re.findall(r'name="confirmed" value="(\w+)"', post(coordinator, world, *rows, answers=answers))
    body = urlencode({"people": "\r\n".join((HEADER, *rows)), "answers": answers, "confirmed": digest}, doseq=True)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert coordinator.post(path(world), content=body, headers=kind).status_code == 200
    assert len(written(database)) == 500


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image"),
        (many(20_000), "plus de 500 personnes"),
        (f"{HEADER}\n{LEA}\n{HEADER}\n".encode(), "répète les titres"),
        (f"{HEADER}\na@exemple.ca;=A1;B;\n".encode(), "formule"),
        (b"\xd0\xcf\x11\xe0", "classeur"),
    ],
    ids=["picture", "rows", "headings", "formula", "old"],
)
def test_file_that_is_no_list_is_refused_with_its_row_and_reason(
    coordinator: TestClient, database: Database, world: World, content: bytes, words: str
) -> None:
    answer = coordinator.post(path(world), data={"confirmed": "true"}, files={"file": ("liste.csv", content)})
    assert answer.status_code == 200
    assert words in plain(answer.text)
    assert written(database) == []


def test_workbook_is_taken_and_the_templates_are_lists(
    coordinator: TestClient, database: Database, world: World
) -> None:
    file = book(("zoe@exemple.ca", "Zoé", "Noël", "", "", ""))
    page = plain(coordinator.post(path(world), files={"file": ("liste.xlsx", file)}).text)
    assert "zoe@exemple.ca" in page
    base = f"/cohortes/{world.cohort}/personnes/modele"
    csv_template = coordinator.get(base + ".csv").content
    assert csv_template.startswith(b"\xef\xbb\xbfcourriel;prenom;nom;nom_usuel;role\r\n")
    for kind in ("csv", "xlsx"):
        content = coordinator.get(f"{base}.{kind}").content
        page = plain(coordinator.post(path(world), files={"file": (f"m.{kind}", content)}).text)
        assert "1 ligne fera quelque chose" in page


def test_nothing_sent_is_refused_and_the_form_comes_back(coordinator: TestClient, world: World) -> None:
    answer = coordinator.post(path(world), data={"people": ""})
    assert answer.status_code == 422
    assert 'name="people"' in answer.text


def test_person_invited_from_a_list_reads_which_cohort_and_opens_their_account(
    coordinator: TestClient, database: Database, world: World
) -> None:
    confirm(coordinator, world, LEA)
    link = link_in(messages(database)[0][2])
    new = {
        "legal_first_name": "Léa",
        "legal_last_name": "Nouvelle",
        "chosen_name": "",
        "password": "trois hiboux myopes",
    }
    with TestClient(coordinator.app, follow_redirects=False) as browser:
        page = browser.get(link).text
        assert "GEN-ALM-1" in page
        assert 'value="Nouvelle"' in page
        assert browser.post(link, data=new).status_code == 303
        assert browser.get(f"/cohortes-ouvertes/{world.cohort}").status_code == 200


# By a program ------------------------------------------------------------------------------------


def test_program_tries_then_sends_a_list(coordinator: TestClient, database: Database, world: World) -> None:
    url = f"/api/v1/cohorts/{world.cohort}/people"
    people = [{"email": "Lea@Alma.example.com", "legal_first_name": "Léa", "legal_last_name": "Nouvelle"}]
    tried = coordinator.post(url, json={"people": people, "dry_run": True}).json()
    assert (tried["written"], tried["people"][0]["outcome"]) == (False, "invited")
    assert written(database) == []
    assert coordinator.post(url, json={"people": people}).json()["written"] is True
    again = coordinator.post(url, json={"people": people}).json()
    assert again["people"][0]["outcome"] == "waiting"
    assert len(written(database)) == 1


def test_program_is_refused_with_every_reason_in_its_place(
    coordinator: TestClient, database: Database, world: World
) -> None:
    first, last = names_of(database, world.emails["maude"])
    people = [
        {"email": "non", "legal_last_name": "A"},
        {"email": "n@exemple.ca", "legal_first_name": first, "legal_last_name": last},
        {"email": "o@exemple.ca", "legal_last_name": "O", "is_same": True},
    ]
    answer = coordinator.post(f"/api/v1/cohorts/{world.cohort}/people", json={"people": people})
    assert answer.status_code == 422
    reasons = {(error["code"], error["field"]) for error in answer.json()["errors"]}
    assert reasons == {
        ("email_invalid", "people.0.email"), ("import_same_name", "people.1.email"),
        ("unknown_person", "people.2.email"),
    }  # fmt: skip
    assert written(database) == []
    same = {"email": "n@exemple.ca", "legal_first_name": first, "legal_last_name": last, "is_same": True}
    answer = coordinator.post(f"/api/v1/cohorts/{world.cohort}/people", json={"people": [same]})
    assert answer.json()["people"][0]["outcome"] == "already_here"
