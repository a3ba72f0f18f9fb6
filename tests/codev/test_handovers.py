"""Members pass and swap their turns before the session, by page and by the API, each with their own sign-in (S4)."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from html import unescape
from threading import Barrier
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.codev.groups import service as groups
from app.codev.groups.schemas import GroupShown, LeaveCommand
from app.codev.handovers import service as handovers
from app.codev.handovers.schemas import SwapAnswer, SwapCommand
from app.codev.live import service as live
from app.codev.live.enums import LiveAction
from app.codev.live.schemas import LiveCommand
from app.codev.records.enums import TurnReason
from app.codev.records.schemas import RecordCommand
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.plans import clients_out_of_turn, plan_in, turns_of
from app.codev.sessions.rules import HELD
from app.codev.sessions.schemas import RoleCommand, RolesCommand
from app.cohorts.enums import CohortState
from app.notifications.enums import Kind
from app.platform.clock import at, now
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, DomainError, Invalid
from app.platform.messages.i18n import day, local
from app.platform.security.actor import Actor
from app.platform.security.permissions import P
from tests.factories.codev import (
    COMING,
    assign_roles,
    close_record,
    create_group,
    membership_ids,
    plan_session,
    presences,
    told_of_session,
    turn,
)
from tests.factories.cohorts import set_state
from tests.factories.network import World, acting, as_, count

V1 = "/api/v1/codev"
Planned = tuple[int, int, dict[str, int]]


@pytest.fixture
def group(database: Database, world: World) -> GroupShown:
    """The group."""
    return create_group(database, world)


@pytest.fixture
def planned(database: Database, world: World, group: GroupShown) -> Planned:
    """Two sessions to come and the memberships: Maude then Karim are their clients, Karim then Élise the reserves."""
    m = membership_ids(group)
    first = plan_session(database, world, group.id, at=COMING)
    second = plan_session(database, world, group.id, code="GEN-7.B", at=COMING + timedelta(days=14))
    assign_roles(database, world, first, (m["maude"], m["karim"]))
    assign_roles(database, world, second, (m["karim"], m["elise"]))
    return first, second, m


def roles(client: TestClient, session_id: int) -> dict[str, int]:
    """Return the membership of each role of the first consultation."""
    shown = client.get(f"{V1}/sessions/{session_id}").json()
    return {r["role"]: r["membership_id"] for r in shown["roles"] if r["position"] == 1}


def _day(moment: datetime) -> str:
    return day(local(moment, "America/Toronto").date())


def propose(client: TestClient, session_id: int, asked: int, other: int | None = None, status: int = 201) -> Any:
    """Propose a swap; return the answer."""
    body = {"asked_id": asked, "exchange_session_id": other}
    answer = client.post(f"{V1}/sessions/{session_id}/swaps", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def answer_swap(client: TestClient, swap_id: int, *, accepts: bool = True, status: int = 204) -> Any:
    """Answer a swap."""
    answer = client.post(f"{V1}/swaps/{swap_id}/answer", json={"is_accepted": accepts})
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def test_passed_turn_goes_to_the_reserve_and_the_place_in_the_rotation_stays(
    client: TestClient, database: Database, world: World, planned: Planned
) -> None:
    first, second, m = planned
    as_(client, database, world, "maude")
    shown = client.post(f"{V1}/sessions/{first}/passes")
    assert shown.status_code == 201
    assert [(p["name"].split()[0], p["taken_by"].split()[0]) for p in shown.json()["passes"]] == [("Maude", "Karim")]
    assert roles(client, first) == {"client": m["karim"], "reserve": m["elise"]}
    assert told_of_session(database, world, Kind.TURN_PASSED) == ["facilitator"]
    assert told_of_session(database, world, Kind.TURN_TAKEN) == ["karim"]
    assert told_of_session(database, world, Kind.RESERVE_TAKEN) == ["elise"]
    as_(client, database, world, "facilitator")
    again = client.get(f"{V1}/sessions/{first}/rotation").json()
    assert m["maude"] not in {again[0]["client_id"], again[0]["reserve_id"]}, "she passes this time"
    assert client.get(f"{V1}/sessions/{second}/rotation").json()[0]["client_id"] == m["maude"], "her turn is next"
    page = unescape(client.get(f"/codev/seances/{first}").text)
    assert "a passé son tour" in page
    as_(client, database, world, "coordinator")
    assert "a passé son tour" not in unescape(client.get(f"/codev/seances/{first}").text)
    assert client.get(f"{V1}/sessions/{first}/handovers").status_code == 403


@pytest.mark.parametrize("had_a_turn", ["elise", "yves"])
def test_passed_turn_and_its_reserve_follow_the_order_of_the_rotation(
    client: TestClient, database: Database, world: World, group: GroupShown, had_a_turn: str
) -> None:
    """Who had a turn in an earlier session comes after who had none, as the reserve and as the next client."""
    m, next_one = membership_ids(group), "yves" if had_a_turn == "elise" else "elise"
    past = plan_session(database, world, group.id)
    close_record(database, world, past, RecordCommand(entries=presences(group), turns=(turn(m[had_a_turn]),)))
    coming = plan_session(database, world, group.id, code="GEN-7.B", at=COMING)
    assign_roles(database, world, coming, (m["maude"], m["karim"]))
    after = []
    for who in ("maude", "karim"):
        as_(client, database, world, who)
        assert client.post(f"{V1}/sessions/{coming}/passes").status_code == 201
        after.append(roles(client, coming))
    assert after == [
        {"client": m["karim"], "reserve": m[next_one]},
        {"client": m[next_one], "reserve": m[had_a_turn]},
    ]


def test_turn_that_everyone_passes_has_no_client(
    client: TestClient, database: Database, world: World, planned: Planned
) -> None:
    first, *_ = planned
    for who in ("maude", "karim", "elise", "yves"):
        as_(client, database, world, who)
        shown = client.post(f"{V1}/sessions/{first}/passes")
        assert shown.status_code == 201, (who, shown.text)
    assert shown.json()["passes"][-1]["taken_by"] is None
    assert "client" not in roles(client, first)
    assert client.post(f"{V1}/sessions/{first}/passes").json()["code"] == "not_ones_turn"
    as_(client, database, world, "facilitator")
    assert client.get(f"/codev/seances/{first}").status_code == 200
    assert client.get(f"{V1}/sessions/{first}/live").json()["turns"][0]["client_id"] is None


def test_two_members_exchange_their_turns_once_the_other_accepts(
    client: TestClient, database: Database, world: World, planned: Planned
) -> None:
    first, second, m = planned
    as_(client, database, world, "maude")
    shown = propose(client, first, m["karim"], second)
    assert roles(client, first)["client"] == m["maude"], "nothing changes before the answer"
    (swap,) = shown["swaps"]
    assert (swap["outcome"], swap["is_own"]) == (None, True)
    assert (swap["given"]["session_id"], swap["exchange"]["session_id"]) == (first, second)
    for session_id in (first, second):
        page = unescape(client.get(f"/codev/seances/{session_id}").text)
        assert f"celui du {_day(COMING)} contre celui du {_day(COMING + timedelta(days=14))}" in page
    assert told_of_session(database, world, Kind.SWAP_PROPOSED) == ["karim"]
    propose(client, first, m["karim"], second, status=409)
    answer_swap(client, swap["id"], status=404)
    for who in ("elise", "facilitator", "coordinator", "other_participant"):
        as_(client, database, world, who)
        answer_swap(client, swap["id"], status=403 if who == "coordinator" else 404)
    as_(client, database, world, "karim")
    answer_swap(client, swap["id"])
    assert roles(client, first) == {"client": m["karim"], "reserve": m["elise"]}
    assert roles(client, second) == {"client": m["maude"], "reserve": m["elise"]}
    assert told_of_session(database, world, Kind.SWAP_ACCEPTED) == ["facilitator", "maude"]
    assert told_of_session(database, world, Kind.RESERVE_TAKEN) == ["elise"]
    assert answer_swap(client, swap["id"], status=409)["code"] == "swap_over"
    for who, seen in (("elise", 0), ("karim", 1), ("facilitator", 1)):
        as_(client, database, world, who)
        history = client.get(f"{V1}/sessions/{first}/handovers").json()["swaps"]
        assert [s["outcome"] for s in history] == ["accepted"] * seen, who


def test_swap_is_declined_or_withdrawn_and_the_turn_stays(
    client: TestClient, database: Database, world: World, planned: Planned
) -> None:
    first, _, m = planned
    as_(client, database, world, "maude")
    swap = propose(client, first, m["yves"])["swaps"][0]["id"]
    as_(client, database, world, "yves")
    assert client.post(f"{V1}/swaps/{swap}/withdrawal").status_code == 404, "it is Maude's to take back"
    answer_swap(client, swap, accepts=False)
    assert told_of_session(database, world, Kind.SWAP_DECLINED) == ["maude"]
    as_(client, database, world, "maude")
    other = propose(client, first, m["elise"])["swaps"][0]["id"]
    assert client.post(f"{V1}/swaps/{other}/withdrawal").status_code == 204
    assert told_of_session(database, world, Kind.SWAP_CALLED_OFF) == ["elise"]
    assert roles(client, first)["client"] == m["maude"]
    as_(client, database, world, "elise")
    assert answer_swap(client, other, status=409)["code"] == "swap_over"


def test_member_does_it_all_by_the_page_without_a_script(
    client: TestClient, database: Database, world: World, planned: Planned
) -> None:
    first, second, m = planned
    as_(client, database, world, "maude")
    path = f"/codev/seances/{first}"
    page = unescape(client.get(path).text)
    assert f'value="{m["karim"]}-{second}"' in page
    assert f'value="{m["yves"]}"' in page
    refused = client.post(f"{path}/echanges", data={"swap_with": str(m["maude"])})
    assert refused.status_code == 422
    sent = client.post(f"{path}/echanges", data={"swap_with": f"{m['karim']}-{second}"}, follow_redirects=False)
    assert sent.status_code == 303
    as_(client, database, world, "karim")
    page = unescape(client.get(path).text)
    assert "Accepter l’échange" in page
    with database.as_owner() as db:
        swap = db.connection().exec_driver_sql("select max(id) from codev_swap").scalar_one()
    client.post(f"{path}/echanges/{swap}/reponse", data={"is_accepted": "true"})
    assert roles(client, first)["client"] == m["karim"]
    client.post(f"{path}/passe")
    assert roles(client, first)["client"] != m["karim"]


@pytest.mark.parametrize("late", ["begun", "recorded", "swapped", "cancelled"])
def test_turn_of_a_session_that_is_settled_no_longer_changes_hands(
    database: Database, world: World, group: GroupShown, planned: Planned, late: str
) -> None:
    first, _, m = planned
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.CODEV_TAKE_PART)
        swap_id = handovers.propose_swap(
            db, actor, sessions.see_codev_session(db, actor, first), SwapCommand(asked_id=m["yves"])
        )
    moment = COMING if late in {"begun", "recorded"} else COMING - timedelta(minutes=30)
    with at(moment):
        if late == "recorded":
            close_record(database, world, first, RecordCommand(entries=presences(group), turns=(turn(m["maude"]),)))
        if late == "cancelled":
            with database.transaction() as db:
                actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
                sessions.cancel_session(db, actor, sessions.see_codev_session(db, actor, first))
        if late == "swapped":
            _live_swap(database, world, first)
        code = "session_cancelled" if late == "cancelled" else "turns_settled"
        for who, verb in (("maude", "pass"), ("maude", "propose"), ("yves", "accept")):
            with pytest.raises(Conflict, match=code), database.transaction() as db:
                _do(db, acting(db, world, who, P.CODEV_TAKE_PART), verb, (first, swap_id, m["elise"]))


def test_swap_of_an_archived_cohort_is_shown_without_its_forms(
    client: TestClient, database: Database, world: World, planned: Planned
) -> None:
    first, second, m = planned
    as_(client, database, world, "maude")
    propose(client, first, m["karim"], second)
    forms = {"maude": "Retirer ma proposition", "karim": "Accepter l’échange"}
    for state in (CohortState.RUNNING, CohortState.ARCHIVED):
        set_state(database, world, state)
        for who, label in forms.items():
            as_(client, database, world, who)
            page = unescape(client.get(f"/codev/seances/{first}").text)
            assert "d’échanger leurs tours" in page
            assert (label in page) is (state is CohortState.RUNNING), (who, state)


def _live_swap(database: Database, world: World, session_id: int) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.CODEV_RECORD)
        meeting = sessions.see_codev_session(db, actor, session_id)
        live.act(db, actor, meeting, LiveCommand(action=LiveAction.SWAP, reason=TurnReason.ABSENCE), 0)


def _do(db: Session, actor: Actor, verb: str, ids: tuple[int, int, int]) -> None:
    session_id, swap_id, asked = ids
    meeting = sessions.see_codev_session(db, actor, session_id)
    if verb == "pass":
        handovers.pass_turn(db, actor, meeting)
    elif verb == "propose":
        handovers.propose_swap(db, actor, meeting, SwapCommand(asked_id=asked))
    else:
        handovers.answer_swap(db, actor, handovers.see_swap(db, actor, swap_id), SwapAnswer(is_accepted=True))


def test_swap_that_can_no_longer_be_is_refused_with_its_reason(
    client: TestClient, database: Database, world: World, planned: Planned
) -> None:
    first, second, m = planned
    as_(client, database, world, "maude")
    swaps = {asked: propose(client, first, m[asked])["swaps"][0]["id"] for asked in ("yves", "elise")}
    exchange = propose(client, first, m["karim"], second)["swaps"][0]["id"]
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        ref = groups.see_group(db, actor, _group_of(db, first))
        groups.remove_member(db, ref, LeaveCommand(membership_id=m["maude"]))
    as_(client, database, world, "yves")
    gone = answer_swap(client, swaps["yves"], status=409)
    assert (gone["code"], [e["code"] for e in gone["errors"]]) == ("swap_over", ["swap_left"])
    shown = client.get(f"{V1}/sessions/{first}/handovers").json()["swaps"]
    assert [s["refusals"] for s in shown] == [["swap_left"]]
    assert "n’est plus du groupe" in unescape(client.get(f"/codev/seances/{first}").text)
    as_(client, database, world, "karim")
    assert answer_swap(client, exchange, status=409)["errors"][0]["code"] == "swap_left"


def _group_of(db: Session, session_id: int) -> int:
    return int(
        db.connection().exec_driver_sql("select group_id from codev_session where id = %s", (session_id,)).scalar_one()
    )


def test_new_plan_ends_the_swaps_whose_turn_it_moves(
    client: TestClient, database: Database, world: World, planned: Planned
) -> None:
    first, second, m = planned
    as_(client, database, world, "maude")
    propose(client, first, m["yves"])
    propose(client, first, m["karim"], second)
    assign_roles(database, world, second, (m["elise"], m["yves"]))
    outcomes = [s["outcome"] for s in client.get(f"{V1}/sessions/{first}/handovers").json()["swaps"]]
    assert outcomes == ["lapsed", None], "Karim has no turn to give any more"
    assert told_of_session(database, world, Kind.SWAP_CALLED_OFF) == ["karim"]
    assign_roles(database, world, first, (m["elise"], m["yves"]))
    outcomes = [s["outcome"] for s in client.get(f"{V1}/sessions/{first}/handovers").json()["swaps"]]
    assert outcomes == ["lapsed", "lapsed"]


def test_swap_that_would_put_someone_out_of_turn_is_not_offered_and_is_refused(
    client: TestClient, database: Database, world: World, group: GroupShown
) -> None:
    m = membership_ids(group)
    past = plan_session(database, world, group.id)
    close_record(database, world, past, RecordCommand(entries=presences(group), turns=(turn(m["yves"]),)))
    coming = plan_session(database, world, group.id, code="GEN-7.B", at=COMING)
    assign_roles(database, world, coming, (m["maude"], m["karim"]))
    as_(client, database, world, "maude")
    choices = client.get(f"{V1}/sessions/{coming}/handovers").json()["choices"]
    assert {c["asked_id"] for c in choices} == {m["karim"], m["elise"]}
    refused = propose(client, coming, m["yves"], status=422)
    assert [e["code"] for e in refused["errors"]] == ["swap_out_of_turn"]
    other = plan_session(database, world, group.id, code="GEN-7.C", at=COMING + timedelta(days=7))
    assert propose(client, coming, m["elise"], other, status=422)["errors"][0]["code"] == "turn_moved"
    assert propose(client, coming, m["elise"], 10**6, status=422)["errors"][0]["code"] == "exchange_unknown"


def test_facilitator_reads_that_a_plan_made_ahead_is_out_of_turn(
    client: TestClient, database: Database, world: World, planned: Planned
) -> None:
    """Karim takes Maude's turn, and is planned in the next session before Élise and Yves had one."""
    first, second, _ = planned
    as_(client, database, world, "maude")
    assert client.post(f"{V1}/sessions/{first}/passes").status_code == 201
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.CODEV_RECORD)
        late = clients_out_of_turn(db, sessions.see_codev_session(db, actor, second))
        assert [name.split()[0] for name in late] == ["Karim"]
        assert clients_out_of_turn(db, sessions.see_codev_session(db, actor, first)) == ()
    as_(client, database, world, "facilitator")
    assert "a eu plus de tours" in unescape(client.get(f"/codev/seances/{second}").text)


