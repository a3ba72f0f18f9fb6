"""Whom the rows of a list are about: people whom the college knows, by their address or the name that is shown."""

import sys
from types import FrameType

import pytest

from app.cohorts.imports.rules import ForCohort
from app.identity.imports.enums import RowOutcome
from app.identity.imports.people import Answers, CheckedPerson, KnownPeople, KnownPerson, check_people, names_in
from app.identity.imports.sheet import Column, Sheet, read_sheet

MAXIME = KnownPerson(1, "Maxime Bérubé-Roy", "maxime@exemple.ca")
NOBODY = Answers()


def sheet_of(*rows: str) -> Sheet:
    text = "\n".join(("courriel;prenom;nom;nom_usuel;role", *rows))
    return read_sheet(text.encode(), required=(Column.EMAIL,))


def check(*rows: str, people: tuple[KnownPerson, ...] = (MAXIME,), answers: Answers = NOBODY) -> list[CheckedPerson]:
    return list(check_people(sheet_of(*rows), KnownPeople(people), answers, ForCohort()))


@pytest.mark.parametrize("names", ["Maxime;Bérubé-Roy;", "ROY;Maxime Berube;", "Marie;Tremblay;Maxime Bérubé-Roy"])
def test_row_that_gives_the_shown_name_of_someone_known_is_asked_about(names: str) -> None:
    [row] = check(f"autre@exemple.ca;{names};")
    assert (row.outcome, row.candidates) == (RowOutcome.ASKED, (MAXIME,))


def test_row_with_the_address_of_someone_known_under_another_name_is_asked_about() -> None:
    """Their legal name too, when they chose another: a list finds out no legal name by what it is not asked."""
    [row] = check("maxime@exemple.ca;Marie;Bérubé-Roy;;")
    assert (row.outcome, row.candidates) == (RowOutcome.ASKED, (MAXIME,))


def test_row_with_the_address_and_the_shown_name_of_someone_known_is_not_asked_about() -> None:
    [row] = check("MAXIME@exemple.ca;maxime;berube roy;;")
    assert (row.outcome, row.person) == (RowOutcome.INVITED, MAXIME)


def test_people_of_one_name_are_all_asked_about_in_order_and_the_answer_is_one_of_them() -> None:
    other = KnownPerson(2, "Bérubé-Roy Maxime", None)
    row = "autre@exemple.ca;Maxime;Bérubé-Roy;;"
    assert check(row, people=(MAXIME, other))[0].candidates == (MAXIME, other)
    [settled] = check(row, people=(MAXIME, other), answers=Answers({"autre@exemple.ca": 2}))
    assert (settled.outcome, settled.person) == (RowOutcome.INVITED, other)
    [refused] = check(row, people=(MAXIME, other), answers=Answers({"autre@exemple.ca": 3}))
    assert [reason.code for reason in refused.reasons] == ["unknown_person"]


def test_person_whose_name_a_refusal_says_is_among_those_whom_the_row_showed() -> None:
    [row] = check("maxime@exemple.ca;Marie;Roy;;", answers=Answers(another=frozenset({"maxime@exemple.ca"})))
    assert [reason.code for reason in row.reasons] == ["import_address_of_other"]
    assert row.person == MAXIME


def test_names_of_a_list_are_those_that_its_rows_give_legal_and_chosen() -> None:
    rows = ("a@exemple.ca;Marie;St-Pierre;Max;", "b@exemple.ca;marie;saint pierre;;", "c@exemple.ca;;;;")
    assert names_in(sheet_of(*rows)) == {("marie", "pierre", "saint"), ("max",)}


def calls(rows: int, people: int) -> int:
    """Return how many functions checking a list calls, beside a college's people."""
    sheet = sheet_of(*(f"p{n}@exemple.ca;Prénom{n};Nom{n};;" for n in range(rows)))
    known = KnownPeople(tuple(KnownPerson(n, f"Prénom{n} Autre{n}", f"c{n}@exemple.ca") for n in range(people)))
    counted = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal counted
        counted += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        check_people(sheet, known, NOBODY, ForCohort())
    finally:
        sys.setprofile(before)
    return counted


def test_work_of_a_row_does_not_grow_with_the_people_of_the_college() -> None:
    """Each name is spelled once: compared row by row with everyone, a list of 500 took half a minute at a college."""
    calls(20, 40)  # what is made once is made
    assert calls(20, 40) == calls(20, 400)
