"""Reading a sheet of people and checking its rows: the files of the field, and their siblings."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from app.identity.imports.records import WINDOWS
from app.identity.imports.rules import Known, KnownCollege, KnownName, Outcome, Report, addresses, check, role_named
from app.identity.imports.sheet import COLUMN_OF, MAX_ROWS, Column, Sheet, heading_key, read_sheet
from app.identity.invitations.rules import Place
from app.platform.locations import ROOT
from app.platform.messages.i18n import explain
from app.platform.security.permissions import Role

SHEETS = Path(__file__).parent / "sheets"
COLLEGES = (
    KnownCollege(1, "piekouagami", "Cégep de Piékouagami", {"GEN-1": 11, "GEN-2": 12}),
    KnownCollege(2, "havre", "Collège du Havre", {}),
    KnownCollege(3, "anse", "Collège de l’Anse", {}, is_closed=True),
)
ODILE = KnownName("Odile", "Labbé", "", has_account=True)
HEADER = "courriel;prenom;nom;role;college;cohorte"
ALIX = "alix.tremblay@exemple.ca;Alix;Tremblay;trainer;piekouagami;"
TRAINER = Place(Role.TRAINER, college_id=1)


def known(
    names: dict[str, KnownName] | None = None,
    *,
    held: Iterable[tuple[str, Place]] = (),
    waiting: Iterable[tuple[str, Place]] = (),
    projects: tuple[int, ...] = (5,),
) -> Known:
    return Known(COLLEGES, projects, names or {}, frozenset(held), frozenset(waiting))


def sheet_of(*rows: str, encoding: str = "utf-8", end: str = "\r\n") -> Sheet:
    return read_sheet(end.join(rows).encode(encoding))


def checked(*rows: str, confirmed: Iterable[str] = (), facts: Known | None = None) -> Report:
    return check(sheet_of(HEADER, *rows), facts or known(), confirmed=confirmed)


def case(name: str, facts: Known | None = None) -> Report:
    """Return the report of a file of the field."""
    return check(read_sheet((SHEETS / name).read_bytes()), facts or known())


def problems(report: Report | Sheet) -> list[tuple[int, str, str | None]]:
    return [(p.row, p.reason.code, p.reason.field) for p in report.problems]


def test_row_of_a_closed_college_is_refused() -> None:
    report = checked("alix.tremblay@exemple.ca;Alix;Tremblay;trainer;anse;")
    assert problems(report) == [(2, "college_closed", "college")]


# The files of the field --------------------------------------------------------------------------


def test_rows_that_excel_left_blank_are_no_people() -> None:
    report = case("i02-lignes-vides-excel.csv")
    assert problems(report) == []
    assert [(row.row, row.invitee.email) for row in report.rows] == [(2, "alix.tremblay@exemple.ca")]


def test_headings_with_accents_and_capitals_are_read() -> None:
    report = case("i05-entetes-accents.csv")
    assert problems(report) == []
    assert [row.places for row in report.rows] == [(TRAINER,)]


def test_person_with_one_name_is_invited() -> None:
    report = case("i13-mononyme.csv")
    assert problems(report) == []
    names = [(row.invitee.legal_first_name, row.invitee.legal_last_name) for row in report.rows]
    assert names == [(None, "Sukarno"), (None, "Madonna")]


def test_address_of_another_person_is_announced_and_nothing_is_offered() -> None:
    """A silent match once made someone else a facilitator of another college."""
    report = case("i15-autre-personne.csv", known({"odile.labbe@yamaska.example.com": ODILE}))
    assert report.rows == ()
    [problem] = report.problems
    assert (problem.row, problem.reason.code, problem.reason.field) == (2, "import_another_account", "courriel")
    assert "Odile Labbé" in explain(problem.reason)


def test_roles_in_the_feminine_and_the_masculine_are_read() -> None:
    report = case("i16-role-francais.csv")
    assert problems(report) == []
    roles = [place.role for row in report.rows for place in row.places]
    assert roles == [Role.TRAINER, Role.TRAINER, Role.COORDINATOR, None], "without a role, a person may apply"


def test_sixty_people_are_invited_without_a_password() -> None:
    report = case("i21-60-personnes.csv")
    assert problems(report) == []
    assert len({row.invitee.email for row in report.rows}) == 60
    assert "password" not in type(report.rows[0].invitee).model_fields


# What spreadsheets write -------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_sheet_is_read_whatever_its_separator_encoding_and_ends_of_line(
    separator: str, encoding: str, end: str
) -> None:
    rows = (HEADER.replace("prenom", "Prénom"), "zoe@exemple.ca;Zoé;Noël;Formatrice;havre;")
    read = sheet_of(*(row.replace(";", separator) for row in rows), encoding=encoding, end=end)
    assert problems(read) == []
    assert [(line.row, line.cells[Column.FIRST_NAME], line.cells[Column.LAST_NAME]) for line in read.lines] == [
        (2, "Zoé", "Noël")
    ]
    assert (read.encoding == WINDOWS) is (encoding == "cp1252")


def test_separator_within_quotes_and_line_breaks_within_a_cell_are_text() -> None:
    read = sheet_of(
        HEADER + ";nom usuel", 'a@exemple.ca;Léo;"Roy;\r\n Dit ""Noé""";trainer;havre;;"Léo, dit Noé"', ALIX
    )
    assert problems(read) == []
    assert read.lines[0].cells[Column.LAST_NAME] == 'Roy; Dit "Noé"'
    assert read.lines[0].cells[Column.CHOSEN_NAME] == "Léo, dit Noé"
    assert [line.row for line in read.lines] == [2, 3], "as the spreadsheet numbers its rows"


