"""The waitlist: its order, timed offers of free seats, answers, expiry, and seats that are never sold twice."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import col, select

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment, EnrolmentMove
from app.cohorts.waitlist.filling import FILL, cohorts_to_fill
from app.cohorts.waitlist.models import SeatOffer
from app.features import FIGURES
from app.notifications.enums import Kind
from app.notifications.models import Notification
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, NotFound
from app.platform.messages.i18n import local, today
from tests.factories.forms import form_to
from tests.factories.network import World, as_
from tests.factories.waitlist import (
    SEATED,
    add_people,
    answer,
    apply,
    expire,
    fill,
    move,
    outcome_of,
    set_capacity,
    state_of,
    wait_for_seat,
)

V1 = "/api/v1"
S = EnrolmentState
FOLLOWED = text("select count(*) from enrolment where is_followed(state)")


def states(database: Database, world: World, *people: str) -> list[EnrolmentState]:
    """Return the states of some people's enrolments."""
    return [state_of(database, world, who) for who in people]


def refusal(database: Database, world: World, who: str, to: EnrolmentState, reason: str | None = None) -> list[str]:
    """Return the codes of the reasons against a change of state."""
    with pytest.raises(Conflict) as refused:
        move(database, world, who, to, reason)
    return [reason.code for reason in refused.value.reasons]


def set_dates(database: Database, world: World, starts_on: date, ends_on: date) -> None:
    """Change the dates of the world's cohort, at a quarter of which nobody joins any more."""
    with database.as_owner() as db:
        cohort = db.exec(select(Cohort).where(Cohort.id == world.cohort)).one()
        cohort.starts_on, cohort.ends_on = starts_on, ends_on
        db.add(cohort)


def follow_elsewhere(database: Database, world: World, who: str, state: str) -> None:
    """Put someone's enrolment in the cohort of the other college in a state, as that college would."""
    with database.engine.begin() as owner:
        owner.execute(
            text(
                "insert into enrolment (college_id, cohort_id, person_id, curriculum_slug, curriculum_version, state)"
                " select college_id, id, :person, curriculum_slug, curriculum_version, :state from cohort"
                " where id = :cohort on conflict (cohort_id, person_id) do update set state = excluded.state"
            ),
            {"person": world.people[who], "cohort": world.other_cohort, "state": state},
        )


def kept_figures_differ(database: Database) -> bool:
    """Return whether some kept figure is not what its computation gives."""
    with database.as_owner() as db:
        return any(list(figure.differences(db)) for figure in FIGURES)


# Order ------------------------------------------------------------------------------------------


def test_free_seat_goes_to_the_first_application_and_the_offer_takes_it(database: Database, world: World) -> None:
    first, second = add_people(database, world, 2)
    set_capacity(database, world, SEATED)
    wait_for_seat(database, world, first, second)
    fill(database, world)
    assert states(database, world, first, second) == [S.WAITLISTED, S.WAITLISTED]
    move(database, world, "yves", S.WITHDRAWN)
    fill(database, world)
    fill(database, world)  # late or twice, it changes nothing more
    assert states(database, world, first, second) == [S.OFFERED, S.WAITLISTED]
    with database.as_owner() as db:
        cohort = db.exec(select(Cohort).where(Cohort.id == world.cohort)).one()
        assert cohort.seated == cohort.capacity
        told = db.exec(select(Notification).where(Notification.kind == Kind.SEAT_OFFERED)).all()
        page = f"/candidatures/{world.enrolments[first]}"
        assert [(message.person_id, message.page) for message in told] == [(world.people[first], page)]
    assert not kept_figures_differ(database)


def test_whoever_leaves_enqueues_the_offer_of_the_seat(database: Database, world: World) -> None:
    move(database, world, "yves", S.WITHDRAWN)
    with database.engine.connect() as owner:
        jobs = owner.execute(
            text("select args->>'id' from queue.procrastinate_jobs where task_name = :job"), {"job": FILL.name}
        ).scalars()
        assert [int(id_) for id_ in jobs] == [world.cohort]


