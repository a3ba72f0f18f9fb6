"""A change of an enrolment's state is corrected or reconsidered, with a reason; both stay in the history (BR-04)."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.history import moves as history_of
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.proposals import service as proposals
from app.cohorts.proposals.schemas import DecideMove
from app.identity.roles.models import RoleGrantRow
from app.platform.database.transaction import Database
from app.platform.errors import Conflict
from app.platform.security.permissions import P, Role
from app.progress.service import mismatches
from tests.factories import eligible
from tests.factories.codev import create_group
from tests.factories.cohorts import set_capacity
from tests.factories.network import World, acting, as_

S = EnrolmentState
WHY = "Une erreur."


def move(database: Database, world: World, who: str, to: S, reason: str | None = WHY) -> None:
    """Change someone's state as the coordinator."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        ref = enrolments.see_enrolment(db, actor, world.enrolments[who])
        enrolments.move(db, actor, ref, MoveCommand(to=to, reason=reason))


def refusal(database: Database, world: World, who: str, to: S, reason: str | None = WHY) -> str:
    """Return the code of the refusal of a change."""
    with pytest.raises(Conflict) as refused:
        move(database, world, who, to, reason)
    return refused.value.code


def places(database: Database, world: World, who: str) -> set[tuple[bool, bool]]:
    """Return where someone participates now: ``(in a cohort, in a group)``."""
    with database.transaction(colleges=[world.alma]) as db:
        held = select(RoleGrantRow).where(
            RoleGrantRow.person_id == world.people[who],
            RoleGrantRow.role == Role.PARTICIPANT,
            col(RoleGrantRow.ended_at).is_(None),
        )
        return {(row.cohort_id is not None, row.group_id is not None) for row in db.exec(held).all()}


def test_return_after_a_withdrawal_keeps_both_and_gives_the_roles_back(database: Database, world: World) -> None:
    create_group(database, world)
    before = places(database, world, "maude")
    move(database, world, "maude", S.WITHDRAWN)
    assert places(database, world, "maude") == {(False, False)}
    assert refusal(database, world, "maude", S.ACTIVE, None) == "reason_needed"
    assert refusal(database, world, "maude", S.APPLIED) == "move_not_allowed"
    move(database, world, "maude", S.ACTIVE, "De retour.")
    assert places(database, world, "maude") == before
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_READ)
        history = history_of(db, enrolments.see_enrolment(db, actor, world.enrolments["maude"]))
        assert [(m.to_state, m.reason) for m in history][-2:] == [(S.WITHDRAWN, WHY), (S.ACTIVE, "De retour.")]
    with database.as_owner() as db:
        assert mismatches(db) == []


def test_return_takes_a_seat(database: Database, world: World) -> None:
    move(database, world, "maude", S.WITHDRAWN)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.COHORT_MANAGE)
        set_capacity(db, cohorts.see_cohort(db, actor, world.cohort), 3)
    assert refusal(database, world, "maude", S.ACTIVE) == "cohort_full"


def test_start_and_admission_made_by_mistake_are_undone(database: Database, world: World) -> None:
    for state in (S.ADMITTED, S.APPLIED, S.REFUSED, S.APPLIED, S.ADMITTED, S.ACTIVE):
        move(database, world, "maude", state)
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Enrolment, world.enrolments["maude"])
        assert (row.state, row.joined_on is not None) == (S.ACTIVE, True)
    with database.as_owner() as db:
        assert mismatches(db) == []


def test_failure_takes_two_and_is_reconsidered(client: TestClient, database: Database, world: World) -> None:
    move(database, world, "maude", S.FAILED)
    assert state(database, world) is S.ACTIVE
    as_(client, database, world, "registrar")
    [waiting] = client.get("/api/v1/enrolment-proposals").json()["items"]
    path = f"/api/v1/enrolment-proposals/{waiting['id']}/decision"
    assert client.post(path, json={"accept": True}).json()["state"] == "failed"
    as_(client, database, world, "coordinator")
    page = f"/inscriptions/{world.enrolments['maude']}"
    assert '<option value="active"' in client.get(page).text
    assert client.post(f"{page}/etat", data={"to": "active", "reason": "Appel."}).status_code == 303


# Two people ---------------------------------------------------------------------------------------


def state(database: Database, world: World) -> S:
    """Return the state of Maude's enrolment."""
    with database.transaction(colleges=[world.alma]) as db:
        return db.get_one(Enrolment, world.enrolments["maude"]).state


def test_completion_without_eligibility_takes_two(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    moves = f"/api/v1/enrolments/{world.enrolments['maude']}/moves"
    assert client.post(moves, json={"to": "completed"}).json()["code"] == "reason_needed"
    proposed = client.post(moves, json={"to": "completed", "reason": "Dispense."})
    assert (proposed.status_code, proposed.json()["state"], proposed.json()["awaiting"]) == (201, "active", "completed")
    assert client.post(moves, json={"to": "completed", "reason": "Encore."}).json()["code"] == "already_proposed"
    [waiting] = client.get("/api/v1/enrolment-proposals").json()["items"]
    assert (waiting["mine"], waiting["reason"]) == (True, "Dispense.")
    assert 'value="true"' not in client.get("/propositions").text
    path = f"/api/v1/enrolment-proposals/{waiting['id']}/decision"
    own = client.post(path, json={"accept": True})
    assert (own.status_code, own.json()["code"]) == (403, "second_person_needed")
    assert state(database, world) is S.ACTIVE
    as_(client, database, world, "registrar")
    assert client.post(f"/propositions/{waiting['id']}/decision", data={"accept": "true"}).status_code == 303
    assert state(database, world) is S.COMPLETED
    assert client.post(path, json={"accept": False}).json()["code"] == "proposal_decided"


def test_completion_of_the_eligible_takes_one_and_its_reopening_two(database: Database, world: World) -> None:
    eligible.attend(database, world, "maude")
    move(database, world, "maude", S.COMPLETED, None)
    assert state(database, world) is S.COMPLETED
    move(database, world, "maude", S.ACTIVE, "Terminé par erreur.")
    assert state(database, world) is S.COMPLETED
    with database.transaction() as db:
        registrar = acting(db, world, "registrar", P.ENROLMENT_CONFIRM)
        [waiting] = proposals.open_proposals(db, registrar).items
        ref = proposals.see_enrolment_proposal(db, registrar, waiting.id)
        enrolments.decide_move(db, registrar, ref, DecideMove(accept=True))
    assert state(database, world) is S.ACTIVE
    with database.as_owner() as db:
        assert mismatches(db) == []


def test_completed_path_with_a_certificate_in_force_is_not_reopened(
    client: TestClient, database: Database, world: World
) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    move(database, world, "maude", S.COMPLETED, None)
    as_(client, database, world, "registrar")
    certificates = f"/api/v1/enrolments/{world.enrolments['maude']}/certificates"
    assert client.post(certificates, json={"kind": "attestation_participation"}).status_code == 201
    assert refusal(database, world, "maude", S.ACTIVE) == "certificate_in_force"