def test_row_numbers_are_those_of_the_spreadsheet_blank_rows_included() -> None:
    report = check(sheet_of(";;;;;", HEADER, ";;;;;", "\u00a0; ;;;;", "x;A;B;trainer;havre;"), known())
    assert [problem.row for problem in report.problems] == [5]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_title_above_the_headings_is_no_person(separator: str) -> None:
    rows = ("Personnel de formation, 2026", "", '"Mis à jour; le 26 novembre"')
    read = sheet_of(*rows, *(row.replace(";", separator) for row in (HEADER, ALIX)))
    assert problems(read) == []
    assert [line.row for line in read.lines] == [5]


def test_separator_that_excel_names_on_its_first_line_is_followed() -> None:
    read = read_sheet(f"sep=|\r\n{HEADER}\r\n{ALIX}\r\n".replace(";", "|").encode())
    assert [(line.row, line.cells[Column.LAST_NAME]) for line in read.lines] == [(3, "Tremblay")]


def test_spaces_around_and_within_cells_are_normalised() -> None:
    report = checked("  Alix.Tremblay@Exemple.CA\u00a0;  Alix   Ève ; Tremblay\u00a0;  TRAINER ; Piekouagami ;")
    [row] = report.rows
    assert (row.invitee.email, row.invitee.legal_first_name) == ("alix.tremblay@exemple.ca", "Alix Ève")
    assert row.places == (TRAINER,)


@pytest.mark.parametrize(
    "header",
    [
        "Adresse courriel;First name;Last name;Role;College;Cohort",
        "COURRIEL (obligatoire);Prénoms :;Nom de famille *;Rôle;Établissement;Groupe",
        "E-mail;Given name;Family-name;Fonction;Cégep;Cohorte",
    ],
)
def test_headings_are_read_in_french_and_english_with_remarks(header: str) -> None:
    report = check(sheet_of(header, ALIX), known())
    assert problems(report) == []
    assert [row.places for row in report.rows] == [(TRAINER,)]