def test_capacity_that_is_raised_is_offered_in_order(database: Database, world: World) -> None:
    people = add_people(database, world, 3)
    set_capacity(database, world, SEATED)
    wait_for_seat(database, world, *people)
    assert cohorts_to_fill(database) == []
    set_capacity(database, world, SEATED + 2)
    assert cohorts_to_fill(database) == [world.cohort]
    fill(database, world)
    assert states(database, world, *people) == [S.OFFERED, S.OFFERED, S.WAITLISTED]
    assert cohorts_to_fill(database) == []


def test_coordinator_lets_someone_come_first_with_a_reason(
    client: TestClient, database: Database, world: World
) -> None:
    first, second = add_people(database, world, 2)
    set_capacity(database, world, SEATED)
    wait_for_seat(database, world, first, second)
    as_(client, database, world, "coordinator")
    path = f"{V1}/cohorts/{world.cohort}/waitlist"
    priority = f"{path}/{world.enrolments[second]}/priority"
    assert client.put(priority, json={"is_first": True}).status_code == 422
    put = client.put(priority, json={"is_first": True, "reason": "Une région sans conseiller."})
    assert [(w["name"], w["position"], w["is_first"]) for w in put.json()["waiting"]] == [
        ("wait1 Attente", 1, True), ("wait0 Attente", 2, False),
    ]  # fmt: skip
    client.put(priority, json={"is_first": False, "reason": "Une erreur."})
    assert [w["name"] for w in client.get(path).json()["waiting"]] == ["wait0 Attente", "wait1 Attente"]
    refused = client.put(f"{path}/{world.enrolments['maude']}/priority", json={"is_first": True, "reason": "Non."})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_waiting")


def test_admission_before_people_who_wait_takes_a_reason_that_the_history_keeps(
    client: TestClient, database: Database, world: World
) -> None:
    first, second, third = add_people(database, world, 3)
    wait_for_seat(database, world, first, second)
    apply(database, world, third)
    assert refusal(database, world, second, S.ADMITTED) == ["waitlist_first"]
    assert refusal(database, world, third, S.ADMITTED) == ["waitlist_first"]
    move(database, world, first, S.ADMITTED, None)
    move(database, world, third, S.ADMITTED, "Remplace sa collègue.")
    as_(client, database, world, "coordinator")
    last = client.get(f"{V1}/enrolments/{world.enrolments[third]}/moves").json()[-1]
    assert (last["reason"], last["exceptions"]) == ("Remplace sa collègue.", ["waitlist_first"])


# Answers ----------------------------------------------------------------------------------------


def test_person_accepts_and_has_the_seat(client: TestClient, database: Database, world: World) -> None:
    first, second = add_people(database, world, 2)
    set_capacity(database, world, SEATED + 1)
    wait_for_seat(database, world, first, second)
    as_(client, database, world, first)
    mine = f"{V1}/enrolments/{world.enrolments[first]}"
    assert client.get(f"{mine}/application").json()["position"] == 1
    early = client.post(f"{mine}/offer-answer", json={"accept": True})
    assert (early.status_code, early.json()["code"]) == (409, "no_offer")
    fill(database, world)
    accepted = client.post(f"{mine}/offer-answer", json={"accept": True}).json()
    assert (accepted["state"], accepted["offer"]["answer"]) == ("admitted", "accepted")
    assert client.post(f"{mine}/application-end").json()["code"] == "application_answered"
    moves = client.get(f"{mine}/moves").json()
    assert [(m["to_state"], m["by"]) for m in moves] == [
        ("applied", "wait0 Attente"), ("waitlisted", "Corinne Coordination"), ("offered", None),
        ("admitted", "wait0 Attente"),
    ]  # fmt: skip
    fill(database, world)
    assert state_of(database, world, second) is S.WAITLISTED
    assert not kept_figures_differ(database)


def test_seat_that_is_declined_goes_to_the_next_person(database: Database, world: World) -> None:
    first, second = add_people(database, world, 2)
    set_capacity(database, world, SEATED + 1)
    wait_for_seat(database, world, first, second)
    fill(database, world)
    assert answer(database, world, first, accept=False).state is S.DECLINED
    fill(database, world)
    assert states(database, world, first, second) == [S.DECLINED, S.OFFERED]