def test_two_who_accept_at_once_do_not_both_take_the_turn(database: Database, world: World, planned: Planned) -> None:
    """Two transactions at one barrier: the turn goes to one, the other reads that it changed hands."""
    first, _, m = planned
    ids = {}
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.CODEV_TAKE_PART)
        meeting = sessions.see_codev_session(db, actor, first)
        for who in ("yves", "elise"):
            ids[who] = handovers.propose_swap(db, actor, meeting, SwapCommand(asked_id=m[who]))
    start = Barrier(2)

    def accept(who: str) -> str:
        try:
            with database.transaction() as db:
                actor = acting(db, world, who, P.CODEV_TAKE_PART)
                ref = handovers.see_swap(db, actor, ids[who])
                start.wait()
                handovers.answer_swap(db, actor, ref, SwapAnswer(is_accepted=True))
        except DomainError as refused:
            return refused.code
        return "accepted"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(accept, ids)) == ["accepted", "swap_over"]
    with database.as_owner() as db:
        assert count(db, "codev_swap where outcome = 'accepted'") == 1
        assert count(db, "codev_swap where outcome = 'lapsed'") == 1
        assert count(db, "role_assignment where role = 'client'") == 2


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_client_twice_before_everyone_willing_was_once_in_the_database(
    database: Database, world: World, group: GroupShown, seed: int
) -> None:
    """Four sessions of two consultations, planned ahead by the rotation; turns passed and swapped; then records."""
    rng, m = random.Random(seed), membership_ids(group)  # noqa: S311 - a history to repeat, no secret
    start = now()
    ids = [
        plan_session(database, world, group.id, code=f"GEN-7.{letter}", at=start + timedelta(days=n + 1))
        for n, letter in enumerate("ABCD")
    ]
    gave: set[int] = set()
    for place, session_id in enumerate(ids):
        for later in ids[place:]:
            _plan(database, world, later)
        for _ in range(rng.randint(0, 3)):
            gave |= _change_hands(database, world, session_id, rng, m)
        _plan(database, world, session_id)
        turns = tuple(turn(client, position=position) for position, client in _clients(database, world, session_id))
        with at(start + timedelta(days=place + 1, hours=4)):
            close_record(database, world, session_id, RecordCommand(entries=presences(group), turns=turns))
        with database.transaction() as db:
            acting(db, world, "facilitator", P.CODEV_RECORD)
            had = [t.client_id for t in turns_of(db, group.id).history if t.status in HELD]
        assert max(map(had.count, m.values())) <= min(map(had.count, {*m.values()} - gave), default=4) + 1