def test_column_without_heading_or_cells_is_ignored() -> None:
    assert problems(sheet_of(HEADER + ";;", ALIX + ";;", ALIX + ";;;;")) == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((), [(1, "import_empty", None)]),
        ((";;", ""), [(1, "import_empty", None)]),
        (("courriel;prenom;v", "a@exemple.ca;A;Alma"), [(1, "import_heading", "v"), (1, "import_missing", "role")]),
        (("courriel;role;college", "a@exemple.ca;trainer;havre"), [(1, "import_missing", "nom")]),
        ((HEADER + ";Mot de passe", ALIX + ";secret"), [(1, "import_passwords", "Mot de passe")]),
        ((HEADER + ";Courrier;Email", ALIX), [(1, "import_heading", "Courrier"), (1, "import_heading_twice", "Email")]),
        ((HEADER + ";", ALIX + ";orphelin"), [(1, "import_heading", "7")]),
        ((HEADER, ALIX + ";de trop"), [(2, "import_cells", "row")]),
        ((HEADER, 'a@exemple.ca;"Alix;Tremblay;trainer;havre;'), [(2, "import_quotes", "row")]),
        ((HEADER.replace(";", ","), 'a@exemple.ca,"Alix,Tremblay,trainer,havre,'), [(2, "import_quotes", "row")]),
        ((HEADER, 'a@exemple.ca;"Alix"e;Tremblay;trainer;havre;'), [(2, "import_quotes", "row")]),
    ],
)  # fmt: skip
def test_sheet_of_a_wrong_form_is_refused_with_its_place(
    rows: tuple[str, ...], expected: list[tuple[int, str, str | None]]
) -> None:
    assert problems(sheet_of(*rows)) == expected


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04 a workbook", "import_unreadable"),
        (b"\xd0\xcf\x11\xe0 an older one", "import_workbook"),
        (b"courriel;nom\x81\x8d", "import_encoding"),
        (b"\xff\xfe\x00", "import_encoding"),
    ],
)
def test_file_that_is_no_text_is_refused(data: bytes, code: str) -> None:
    assert [problem.reason.code for problem in read_sheet(data).problems] == [code]


def test_sheet_that_is_too_long_is_refused() -> None:
    rows = [f"p{n}@exemple.ca;P;N;trainer;havre;" for n in range(MAX_ROWS + 1)]
    assert problems(sheet_of(HEADER, *rows)) == [(MAX_ROWS + 2, "import_rows", "row")]
    assert problems(sheet_of(HEADER, *rows[1:])) == []


def test_wrong_heading_hides_no_problem_of_the_rows() -> None:
    report = check(sheet_of(HEADER + ";ville", "x;A;B;sorcière;;;Alma"), known())
    assert [problem.reason.code for problem in report.problems] == [
        "import_heading", "email_invalid", "import_role", "import_college",
    ]  # fmt: skip


# Roles, colleges, cohorts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "role"),
    [
        ("participante", Role.PARTICIPANT), ("Conseillère numérique", Role.PARTICIPANT),
        ("Participant(e)", Role.PARTICIPANT),
        ("FORMATEUR", Role.TRAINER), ("formateur·trice", Role.TRAINER), ("Formatrice/formateur", Role.TRAINER),
        ("formatrice ou formateur", Role.TRAINER), ("Formation", Role.TRAINER),
        ("Animatrice", Role.FACILITATOR), ("facilitateur", Role.FACILITATOR), ("animateur-trice", Role.FACILITATOR),
        ("Coordonnateur", Role.COORDINATOR), ("coordinator", Role.COORDINATOR),
        ("coordonnateur(trice)", Role.COORDINATOR),
        ("Registraire", Role.REGISTRAR), ("observatrice", Role.OBSERVER), ("Administrateur", Role.ADMIN),
        *((role.value, role) for role in Role),
    ],
)  # fmt: skip
def test_role_is_named_in_both_genders_and_in_english(typed: str, role: Role) -> None:
    assert role_named(typed) is role


@pytest.mark.parametrize("typed", ["", "sorcière", "formatrice animatrice", "formatrice ou sorcière", "-"])
def test_role_that_is_unknown_or_two_is_none(typed: str) -> None:
    assert role_named(typed) is None


def test_unknown_values_are_refused_with_the_valid_ones() -> None:
    report = checked("a@exemple.ca;A;B;sorcière;atlantide;", "b@exemple.ca;A;B;trainer;piekouagami;GEN-9")
    assert problems(report) == [
        (2, "import_role", "role"),
        (2, "import_college", "college"),
        (3, "import_cohort", "cohorte"),
    ]
    texts = [explain(problem.reason) for problem in report.problems]
    assert "formatrice/formateur" in texts[0]
    assert "registraire" in texts[0]
    assert "havre, piekouagami" in texts[1]
    assert "GEN-1, GEN-2" in texts[2]