def test_offer_that_expired_is_refused_and_goes_to_the_next_person(database: Database, world: World) -> None:
    first, second = add_people(database, world, 2)
    set_capacity(database, world, SEATED + 1)
    wait_for_seat(database, world, first, second)
    fill(database, world)
    expire(database, world, first)
    with pytest.raises(Conflict) as refused:
        answer(database, world, first, accept=True)
    assert refused.value.code == "offer_expired"
    assert cohorts_to_fill(database) == [world.cohort]
    fill(database, world)
    assert states(database, world, first, second) == [S.DECLINED, S.OFFERED]
    with database.as_owner() as db:
        told = db.exec(select(Notification).where(Notification.kind == Kind.OFFER_EXPIRED)).all()
        assert [message.person_id for message in told] == [world.people[first]]


def test_offer_belongs_to_one_person(database: Database, world: World) -> None:
    first, second = add_people(database, world, 2)
    set_capacity(database, world, SEATED + 1)
    wait_for_seat(database, world, first, second)
    fill(database, world)
    world.enrolments[second] = world.enrolments[first]
    with pytest.raises(NotFound):
        answer(database, world, second, accept=True)


def test_refusal_of_someone_with_an_offer_takes_it_back(database: Database, world: World) -> None:
    first, second = add_people(database, world, 2)
    set_capacity(database, world, SEATED + 1)
    wait_for_seat(database, world, first, second)
    fill(database, world)
    move(database, world, first, S.REFUSED)
    fill(database, world)
    assert states(database, world, first, second) == [S.REFUSED, S.OFFERED]


def test_nobody_is_offered_a_seat_after_the_last_day_to_join(database: Database, world: World) -> None:
    [first] = add_people(database, world, 1)
    wait_for_seat(database, world, first)
    set_dates(database, world, today() - timedelta(days=80), today() + timedelta(days=20))
    assert cohorts_to_fill(database) == []
    fill(database, world)
    assert state_of(database, world, first) is S.WAITLISTED
    assert refusal(database, world, first, S.ADMITTED) == ["too_late_to_join"]
    move(database, world, first, S.ADMITTED, "Remplace quelqu’un.")


def test_offer_ends_with_the_last_day_to_join(database: Database, world: World) -> None:
    [first] = add_people(database, world, 1)
    wait_for_seat(database, world, first)
    set_dates(database, world, today() - timedelta(days=24), today() + timedelta(days=76))
    fill(database, world)
    with database.as_owner() as db:
        offer = db.exec(select(SeatOffer)).one()
        zone = db.exec(select(Cohort.timezone).where(Cohort.id == world.cohort)).one()
        assert offer.expires_at == local(offer.expires_at, zone).replace(hour=0, minute=0)
        assert local(offer.expires_at, zone).date() == today() + timedelta(days=2)


def test_seat_offered_before_the_dates_changed_is_taken_with_the_exception_in_the_history(
    database: Database, world: World
) -> None:
    [first] = add_people(database, world, 1)
    set_capacity(database, world, SEATED + 1)
    wait_for_seat(database, world, first)
    fill(database, world)
    set_dates(database, world, today() - timedelta(days=80), today() + timedelta(days=20))
    answer(database, world, first, accept=True)
    with database.as_owner() as db:
        last = select(EnrolmentMove).order_by(col(EnrolmentMove.id).desc()).limit(1)
        assert db.exec(last).one().exceptions == ["too_late_to_join"]


def test_message_to_whom_the_college_brought_in_leads_to_their_path(
    client: TestClient, database: Database, world: World
) -> None:
    [who] = add_people(database, world, 1)
    apply(database, world, who)
    with database.engine.begin() as owner:
        owner.execute(text("delete from application where enrolment_id = :id"), {"id": world.enrolments[who]})
    move(database, world, who, S.REFUSED)
    with database.as_owner() as db:
        told = select(Notification.page).where(Notification.person_id == world.people[who])
        assert db.exec(told).all() == ["/parcours"]
    as_(client, database, world, who)
    assert client.get("/parcours", follow_redirects=True).status_code == 200
    assert "/candidatures/" not in client.get(f"/cohortes-ouvertes/{world.cohort}").text


