"""Whom the letters of a cohort do not reach: shown to its coordinator, with why, and without an address."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cohorts.enums import EnrolmentState
from app.cohorts.service import see_cohort
from app.cohorts.unreachable.schemas import Unreachable
from app.cohorts.unreachable.service import count_unreachable, unreachable
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.messages.outbox import enqueue
from app.platform.security.permissions import P
from tests.factories.cohorts import move, page
from tests.factories.network import World, acting, as_
from tests.factories.statements import recorded_statements

STOP = text(
    """
    update letter set state = cast(:state as text), reason = 'mailbox_full', status = '552 5.2.2', body = '', tries = 1,
                      stopped_at = case when cast(:state as text) in ('refused', 'given_up') then now() end,
                      sent_at = case when cast(:state as text) = 'sent' then now() end
     where id = :id
    """
)


def letter(database: Database, world: World, who: str, state: str = "refused") -> None:
    """Write a letter to someone, and leave it as the worker would."""
    with database.transaction() as db:
        id_ = enqueue(db, world.emails[who], "password_changed", world.people[who]).id
    with database.engine.begin() as owner:
        owner.execute(STOP, {"id": id_, "state": state})


def invite(database: Database, world: World, state: str = "refused") -> None:
    """Invite a trainer to the cohort with a letter in a state."""
    with database.transaction() as db:
        id_ = enqueue(db, "zoe@alma.example.com", "password_changed").id
    with database.engine.begin() as owner:
        owner.execute(STOP, {"id": id_, "state": state})
        owner.execute(
            text(
                "insert into invitation (college_id, cohort_id, email, role, token_hash, created_at, expires_at,"
                " created_by, letter_id) values (:college, :cohort, 'zoe@alma.example.com', 'trainer', 'x', now(),"
                " now() + interval '7 days', :by, :letter)"
            ),
            {"college": world.alma, "cohort": world.cohort, "by": world.people["registrar"], "letter": id_},
        )


def read(database: Database, world: World) -> Unreachable:
    """Return whom letters do not reach, who are as many as they are counted."""
    with database.transaction() as db:
        cohort = see_cohort(db, acting(db, world, "coordinator", P.ENROLMENT_MANAGE), world.cohort)
        found = unreachable(db, cohort)
        assert count_unreachable(db, cohort) == len(found.people) + len(found.invitations)
        return found


def names(database: Database, world: World) -> list[str]:
    """Return the names of whom letters do not reach."""
    return [one.name for one in read(database, world).people]


@pytest.mark.parametrize(("state", "is_shown"), [("refused", True), ("given_up", True), ("sent", False)])
def test_person_whose_last_letter_stopped_is_unreachable(
    database: Database, world: World, state: str, is_shown: bool
) -> None:
    letter(database, world, "maude", state)
    assert bool(names(database, world)) == is_shown


def test_letter_that_arrives_later_ends_it(database: Database, world: World) -> None:
    letter(database, world, "maude")
    letter(database, world, "maude", "sent")
    assert names(database, world) == []


def test_refusal_of_a_former_address_says_nothing_of_the_present_one(database: Database, world: World) -> None:
    letter(database, world, "maude")
    with database.engine.begin() as owner:
        owner.execute(
            text("update account set email_since = :at where person_id = :maude"),
            {"at": now() + timedelta(seconds=1), "maude": world.people["maude"]},
        )
    assert names(database, world) == []


def test_who_trains_or_is_on_leave_is_shown_and_who_left_or_is_suspended_is_not(
    database: Database, world: World
) -> None:
    move(database, world, world.enrolments["karim"], EnrolmentState.ON_LEAVE, reason="Congé.")
    move(database, world, world.enrolments["elise"], EnrolmentState.WITHDRAWN, reason="Départ.")
    for who in ("karim", "elise", "yves", "trainer", "registrar", "other_participant"):
        letter(database, world, who)
    with database.engine.begin() as owner:
        owner.execute(
            text("update account set suspended_at = now() where person_id = :yves"), {"yves": world.people["yves"]}
        )
    shown = {one.person_id for one in read(database, world).people}
    assert shown == {world.people["karim"], world.people["trainer"]}


def test_invitation_to_train_the_cohort_is_shown_with_a_masked_address(database: Database, world: World) -> None:
    invite(database, world)
    [invitation] = read(database, world).invitations
    assert invitation.recipient == "z…@alma.example.com"
    assert invitation.delivery.status == "552 5.2.2"
    with database.engine.begin() as owner:
        owner.execute(text("update invitation set withdrawn_at = now()"))
    assert read(database, world).invitations == ()


def test_coordinator_reads_who_is_unreachable_why_and_what_to_do(
    client: TestClient, database: Database, world: World
) -> None:
    client = as_(client, database, world, "coordinator")
    cohort = f"/cohortes/{world.cohort}"
    assert "refusent nos courriels" not in page(client.get(cohort))
    assert "Aucun courriel n’a été refusé" in page(client.get(f"{cohort}/courriels-refuses"))
    letter(database, world, "maude")
    invite(database, world)
    board = page(client.get(cohort))
    assert f'<a href="{cohort}/courriels-refuses">2 adresses refusent nos courriels</a>' in board
    shown = page(client.get(f"{cohort}/courriels-refuses"))
    for words in ("Maude", "Cette boîte de courriel est pleine.", "corrige elle-même son adresse", "z…@alma"):
        assert words in shown
    assert world.emails["maude"] not in shown + board
    assert "zoe@" not in shown
    answer = client.get(f"/api/v1/cohorts/{world.cohort}/unreachable").json()
    assert [one["person_id"] for one in answer["people"]] == [world.people["maude"]]
    assert answer["people"][0]["delivery"]["reason"] == "mailbox_full"


@pytest.mark.parametrize("who", ["trainer", "registrar", "maude"])
def test_count_and_page_are_the_coordinators(client: TestClient, database: Database, world: World, who: str) -> None:
    letter(database, world, "karim")
    client = as_(client, database, world, who)
    assert "nos courriels" not in page(client.get(f"/cohortes/{world.cohort}"))
    assert client.get(f"/cohortes/{world.cohort}/courriels-refuses").status_code == 403


def test_reading_takes_as_many_statements_whatever_the_number_of_people(database: Database, world: World) -> None:
    def reading() -> int:
        with recorded_statements(database) as statements:
            read(database, world)
        return len(statements)

    letter(database, world, "maude")
    invite(database, world)
    one = reading()
    for who in ("karim", "elise", "yves"):
        letter(database, world, who)
    assert len(names(database, world)) == 4
    assert reading() == one
