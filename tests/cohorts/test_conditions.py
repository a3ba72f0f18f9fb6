"""Admission conditions of a path: shown before applying and to who decides; an exception takes a reason."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cohorts.enums import EnrolmentState
from app.platform.database.transaction import Database
from app.platform.errors import Conflict
from tests.factories.network import World, as_
from tests.factories.statements import recorded_statements
from tests.factories.waitlist import add_people, answer, apply, fill, move, state_of

V1 = "/api/v1"
S = EnrolmentState


@pytest.fixture
def specialist(database: Database, world: World) -> World:
    """The world, whose cohort follows the specialist path for who applies from now on."""
    with database.engine.begin() as owner:
        owner.execute(text("update cohort set curriculum_slug = 'specialise' where id = :id"), {"id": world.cohort})
    return world


def complete_elsewhere(database: Database, world: World, who: str) -> None:
    """Let someone have completed the generalist path in the other college."""
    with database.engine.begin() as owner:
        owner.execute(
            text(
                "insert into enrolment (college_id, cohort_id, person_id, curriculum_slug, curriculum_version, state)"
                " select college_id, id, :person, 'generaliste', '1.0', 'completed' from cohort where id = :cohort"
            ),
            {"person": world.people[who], "cohort": world.other_cohort},
        )


def refusal(database: Database, world: World, who: str, to: EnrolmentState) -> str:
    """Return the code by which a change of state without a reason is refused."""
    with pytest.raises(Conflict) as refused:
        move(database, world, who, to, None)
    return refused.value.code


def test_condition_that_is_not_met_is_shown_and_its_exception_takes_a_reason_that_the_history_keeps(
    client: TestClient, database: Database, specialist: World
) -> None:
    [who] = add_people(database, specialist, 1)
    as_(client, database, specialist, who)
    shown = client.get(f"/cohortes-ouvertes/{specialist.cohort}").text
    assert "Vous n’avez pas terminé" in shown
    assert 'name="motive"' in shown, "one may apply all the same"
    conditions = client.get(f"{V1}/cohorts/{specialist.cohort}/admission-conditions").json()
    assert conditions["is_met"] is False
    assert len(conditions["paths_before"]) == 1
    apply(database, specialist, who)
    as_(client, database, specialist, "coordinator")
    page = f"/cohortes/{specialist.cohort}/candidatures"
    assert "N’a pas terminé" in client.get(page).text
    read = client.get(f"{V1}/cohorts/{specialist.cohort}/applications").json()["items"]
    assert [a["meets_conditions"] for a in read if a["enrolment_id"] == specialist.enrolments[who]] == [False]
    assert refusal(database, specialist, who, S.ADMITTED) == "condition_unmet"
    assert refusal(database, specialist, who, S.WAITLISTED) == "condition_unmet"
    sent = client.post(f"{page}/{specialist.enrolments[who]}", data={"to": "admitted", "reason": ""})
    assert sent.status_code == 409
    assert "Pour faire une exception, écrivez-en la raison." in sent.text
    move(database, specialist, who, S.ADMITTED, "Positionnement de niveau 2.")
    last = client.get(f"{V1}/enrolments/{specialist.enrolments[who]}/moves").json()[-1]
    assert (last["reason"], last["exceptions"]) == ("Positionnement de niveau 2.", ["condition_unmet"])
    history = client.get(f"/inscriptions/{specialist.enrolments[who]}").text
    assert "les conditions d’admission du parcours" in history


def test_path_completed_in_another_college_meets_the_condition(
    client: TestClient, database: Database, specialist: World
) -> None:
    [who] = add_people(database, specialist, 1)
    complete_elsewhere(database, specialist, who)
    as_(client, database, specialist, who)
    assert "Vous avez terminé" in client.get(f"/cohortes-ouvertes/{specialist.cohort}").text
    apply(database, specialist, who)
    as_(client, database, specialist, "coordinator")
    shown = client.get(f"/cohortes/{specialist.cohort}/candidatures").text
    assert "A terminé" in shown
    move(database, specialist, who, S.ADMITTED, None)
    assert client.get(f"{V1}/enrolments/{specialist.enrolments[who]}/moves").json()[-1]["exceptions"] == []


def test_exception_is_decided_once_for_who_waits(database: Database, specialist: World) -> None:
    first, second = add_people(database, specialist, 2)
    for who in (first, second):
        apply(database, specialist, who)
        move(database, specialist, who, S.WAITLISTED, "Positionnement de niveau 2.")
    move(database, specialist, first, S.ADMITTED, None)
    fill(database, specialist)
    answer(database, specialist, second, accept=True)
    assert state_of(database, specialist, second) is S.ADMITTED


def test_path_that_asks_for_none_takes_no_exception(client: TestClient, database: Database, world: World) -> None:
    [who] = add_people(database, world, 1)
    as_(client, database, world, who)
    conditions = client.get(f"{V1}/cohorts/{world.cohort}/admission-conditions").json()
    assert (conditions["paths_before"], conditions["is_met"]) == ([], True)
    apply(database, world, who)
    move(database, world, who, S.ADMITTED, None)


def test_page_of_applications_asks_once_who_meets_the_conditions(
    client: TestClient, database: Database, specialist: World
) -> None:
    people = add_people(database, specialist, 4)
    for who in people:
        apply(database, specialist, who)
    move(database, specialist, people[1], S.ADMITTED, "Positionnement de niveau 2.")
    move(database, specialist, people[2], S.REFUSED, "Complet.")
    complete_elsewhere(database, specialist, people[0])
    as_(client, database, specialist, "coordinator")
    with recorded_statements(database) as statements:
        html = client.get(f"/cohortes/{specialist.cohort}/candidatures").text
    assert html.count("N’a pas terminé") == 1, "of the two who wait, one has completed it"
    assert sum("who_completed" in statement for statement in statements) == 1
