"""A role of a college's staff ends with a reason, and is given back while it is recent; both stay in its history."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import col, select

from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import grant_role
from app.identity.staff.rules import RETURN_WITHIN, return_reasons
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from tests.factories.cohorts import fields, page
from tests.factories.network import World, as_

V1 = "/api/v1"
WHY = {"reason": "Départ à la retraite."}


def role_of(database: Database, world: World, who: str, role: Role, *, cohort: bool = False) -> int:
    """Return the id of the newest role that someone holds or held, in the college or in a cohort."""
    place = col(RoleGrantRow.cohort_id).is_not(None) if cohort else col(RoleGrantRow.cohort_id).is_(None)
    with database.transaction(colleges=[world.alma]) as db:
        held = select(RoleGrantRow.id).where(
            RoleGrantRow.person_id == world.people[who], RoleGrantRow.role == role, place
        )
        return db.exec(held.order_by(col(RoleGrantRow.id).desc())).first() or 0


def places(database: Database, world: World, who: str) -> list[tuple[str, bool]]:
    """Return ``(role, in a cohort)`` of the roles that someone holds now."""
    with database.transaction(colleges=[world.alma]) as db:
        held = select(RoleGrantRow).where(
            RoleGrantRow.person_id == world.people[who], col(RoleGrantRow.ended_at).is_(None)
        )
        return sorted((row.role.value, row.cohort_id is not None) for row in db.exec(held).all())


def send(client: TestClient, role_id: int, verb: str, **body: str) -> str:
    """Return the code of the answer to an end or a return, empty when it was done."""
    answer = client.post(f"{V1}/staff-roles/{role_id}/{verb}", json={**WHY, **body})
    return "" if answer.status_code == 204 else str(answer.json()["code"])


@pytest.mark.parametrize(
    ("days", "is_held", "is_suspended", "codes"),
    [
        (30, False, False, []),
        (31, False, False, ["role_ended_long_ago"]),
        (1, True, True, ["role_held", "account_suspended"]),
    ],
)
def test_role_is_given_back_within_thirty_days(
    *, days: int, is_held: bool, is_suspended: bool, codes: list[str]
) -> None:
    moment = now()
    reasons = return_reasons(moment - timedelta(days=days), moment, is_held=is_held, is_suspended=is_suspended)
    assert [r.code for r in reasons] == codes


def test_role_of_the_college_ends_everywhere_and_returns_with_what_ended_with_it(
    client: TestClient, database: Database, world: World
) -> None:
    role_id = role_of(database, world, "trainer", Role.TRAINER)
    as_(client, database, world, "trainer")
    assert client.get(f"{V1}/cohorts/{world.cohort}").status_code == 200
    as_(client, database, world, "registrar")
    assert send(client, role_id, "return") == "role_not_ended"
    assert send(client, role_id, "end") == ""
    assert places(database, world, "trainer") == []
    assert send(client, role_id, "end") == "role_ended"
    as_(client, database, world, "trainer")
    assert client.get(f"{V1}/cohorts/{world.cohort}").status_code == 403
    as_(client, database, world, "registrar")
    assert send(client, role_id, "return", reason="Erreur.") == ""
    assert places(database, world, "trainer") == [("trainer", False), ("trainer", True)]
    assert send(client, role_id, "return") == "role_held"
    shown = client.get(f"{V1}/staff-roles/{role_id}").json()
    assert [(c["is_end"], c["reason"], c["changed_by"]) for c in shown["changes"]] == [
        (True, WHY["reason"], "Régine Registraire"),
        (False, "Erreur.", "Régine Registraire"),
    ]


def test_role_of_a_cohort_ends_and_returns_alone(client: TestClient, database: Database, world: World) -> None:
    role_id = role_of(database, world, "trainer", Role.TRAINER, cohort=True)
    as_(client, database, world, "registrar")
    assert send(client, role_id, "end") == ""
    assert places(database, world, "trainer") == [("trainer", False)]
    assert send(client, role_id, "return") == ""
    assert places(database, world, "trainer") == [("trainer", False), ("trainer", True)]


def test_role_that_ended_long_ago_is_given_anew_by_an_invitation(
    client: TestClient, database: Database, world: World
) -> None:
    role_id = role_of(database, world, "trainer", Role.TRAINER)
    with at(now() - RETURN_WITHIN - timedelta(hours=1)):
        as_(client, database, world, "registrar")
        assert send(client, role_id, "end") == ""
    as_(client, database, world, "registrar")
    assert send(client, role_id, "return") == "role_ended_long_ago"
    listed = client.get(f"{V1}/colleges/{world.alma}/staff-roles").json()["items"]
    assert role_id not in {r["id"] for r in listed}


def test_nobody_changes_a_role_above_theirs_or_their_own(client: TestClient, database: Database, world: World) -> None:
    own = role_of(database, world, "registrar", Role.REGISTRAR)
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["facilitator"], Role.REGISTRAR, college_id=world.alma)
        grant_role(db, world.people["registrar"], Role.TRAINER, college_id=world.alma)
    as_(client, database, world, "registrar")
    assert send(client, own, "end") == "own_case"
    assert send(client, role_of(database, world, "registrar", Role.TRAINER), "end") == "own_case"
    above = role_of(database, world, "facilitator", Role.REGISTRAR)
    assert send(client, above, "end") == "role_above_yours"
    as_(client, database, world, "admin")
    assert send(client, above, "end") == ""
    as_(client, database, world, "registrar")
    assert send(client, above, "return") == "role_above_yours"


def test_registrars_role_that_is_given_back_waits_for_a_second_administrator(
    client: TestClient, database: Database, world: World
) -> None:
    role_id = role_of(database, world, "registrar", Role.REGISTRAR)
    as_(client, database, world, "admin")
    assert send(client, role_id, "end") == ""
    assert send(client, role_id, "return") == ""
    assert places(database, world, "registrar") == []
    with database.engine.connect() as owner:
        waiting = owner.execute(text("select person_id, role from role_proposal where decided_at is null")).all()
    assert waiting == [(world.people["registrar"], "registrar")]


def test_roles_of_participants_and_of_the_platform_are_no_staff(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "admin")
    with database.engine.connect() as owner:
        others = owner.execute(text("select id from role_held where role in ('participant', 'admin', 'observer')"))
        ids = list(others.scalars())
    assert ids
    assert {client.get(f"{V1}/staff-roles/{id_}").status_code for id_ in ids} == {404}


def test_staff_is_read_by_key_and_searched_by_name(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "registrar")
    path, place, roles = f"{V1}/colleges/{world.alma}/staff-roles", None, []
    for _ in range(100):
        answer = client.get(path, params={"limit": 1} | ({"after": place} if place else {})).json()
        roles += answer["items"]
        place = answer["next"]
        if place is None:
            break
    assert roles == client.get(path).json()["items"]
    assert len({role["id"] for role in roles}) == len(roles) > 1
    found = page(client.get(f"/colleges/{world.alma}/roles", params={"recherche": "regine", "tri": "-role"}))
    assert "Régine Registraire" in found
    assert roles[0]["name"] not in found


def test_pages_end_a_role_and_give_it_back(client: TestClient, database: Database, world: World) -> None:
    role_id = role_of(database, world, "trainer", Role.TRAINER, cohort=True)
    as_(client, database, world, "registrar")
    listed, shown = f"/colleges/{world.alma}/roles", f"/roles-tenus/{role_id}"
    assert f'href="{shown}"' in page(client.get(listed))
    assert "GEN-ALM-1" in page(client.get(shown))
    for verb, landing in (("fin", shown), ("retour", listed)):
        path = f"{shown}/{verb}"
        sent = {**fields(page(client.get(shown)), path), "reason": "Une erreur."}
        assert client.post(path, data=sent).headers["location"] == landing
    assert "Une erreur." in page(client.get(shown))
    own = role_of(database, world, "registrar", Role.REGISTRAR)
    assert "il est le vôtre" in page(client.get(f"/roles-tenus/{own}"))