def test_someone_who_follows_the_path_elsewhere_is_passed_over_until_it_ends(
    client: TestClient, database: Database, world: World
) -> None:
    first, second, third = add_people(database, world, 3)
    set_capacity(database, world, SEATED)
    wait_for_seat(database, world, first, second, third)
    follow_elsewhere(database, world, first, "active")
    as_(client, database, world, first)
    page = f"/candidatures/{world.enrolments[first]}"
    assert "Vous suivez déjà ce parcours dans une autre cohorte" in client.get(page).text
    as_(client, database, world, third)
    assert "Vous êtes au rang 2 sur 2" in client.get(f"/candidatures/{world.enrolments[third]}").text
    as_(client, database, world, "coordinator")
    read = client.get(f"{V1}/cohorts/{world.cohort}/waitlist").json()["waiting"]
    assert [(w["enrolment_id"], w["position"]) for w in read] == [
        (world.enrolments[first], None), (world.enrolments[second], 1), (world.enrolments[third], 2),
    ]  # fmt: skip
    assert "suit ce parcours dans une autre cohorte" in client.get(f"/cohortes/{world.cohort}/liste-d-attente").text
    set_capacity(database, world, SEATED + 2)
    move(database, world, second, S.ADMITTED, None)  # nobody to whom a seat may be offered comes before
    fill(database, world)
    assert states(database, world, first, second, third) == [S.WAITLISTED, S.ADMITTED, S.OFFERED]
    follow_elsewhere(database, world, first, "withdrawn")
    set_capacity(database, world, SEATED + 3)
    fill(database, world)
    assert state_of(database, world, first) is S.OFFERED


def test_waitlist_is_read_a_page_at_a_time_and_searched(client: TestClient, database: Database, world: World) -> None:
    people = add_people(database, world, 27)
    set_capacity(database, world, SEATED)
    wait_for_seat(database, world, *people)
    as_(client, database, world, "coordinator")
    api, path = f"{V1}/cohorts/{world.cohort}/waitlist", f"/cohortes/{world.cohort}/liste-d-attente"
    first = client.get(api, params={"limit": 20}).json()
    rest = client.get(api, params={"limit": 20, "after": first["next"]}).json()
    assert [w["position"] for w in first["waiting"] + rest["waiting"]] == list(range(1, 28))
    assert rest["next"] is None
    assert client.get(api, params={"after": world.enrolments["maude"]}).json()["code"] == "invalid"
    assert "wait26 Attente" not in client.get(path).text
    assert "27 personnes attendent" in client.get(path).text
    assert "wait26 Attente" in client.get(path, params={"page": 2}).text
    found = client.get(path, params={"recherche": "wait26"}).text
    assert re.search(r"27\.\s*<a [^>]+>wait26 Attente</a>", found)


# Applying again ---------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [S.REFUSED, S.DECLINED, S.WITHDRAWN])
def test_application_made_again_keeps_the_former_one_and_the_history(
    client: TestClient, database: Database, world: World, end: EnrolmentState
) -> None:
    [who] = add_people(database, world, 1)
    before = apply(database, world, who, "Une première fois.")
    with pytest.raises(Conflict):
        apply(database, world, who)
    move(database, world, who, end)
    assert apply(database, world, who, "Une deuxième fois.") == before
    as_(client, database, world, "coordinator")
    shown = client.get(f"{V1}/cohorts/{world.cohort}/applications").json()["items"]
    assert [a["motive"] for a in shown if a["enrolment_id"] == before] == ["Une deuxième fois."]
    moves = client.get(f"{V1}/enrolments/{before}/moves").json()
    assert [m["to_state"] for m in moves] == ["applied", end.value, "applied"]
    with database.engine.connect() as owner:
        kept = owner.execute(text("select count(*) from application where enrolment_id = :id"), {"id": before})
        assert kept.scalar_one() == 2


def test_who_had_begun_and_left_returns_by_the_college_and_stays_in_the_figures(
    client: TestClient, database: Database, world: World
) -> None:
    with database.as_owner() as db:
        first_day = db.get_one(Enrolment, world.enrolments["maude"]).joined_on
        counted = db.execute(FOLLOWED).scalar_one()
    move(database, world, "maude", S.WITHDRAWN)
    with pytest.raises(Conflict) as refused:
        apply(database, world, "maude")
    assert refused.value.code == "had_begun"
    assert state_of(database, world, "maude") is S.WITHDRAWN
    as_(client, database, world, "maude")
    for page in (f"/candidatures/{world.enrolments['maude']}", f"/cohortes-ouvertes/{world.cohort}"):
        shown = client.get(page).text
        assert "écrivez à la coordination du collège" in shown
        assert "Poser ma candidature" not in shown
        assert 'name="motive"' not in shown
    with database.as_owner() as db:
        assert db.execute(FOLLOWED).scalar_one() == counted
    move(database, world, "maude", S.ACTIVE)
    with database.as_owner() as db:
        assert db.get_one(Enrolment, world.enrolments["maude"]).joined_on == first_day


