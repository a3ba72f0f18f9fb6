"""Services of cohorts on a real database: seats, one path per person, changes of state, who sees what."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from threading import Barrier

import pytest
from pydantic import ValidationError
from sqlalchemy import event
from sqlmodel import col, select

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.history import moves as history_of
from app.cohorts.enrolments.schemas import ApplyCommand, MoveCommand
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment, EnrolmentMove
from app.cohorts.offer import service as offer
from app.cohorts.schemas import StaffCommand
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account
from app.identity.roles.service import grant_role
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, DomainError, Invalid, NotFound
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.permissions import P, Permission, Role
from app.progress.board.schemas import BoardConcern, BoardListQuery, BoardOrder, BoardQuery
from app.progress.board.service import board, board_page
from tests.factories.cohorts import applied, called, meeting, move, set_capacity, state_of
from tests.factories.network import PARTICIPANTS, PASSWORD, World, acting
from tests.factories.statements import recorded_statements

S = EnrolmentState


def newcomer(database: Database, world: World, name: str) -> None:
    """Add a person to the world."""
    with database.transaction() as db:
        email = f"{name}@escouade.example.com"
        command = NewAccount(legal_first_name=name, legal_last_name="Nouvelle", email=email, password=PASSWORD)
        world.people[name] = add_account(db, command, password_hash="unused")


@pytest.fixture
def own_world(world: World) -> World:
    """Return a copy of the world, so that adding people does not change the one that other tests share."""
    return World(**{**vars(world), "people": dict(world.people), "enrolments": dict(world.enrolments)})


# One active enrolment per person and path (BR-05) -----------------------------------------------


def test_nobody_follows_a_path_twice_in_one_college(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Cohort, world.cohort)
        second = Cohort(**{**row.model_dump(exclude={"id"}), "code": "GEN-ALM-2"})
        db.add(second)
        db.flush()
        cohort_id = second.id
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.COHORT_APPLY)
        cohort = cohorts.see_open_cohort(db, actor, cohort_id)
        enrolment_id = enrolments.apply(db, actor, cohort, ApplyCommand(motive="Recommencer.")).id
    with pytest.raises(Conflict, match="already_enrolled"):
        move(database, world, enrolment_id, S.ADMITTED)
    assert state_of(database, world, enrolment_id) is S.APPLIED


def test_nobody_follows_a_path_twice_in_two_colleges_even_out_of_the_actors_sight(
    database: Database, world: World
) -> None:
    enrolment_id = applied(database, world, "other_participant")
    with pytest.raises(Conflict, match="already_enrolled"):
        move(database, world, enrolment_id, S.ADMITTED)
    assert state_of(database, world, enrolment_id) is S.APPLIED
    move(database, world, world.enrolments["other_participant"], S.WITHDRAWN, "other_coordinator", reason="Départ.")
    move(database, world, enrolment_id, S.ADMITTED)
    assert state_of(database, world, enrolment_id) is S.ADMITTED


# Seats ------------------------------------------------------------------------------------------


def test_two_admissions_at_once_on_the_last_seat_admit_one(database: Database, own_world: World) -> None:
    newcomer(database, own_world, "ines")
    ids = [applied(database, own_world, who) for who in ("nobody", "ines")]
    with database.transaction() as db:
        actor = acting(db, own_world, "coordinator", P.COHORT_MANAGE)
        cohort = cohorts.see_cohort(db, actor, own_world.cohort)
        set_capacity(db, cohort, 5)
    together = Barrier(2)

    def admit(enrolment_id: int) -> str:
        together.wait()
        try:
            move(database, own_world, enrolment_id, S.ADMITTED)
        except DomainError as error:
            return error.code
        return "admitted"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(admit, ids)) == ["admitted", "cohort_full"]
    assert sorted(state_of(database, own_world, i) for i in ids) == [S.ADMITTED, S.APPLIED]


def test_fewer_seats_than_taken_is_refused(database: Database, world: World) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.COHORT_MANAGE)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        assert set_capacity(db, cohort, 4).capacity == 4
        with pytest.raises(Conflict, match="seats_taken"):
            set_capacity(db, cohort, 3)


@pytest.mark.parametrize("to", [S.WITHDRAWN, S.TRANSFERRED])
def test_person_who_left_may_read_their_own_file_and_nothing_else_of_the_cohort(
    database: Database, world: World, to: EnrolmentState
) -> None:
    move(database, world, world.enrolments["maude"], to, reason="Nouvel emploi.")
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.ENROLMENT_READ)
        assert enrolments.see_enrolment(db, actor, world.enrolments["maude"]).state is to
        with pytest.raises(NotFound):
            cohorts.see_cohort(db, actor.using(P.COHORT_READ), world.cohort)
        other = acting(db, world, "karim", P.COHORT_READ)
        assert cohorts.see_cohort(db, other, world.cohort).id == world.cohort


def test_reason_of_the_maximum_length_is_accepted_and_a_longer_one_refused(database: Database, world: World) -> None:
    move(database, world, world.enrolments["maude"], S.ON_LEAVE, reason="é" * 500)
    assert state_of(database, world, world.enrolments["maude"]) is S.ON_LEAVE
    with pytest.raises(ValidationError):
        MoveCommand(to=S.ON_LEAVE, reason="é" * 501)


def test_leaving_gives_the_seat_back(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Cohort, world.cohort)
        row.capacity = len(PARTICIPANTS)
        db.add(row)
    enrolment_id = applied(database, world)
    with pytest.raises(Conflict, match="cohort_full"):
        move(database, world, enrolment_id, S.ADMITTED)
    move(database, world, world.enrolments["yves"], S.WITHDRAWN, reason="Nouvel emploi.")
    move(database, world, enrolment_id, S.ADMITTED)


# Moves ------------------------------------------------------------------------------------------


def test_move_records_its_author_time_and_reason(database: Database, world: World) -> None:
    move(database, world, world.enrolments["yves"], S.ON_LEAVE, reason="Congé parental.")
    with database.transaction() as db:
        actor = acting(db, world, "yves", P.ENROLMENT_READ)
        history = history_of(db, enrolments.see_enrolment(db, actor, world.enrolments["yves"]))
    assert [m.to_state for m in history] == [S.APPLIED, S.ADMITTED, S.ACTIVE, S.ON_LEAVE]
    last = history[-1]
    assert (last.from_state, last.by, last.reason) == (S.ACTIVE, "Corinne Coordination", "Congé parental.")
    assert now() - last.moved_at < timedelta(minutes=1)


def test_a_refused_move_writes_nothing(database: Database, world: World) -> None:
    for to, reason in ((S.APPLIED, "x"), (S.REFUSED, "x"), (S.ON_LEAVE, None)):
        with pytest.raises(Conflict):
            move(database, world, world.enrolments["yves"], to, reason=reason)
    with database.transaction(colleges=[world.alma]) as db:
        statement = select(EnrolmentMove.id).where(EnrolmentMove.enrolment_id == world.enrolments["yves"])
        assert len(db.exec(statement).all()) == 3


def test_the_start_makes_everyone_admitted_active(database: Database, world: World) -> None:
    enrolment_id = applied(database, world)
    move(database, world, enrolment_id, S.ADMITTED)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        assert enrolments.start(db, actor, cohort) == 1
        assert enrolments.start(db, actor, cohort) == 0
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Enrolment, enrolment_id)
        assert (row.state, row.joined_on) == (S.ACTIVE, today())


def test_before_the_first_day_everyone_joins_on_the_first_day(database: Database, world: World) -> None:
    first_day = today() + timedelta(days=30)
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Cohort, world.cohort)
        row.starts_on, row.ends_on = first_day, first_day + timedelta(weeks=16)
        db.add(row)
    enrolment_id = applied(database, world)
    move(database, world, enrolment_id, S.ADMITTED)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        enrolments.start(db, actor, cohorts.see_cohort(db, actor, world.cohort))
    with database.transaction(colleges=[world.alma]) as db:
        assert db.get_one(Enrolment, enrolment_id).joined_on == first_day


def test_joining_after_the_limit_takes_an_exception(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Cohort, world.cohort)
        row.late_join_pct = 0
        db.add(row)
    enrolment_id = applied(database, world)
    with pytest.raises(Conflict, match="too_late_to_join"):
        move(database, world, enrolment_id, S.ADMITTED)
    move(database, world, enrolment_id, S.ADMITTED, reason="Poste comblé tard.")
    assert state_of(database, world, enrolment_id) is S.ADMITTED


def test_only_people_who_work_in_the_college_train_a_cohort(database: Database, world: World) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.COHORT_MANAGE)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        for who in ("maude", "nobody", "other_trainer"):
            with pytest.raises(Invalid):
                cohorts.add_staff(db, actor, cohort, StaffCommand(person_id=world.people[who]))
        cohorts.add_staff(db, actor, cohort, StaffCommand(person_id=world.people["facilitator"]))
        trainer = acting(db, world, "facilitator", P.PROGRESS_READ)
        assert cohorts.see_cohort(db, trainer, world.cohort).id == world.cohort


# What one may see -------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["admin", "coordinator", "registrar", "trainer", "facilitator", "maude", "nobody"])
def test_allowed_actions_of_any_role_are_those_within_its_reach(database: Database, world: World, who: str) -> None:
    def is_in_reach(db: Session, actor: Actor, permission: Permission) -> bool:
        try:
            cohorts.see_cohort(db, actor.using(permission), world.cohort)
        except NotFound:
            return False
        return True

    permissions = [p for p in P if p is not P.COHORT_APPLY]
    with database.transaction() as db:
        actor = acting(db, world, who)
        cohort = cohorts.see_open_cohort(db, actor, world.cohort)
        allowed = cohorts.allowed_actions(db, actor, cohort, *permissions)
        assert allowed == {p for p in permissions if is_in_reach(db, actor, p)}


def test_open_cohorts_of_every_college_show_the_state_of_ones_own_enrolment_only(
    database: Database, world: World
) -> None:
    applied(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "nobody", P.COHORT_APPLY)
        my_states = {c.id: c.my_state for c in offer.open_cohorts(db, actor).items}
        assert my_states == {world.cohort: S.APPLIED, world.other_cohort: None}
        assert [c.id for c in offer.open_cohorts(db, actor, search="ROUYN").items] == [world.other_cohort]


def test_a_cohort_that_has_ended_takes_no_application(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Cohort, world.cohort)
        row.starts_on, row.ends_on = today() - timedelta(weeks=20), today() - timedelta(days=1)
        db.add(row)
    with database.transaction() as db:
        actor = acting(db, world, "nobody", P.COHORT_APPLY)
        assert [c.id for c in offer.open_cohorts(db, actor).items] == [world.other_cohort]
        with pytest.raises(NotFound):
            cohorts.see_open_cohort(db, actor, world.cohort)


@pytest.mark.parametrize("n", [1, 3])
def test_the_board_takes_one_statement_however_many_people(database: Database, world: World, n: int) -> None:
    for who in PARTICIPANTS[n:]:
        move(database, world, world.enrolments[who], S.WITHDRAWN, reason="Départ.")
    statements: list[str] = []
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.PROGRESS_READ)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        event.listen(database.request_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        assert len(board(db, cohort, BoardQuery())) == n
        assert len(statements) == 1
        assert "body" not in statements[0]


def test_board_page_any_query_shows_the_rows_of_the_board_and_everyone_at_risk(
    database: Database, world: World
) -> None:
    called(database, world, meeting(database, world), absent=("karim", "yves"))
    move(database, world, world.enrolments["elise"], S.WITHDRAWN, reason="Départ.")
    queries = product(("", "e", "KARIM haddad", "100%_"), (None, S.ACTIVE, S.WITHDRAWN))
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.PROGRESS_READ)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        at_risk = [row for row in board(db, cohort, BoardQuery(tri=BoardOrder.RISK)) if row.at_risk]
        assert {row.name for row in at_risk} == {"Karim Haddad", "Yves O’Brien"}
        for search, state in queries:
            with recorded_statements(database) as statements:
                page, calls = board_page(db, cohort, BoardListQuery(recherche=search, etat=state))
            assert len(statements) == 1
            assert (list(page.items), calls) == (board(db, cohort, BoardQuery(search=search, state=state)), at_risk)
        concerned, _ = board_page(db, cohort, BoardListQuery(suivi=BoardConcern.RISK))
        assert {row.name for row in concerned.items} == {"Karim Haddad", "Yves O’Brien"}


def test_a_role_in_two_colleges_does_not_mix_them(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        place = {"college_id": world.rouyn, "cohort_id": world.other_cohort}
        grant_role(db, world.people["maude"], Role.TRAINER, **place)
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.ENROLMENT_READ)
        visible = db.exec(select(Enrolment.id).where(col(Enrolment.id).in_(world.enrolments.values()))).all()
        assert len(visible) == len(world.enrolments), "row-level security lets both colleges through"
        reached = []
        for who, id_ in world.enrolments.items():
            try:
                enrolments.see_enrolment(db, actor, id_)
            except NotFound:
                continue
            reached.append(who)
        assert reached == ["maude", "other_participant"]