def test_college_and_cohort_are_compared_without_accents_or_case() -> None:
    report = checked("a@exemple.ca;A;B;formatrice;cegep de piekouagami;gen-1")
    assert [row.places for row in report.rows] == [(Place(Role.TRAINER, college_id=1, cohort_id=11),)]


def test_cohort_is_for_trainers_only() -> None:
    rows = ("a@exemple.ca;A;B;participante;piekouagami;GEN-1", "b@exemple.ca;A;B;animatrice;piekouagami;GEN-1")
    assert [code for _, code, _ in problems(checked(*rows))] == ["import_enrolment", "cohort_for_trainers"]


def test_platform_roles_have_no_college() -> None:
    report = checked("a@exemple.ca;A;B;admin;;", "o@exemple.ca;O;B;observatrice;;", "c@exemple.ca;C;B;admin;havre;")
    assert [row.places for row in report.rows] == [(Place(Role.ADMIN),), (Place(Role.OBSERVER, project_id=5),)]
    assert problems(report) == [(4, "import_no_college", "college")]
    assert problems(checked("o@exemple.ca;O;B;observer;;", facts=known(projects=()))) == [(2, "import_project", "role")]


# Who --------------------------------------------------------------------------------------------


def test_all_problems_of_a_sheet_are_listed_at_once() -> None:
    report = checked(
        "pas une adresse;A;B;trainer;havre;", ";;B;sorcière;havre;", "c@exemple.ca;;;trainer;ailleurs;", ALIX
    )
    assert problems(report) == [
        (2, "email_invalid", "courriel"),
        (3, "missing", "courriel"), (3, "import_role", "role"),
        (4, "import_name", "nom"), (4, "import_college", "college"),
    ]  # fmt: skip
    assert [row.row for row in report.rows] == [5]


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ("a@exemple.ca;;123;trainer;havre;", "name_without_letter", "nom"),
        ("a@exemple.ca;A\x07B;C;trainer;havre;", "refused_character", "prenom"),
        ("a\x07@exemple.ca;B;C;trainer;havre;", "refused_character", "courriel"),
        ("a@exemple.ca;\u200b;\u2060;trainer;havre;", "import_name", "nom"),
    ],
)
def test_name_or_address_that_is_no_text_is_named_in_its_place(row: str, code: str, field: str) -> None:
    assert problems(checked(row)) == [(2, code, field)]


def test_invisible_letters_of_a_sheet_are_removed() -> None:
    [row] = checked("\u200balix@exemple.ca;Al\u200bix;Trem\u2060blay;form\u200batrice;ha\u200bvre;").rows
    assert (row.invitee.email, row.invitee.legal_last_name) == ("alix@exemple.ca", "Tremblay")
    assert row.places == (Place(Role.TRAINER, college_id=2),)
    assert checked("\u200b;\u2060;\ufeff;;;").rows == ()


def test_name_that_is_too_long_is_named_by_its_heading() -> None:
    [problem] = check(
        sheet_of(HEADER.replace(";nom;", ";Nom de famille;"), f"a@exemple.ca;A;{'x' * 101};trainer;havre;"), known()
    ).problems
    assert (problem.reason.code, problem.reason.field) == ("too_long", "Nom de famille")


@pytest.mark.parametrize(
    ("first", "last", "chosen", "same"),
    [
        ("Odile", "Labbé", "", True),
        ("ODILE", "LABBE", "", True),
        ("Labbé", "Odile", "", True),
        ("", "Odile Labbé", "", True),
        ("Odile", "Labb\u00e9\u200b", "", True),
        ("Odile", "Labbé-Roy", "", False),
        ("Odette", "Labbé", "", False),
        ("Gaston", "Autre", "Odile Labbé", True),
    ],
)
def test_names_are_one_persons_when_their_words_are_the_same(first: str, last: str, chosen: str, same: bool) -> None:
    sheet = sheet_of(f"{HEADER};nom_usuel", f"o@exemple.ca;{first};{last};trainer;havre;;{chosen}")
    report = check(sheet, known({"o@exemple.ca": ODILE}))
    assert bool(report.rows) is same
    assert bool(report.problems) is not same