def _plan(database: Database, world: World, session_id: int) -> None:
    """Plan a session as the rotation proposes, unless it has a plan in which nobody is out of turn."""
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.CODEV_RECORD)
        meeting = sessions.see_codev_session(db, actor, session_id)
        if plan_in(db, session_id) and not clients_out_of_turn(db, meeting):
            return
        commands = tuple(
            RoleCommand(position=p.position, membership_id=id_, role=role)
            for p in sessions.rotation_for(db, meeting, consultations=2)
            for id_, role in ((p.client_id, CodevRole.CLIENT), (p.reserve_id, CodevRole.RESERVE))
        )
        sessions.plan_roles(db, meeting, RolesCommand(roles=commands))


def _clients(database: Database, world: World, session_id: int) -> list[tuple[int, int]]:
    with database.transaction() as db:
        acting(db, world, "facilitator", P.CODEV_RECORD)
        return sorted((a.position, a.membership_id) for a in plan_in(db, session_id) if a.role is CodevRole.CLIENT)


def _change_hands(database: Database, world: World, session_id: int, rng: random.Random, m: dict[str, int]) -> set[int]:
    """Pass a turn of a session, or swap it if the rules let them; return who gave one."""
    clients = [id_ for _, id_ in _clients(database, world, session_id)]
    if not clients:
        return set()
    given = rng.choice(clients)
    giver = next(who for who, id_ in m.items() if id_ == given)
    asked = rng.choice([who for who in m if who != giver])
    try:
        with database.transaction() as db:
            actor = acting(db, world, giver, P.CODEV_TAKE_PART)
            meeting = sessions.see_codev_session(db, actor, session_id)
            if rng.random() < 0.5:
                handovers.pass_turn(db, actor, meeting)
                return {m[giver]}
            swap_id = handovers.propose_swap(db, actor, meeting, SwapCommand(asked_id=m[asked]))
    except Invalid:
        return set()
    with database.transaction() as db:
        actor = acting(db, world, asked, P.CODEV_TAKE_PART)
        handovers.answer_swap(db, actor, handovers.see_swap(db, actor, swap_id), SwapAnswer(is_accepted=True))
    return {m[giver]}