# At once ----------------------------------------------------------------------------------------


def test_last_seat_taken_by_many_at_once_is_sold_once(database: Database, world: World) -> None:
    """Eight threads admit, accept, withdraw and run the job at once; three rounds, as the soak has a hundred."""
    people = add_people(database, world, 9)
    set_capacity(database, world, SEATED + 1)
    wait_for_seat(database, world, *people[:6])
    for who in people[6:]:
        apply(database, world, who)

    def attempt(n: int) -> str:
        who = people[n % len(people)]
        acts: tuple[Callable[[], object], ...] = (
            lambda: fill(database, world),
            lambda: answer(database, world, who, accept=True),
            lambda: move(database, world, who, S.ADMITTED),
            lambda: answer(database, world, who, accept=False),
        )
        return outcome_of(acts[n % 4])

    for _ in range(3):
        with ThreadPoolExecutor(8) as threads:
            outcomes = set(threads.map(attempt, range(16)))
        assert outcomes <= {"done", "no_offer", "cohort_full", "move_not_allowed", "busy"}
        with database.as_owner() as db:
            cohort = db.exec(select(Cohort).where(Cohort.id == world.cohort)).one()
            assert cohort.seated <= cohort.capacity
    assert not kept_figures_differ(database)


# Pages ------------------------------------------------------------------------------------------


def test_person_follows_their_application_and_takes_the_seat_on_its_page(
    client: TestClient, database: Database, world: World
) -> None:
    [who] = add_people(database, world, 1)
    set_capacity(database, world, SEATED)
    wait_for_seat(database, world, who)
    as_(client, database, world, who)
    page = f"/candidatures/{world.enrolments[who]}"
    assert "Vous êtes au rang 1 sur 1" in client.get(page).text
    set_capacity(database, world, SEATED + 1)
    fill(database, world)
    shown = client.get(page).text
    assert "Accepter la place" in shown
    assert form_to(shown, f"{page}/reponse")
    sent = client.post(f"{page}/reponse", data={"accept": "true"}, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    assert state_of(database, world, who) is S.ADMITTED
    assert "Votre place est confirmée" in client.get(page).text


def test_person_ends_their_application_on_its_page_and_applies_again(
    client: TestClient, database: Database, world: World
) -> None:
    [who] = add_people(database, world, 1)
    apply(database, world, who)
    as_(client, database, world, who)
    page = f"/candidatures/{world.enrolments[who]}"
    client.post(f"{page}/retrait", follow_redirects=False)
    assert state_of(database, world, who) is S.DECLINED
    assert f"/cohortes-ouvertes/{world.cohort}" in client.get(page).text
    assert 'name="motive"' in client.get(f"/cohortes-ouvertes/{world.cohort}").text


def test_coordinator_reads_the_list_and_sets_how_long_offers_stand(
    client: TestClient, database: Database, world: World
) -> None:
    first, second = add_people(database, world, 2)
    set_capacity(database, world, SEATED + 1)
    wait_for_seat(database, world, first, second)
    as_(client, database, world, "coordinator")
    page = f"/cohortes/{world.cohort}/liste-d-attente"
    client.post(f"/cohortes/{world.cohort}/duree-des-offres", data={"offer_hours": "24"})
    fill(database, world)
    shown = client.get(page).text
    assert "wait0 Attente" in shown
    assert "En attente de réponse" in shown
    with database.as_owner() as db:
        lasts = db.execute(text("select expires_at - offered_at from seat_offer")).scalar_one()
        assert lasts == timedelta(hours=24)
    too_long = client.post(f"/cohortes/{world.cohort}/duree-des-offres", data={"offer_hours": "337"})
    assert too_long.status_code == 422
    assert 'value="337"' in too_long.text
