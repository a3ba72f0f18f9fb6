"""Nobody decides on their own enrolment, gives themselves a role, or records their own presence."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import ApplyCommand, MoveCommand
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.service import see_open_cohort
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import grant_role
from app.platform.database.transaction import Database
from app.platform.errors import Forbidden
from app.platform.security.permissions import P, Role
from tests.factories.cohorts import set_state
from tests.factories.network import World, acting, as_, count

V1 = "/api/v1"


def apply(database: Database, world: World, who: str) -> int:
    """Return the id of an application of someone's to the cohort of Alma."""
    with database.transaction() as db:
        applicant = acting(db, world, who, P.COHORT_APPLY)
        cohort = see_open_cohort(db, applicant, world.cohort)
        return enrolments.apply(db, applicant, cohort, ApplyCommand(motive="Apprendre.")).id


def admit(database: Database, world: World, enrolment_id: int, by: str = "coordinator") -> None:
    """Admit someone."""
    with database.transaction() as db:
        actor = acting(db, world, by, P.ENROLMENT_MANAGE)
        ref = enrolments.see_enrolment(db, actor, enrolment_id)
        enrolments.move(db, actor, ref, MoveCommand(to=EnrolmentState.ADMITTED, reason="Exception."))


def state(database: Database, world: World, enrolment_id: int) -> EnrolmentState:
    """Return the state of an enrolment of Alma."""
    with database.transaction(colleges=[world.alma]) as db:
        return db.get_one(Enrolment, enrolment_id).state


def test_coordinator_admits_nobody_named_herself(client: TestClient, database: Database, world: World) -> None:
    own = apply(database, world, "coordinator")
    as_(client, database, world, "coordinator")
    answer = client.post(f"{V1}/enrolments/{own}/moves", json={"to": "admitted", "reason": "Moi."})
    assert (answer.status_code, answer.json()["code"]) == (403, "own_case")
    assert "autre personne du collège" in answer.json()["errors"][0]["message"]
    page = client.post(f"/cohortes/{world.cohort}/candidatures/{own}", data={"to": "admitted", "reason": "Moi."})
    assert page.status_code == 403
    assert state(database, world, own) is EnrolmentState.APPLIED


def test_coordinator_starts_all_but_herself(client: TestClient, database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["registrar"], Role.COORDINATOR, college_id=world.alma)
    own, other = apply(database, world, "coordinator"), apply(database, world, "nobody")
    set_state(database, world, CohortState.OPEN)
    admit(database, world, own, by="registrar")
    admit(database, world, other)
    as_(client, database, world, "coordinator")
    moves = f"{V1}/cohorts/{world.cohort}/moves"
    shown = client.get(f"{moves}/running").json()["shown"]
    started = client.post(moves, json={"to": "running", "shown": shown}).json()
    assert (started["state"], started["people"]) == ("running", 1)
    assert state(database, world, own) is EnrolmentState.ADMITTED
    assert state(database, world, other) is EnrolmentState.ACTIVE


def test_nobody_gives_themselves_a_role(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    answer = client.post(f"{V1}/cohorts/{world.cohort}/staff", json={"person_id": world.people["coordinator"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "grants_oneself")
    assert client.post(
        f"/cohortes/{world.cohort}/equipe", data={"person_id": world.people["coordinator"]}
    ).status_code == 403  # fmt: skip
    with database.transaction(colleges=[world.alma]) as db:
        held = select(RoleGrantRow.role).where(RoleGrantRow.person_id == world.people["coordinator"])
        assert set(db.exec(held).all()) == {Role.COORDINATOR}


def test_nobody_invites_their_own_address(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "registrar")
    body = {"email": world.emails["registrar"], "role": "coordinator"}
    answer = client.post(f"{V1}/colleges/{world.alma}/invitations", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "grants_oneself")
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "invitation") == 0


@pytest.mark.parametrize(
    ("granter", "role", "code"),
    [
        ("coordinator", Role.COORDINATOR, "role_above_yours"),
        ("coordinator", Role.REGISTRAR, "role_above_yours"),
        ("trainer", Role.FACILITATOR, "role_above_yours"),
        ("other_registrar", Role.TRAINER, "role_above_yours"),
        ("registrar", Role.REGISTRAR, "role_above_yours"),
        ("admin", Role.ADMIN, "role_above_yours"),
        ("maude", Role.PARTICIPANT, "grants_oneself"),
    ],
)
def test_role_is_given_by_another_person_of_higher_rank(
    database: Database, world: World, granter: str, role: Role, code: str
) -> None:
    with database.transaction() as db:
        acting(db, world, "admin")
        with pytest.raises(Forbidden) as refused:
            grant_role(
                db, world.people["maude"], role, college_id=None if role is Role.ADMIN else world.alma,
                granted_by=world.people[granter],
            )  # fmt: skip
    assert refused.value.code == code