def test_account_of_the_same_person_is_announced_and_asked_to_accept() -> None:
    [row] = checked("O@exemple.ca;Odile;Labbé;animatrice;havre;", facts=known({"o@exemple.ca": ODILE})).rows
    assert (row.outcome, row.account_name) == (Outcome.INVITED_ACCOUNT, "Odile Labbé")


def test_confirmed_address_lets_another_name_pass_and_no_other_row() -> None:
    facts = known({"o@exemple.ca": ODILE, "p@exemple.ca": ODILE})
    rows = ("o@exemple.ca;Odile;Roy;trainer;havre;", "p@exemple.ca;Paul;Roy;trainer;havre;")
    report = checked(*rows, confirmed=[" O@Exemple.ca"], facts=facts)
    assert [row.row for row in report.rows] == [2]
    assert problems(report) == [(3, "import_another_account", "courriel")]


def test_open_invitation_under_another_name_needs_a_confirmation_too() -> None:
    facts = known({"o@exemple.ca": KnownName("Odile", "Labbé", "", has_account=False)})
    row = "o@exemple.ca;Gaston;Roy;trainer;havre;"
    assert problems(checked(row, facts=facts)) == [(2, "import_another_invitation", "courriel")]
    assert problems(checked(row, facts=facts, confirmed=["o@exemple.ca"])) == []


def test_invitation_that_names_nobody_is_nobody_elses() -> None:
    facts = known({"o@exemple.ca": KnownName("", "", "", has_account=False)})
    assert problems(checked("o@exemple.ca;Gaston;Roy;trainer;havre;", facts=facts)) == []


def test_address_shared_by_two_people_of_the_sheet_is_refused_even_confirmed() -> None:
    rows = ("bureau@exemple.ca;Odile;Roy;trainer;havre;", "Bureau@exemple.ca;Paul;Roy;trainer;havre;")
    report = checked(*rows, confirmed=["bureau@exemple.ca"])
    assert problems(report) == [(3, "import_another_row", "courriel")]


# Twice is once -----------------------------------------------------------------------------------


def test_row_that_repeats_another_offers_nothing_more() -> None:
    report = checked(ALIX, ALIX.replace("trainer", "Formatrice"), ALIX.replace("trainer", "animatrice"))
    assert [row.outcome for row in report.rows] == [Outcome.INVITED, Outcome.REPEATED, Outcome.INVITED]
    assert [len(row.places) for row in report.rows] == [1, 0, 1]


def test_role_held_or_offered_already_asks_for_nothing() -> None:
    email = "alix.tremblay@exemple.ca"
    alix = KnownName("Alix", "Tremblay", "", has_account=True)
    held, waiting = known({email: alix}, held=[(email, TRAINER)]), known(waiting=[(email, TRAINER)])
    for facts, outcome in ((held, Outcome.HELD), (waiting, Outcome.WAITING)):
        [row] = checked(ALIX, facts=facts).rows
        assert (row.outcome, row.places) == (outcome, ())


def test_participant_who_has_an_account_is_left_alone() -> None:
    facts = known({"o@exemple.ca": ODILE})
    [row] = checked("o@exemple.ca;Odile;Labbé;participante;havre;", facts=facts).rows
    assert (row.outcome, row.places) == (Outcome.HELD, ())


def test_addresses_are_those_that_accounts_store() -> None:
    assert addresses(sheet_of(HEADER, " A@Exemple.ca;A;B;trainer;havre;")) == {"a@exemple.ca"}


def test_documented_columns_headings_and_roles_are_read() -> None:
    page = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page, flags=re.MULTILINE)
    assert [column for column, _ in rows] == [
        "courriel", "prenom", "nom", "role", "college", "cohorte", "nom_usuel",
    ]  # fmt: skip
    for column, headings in rows:
        assert {COLUMN_OF.get(heading_key(heading)) for heading in (column, *headings.split(","))} == {column}
    listed = page.partition("in English: ")[2].partition(".")[0]
    roles = [role_named(re.sub(r"\(.*?\)", "", words, flags=re.DOTALL)) for words in re.split(r",\s+", listed)]
    assert set(roles) == set(Role)
