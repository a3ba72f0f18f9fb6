"""The home page says what waits for whom, and each of its numbers opens a page that shows exactly that."""

import re
from datetime import timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.accompaniment.field_hours.models import FieldHours
from app.accompaniment.mandates.enums import MilestoneKind
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Cohort
from app.identity.roles.service import grant_role
from app.overview.home.schemas import WaitingLine, WaitingList
from app.overview.home.waiting import COHORTS
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from tests.factories import codev, eligible
from tests.factories.accompaniment import open_mandate, record_milestone
from tests.factories.cohorts import applied, called, meeting, move, page
from tests.factories.grading import ALL_CN01, hand_in, judge, judge_command
from tests.factories.network import STARTED, World, as_
from tests.factories.statements import recorded_statements

API = "/api/v1/me/waiting"


def parts(client: TestClient) -> dict[str, list[WaitingLine]]:
    """Return what waits, by kind, in the order of the answer."""
    answer = client.get(API)
    assert answer.status_code == 200, answer.text
    return {part.kind.value: list(part.lines) for part in WaitingList.model_validate_json(answer.text).parts}


@pytest.fixture
def busy(database: Database, world: World) -> World:
    """Something of each kind waits in Alma: for the trainer, the facilitator, the coordinator, the registrar."""
    called(database, world, meeting(database, world), absent=("karim", "elise"))
    for days in (3, 4):
        meeting(database, world, days=days)
    for who, days in (("maude", 9), ("yves", 2)):
        hand_in(database, world, who, days=days)
    hand_in(database, world, "karim", code="GEN-1.A")  # a trace, which nobody judges
    applied(database, world)
    move(database, world, world.enrolments["elise"], EnrolmentState.COMPLETED, reason="Tout est fait.")
    record_milestone(database, world, open_mandate(database, world).id, MilestoneKind.AGREEMENT)
    codev.plan_session(database, world, codev.create_group(database, world).id)
    with database.transaction(colleges=[world.alma]) as db:
        for minutes in (60, 90, 120):
            row = FieldHours(
                college_id=world.alma, enrolment_id=world.enrolments["elise"], activity_code="GEN-8.A",
                minutes=minutes, worked_on=STARTED, declared_at=now(), declared_by=world.people["elise"],
            )  # fmt: skip
            db.add(row)
    with database.as_owner() as db:
        late = {"late": now().date() - timedelta(days=20), "id": world.enrolments["yves"]}
        db.execute(text("update progress set next_due_on = :late where enrolment_id = :id"), late)
    return world


ROWS = {
    "calls": r'<a href="/seances/\d+/appel"',
    "risks": r"<tr>\s*<th scope=\"row\">",
    "works": r"<tr>\s*<th scope=\"row\">",
    "reviews": r"<tr>\s*<th scope=\"row\">",
    "records": r"<h1>",
    "contracts": r"<h1>",
    "confirmations": r"<h1>",
    "disputes": r"<h1>",
    "applications": r'id="personne-',
    "proposals": r'aria-labelledby="proposition-',
    "roles": r'aria-labelledby="role-',
    "hours": r'name="chosen" value="\d+"',
    "milestones": r'action="/jalons/\d+/confirmation"|<tr>\s*<th scope="row">',
    "certificates": r"<tr>\s*<th scope=\"row\">",
    "interests": r'<p class="notice waiting">Vous n’avez encore rien déclaré',
    "corrections": r'action="/repertoire/corrections/\d+/refus',
}
"""What each row of the page of a number holds once."""


def rows_of(html: str, kind: str) -> int:
    """Return how many rows of a kind a page has: those of its list, beside the small tables around it."""
    if ROWS[kind].startswith("<tr>"):
        html = html[html.index('id="liste-rows"') :].split("</table>", maxsplit=1)[0]
    return len(re.findall(ROWS[kind], html))


EXPECTED = {
    "trainer": {"calls": 2, "works": 2, "milestones": 1, "interests": 1},
    "facilitator": {"records": 1, "interests": 1},
    "coordinator": {"calls": 2, "risks": 3, "applications": 1, "proposals": 1, "hours": 3, "milestones": 1},
    "registrar": {"proposals": 1},
    "maude": {},
    "observer": {},
}
"""How much waits for each, in order."""


@pytest.mark.parametrize("who", EXPECTED)
def test_each_number_opens_a_page_that_shows_exactly_that(
    client: TestClient, database: Database, busy: World, who: str
) -> None:
    as_(client, database, busy, who)
    found = {kind: sum(line.count for line in lines) for kind, lines in parts(client).items() if lines}
    assert found == EXPECTED[who]
    assert list(found) == list(EXPECTED[who])
    html = client.get("/").text
    section = html[html.index('id="waiting"') :] if 'id="waiting"' in html else ""
    links = re.findall(r'<article class="card stack" aria-labelledby="waits-(\w+)">(.*?)</article>', section, re.S)
    assert [kind for kind, _ in links] == list(found)
    for kind, card in links:
        for href, count in re.findall(r'<a href="([^"]+)">(\d+)', card):
            assert rows_of(page(client.get(unescape(href))), kind) == int(count), href


def test_number_of_eligible_people_opens_their_list(client: TestClient, database: Database, world: World) -> None:
    eligible.sign(database, world)
    for who in ("maude", "yves"):
        eligible.attend(database, world, who)
    as_(client, database, world, "registrar")
    [line] = parts(client)["certificates"]
    assert (line.count, line.name) == (2, "Collège d’Alma")
    assert f'href="/colleges/{world.alma}/attestations">2' in client.get("/").text
    html = page(client.get(f"/colleges/{world.alma}/attestations"))
    assert rows_of(html, "certificates") == 2


@pytest.mark.parametrize("number", [1, 3])
def test_number_of_roles_to_confirm_opens_their_list(
    client: TestClient, database: Database, world: World, number: int
) -> None:
    as_(client, database, world, "admin")
    assert parts(client)["roles"] == []
    with database.transaction(colleges=[world.alma]) as db:
        for who in ("trainer", "facilitator", "coordinator")[:number]:
            by = world.people["admin"]
            grant_role(db, world.people[who], Role.REGISTRAR, college_id=world.alma, granted_by=by)
    [line] = parts(client)["roles"]
    assert line.count == number
    [shown] = re.findall(r'<a href="/roles">(\d+)', client.get("/").text)
    assert rows_of(page(client.get("/roles")), "roles") == int(shown) == number
    as_(client, database, world, "coordinator")
    assert "roles" not in parts(client), "another's to confirm"


def test_why_people_are_at_risk_and_how_long_works_wait_is_said(
    client: TestClient, database: Database, busy: World
) -> None:
    as_(client, database, busy, "coordinator")
    [line] = parts(client)["risks"]
    assert (line.count, line.long_late, line.attendance_low, line.id) == (3, 1, 2, busy.cohort)
    html = page(client.get("/"))
    assert "1 en retard de plus de deux semaines" in html
    assert "2 sous l’assiduité demandée" in html
    as_(client, database, busy, "trainer")
    [works] = parts(client)["works"]
    assert works.oldest_days == 9
    assert "Le plus ancien attend depuis 9 jours." in page(client.get("/"))


def test_nothing_of_another_college_is_counted(client: TestClient, database: Database, busy: World) -> None:
    for who in ("other_coordinator", "other_trainer", "other_registrar"):
        as_(client, database, busy, who)
        found = {kind: [line.id for line in lines] for kind, lines in parts(client).items() if lines}
        assert found == ({"interests": [busy.rouyn]} if who == "other_trainer" else {})


def test_several_roles_see_each_part_once_and_an_empty_part_in_a_line(
    client: TestClient, database: Database, busy: World
) -> None:
    with database.transaction(colleges=[busy.alma]) as db:
        grant_role(db, busy.people["trainer"], Role.COORDINATOR, college_id=busy.alma)
    as_(client, database, busy, "trainer")
    html = page(client.get("/"))
    kinds = re.findall(r'id="waits-(\w+)"', html)
    assert kinds == ["calls", "risks", "works", "applications", "proposals", "hours", "milestones", "interests"]
    assert parts(client)["calls"][0].count == 2
    as_(client, database, busy, "other_trainer")
    assert "Aucun travail n’attend votre jugement." in page(client.get("/"))
    assert re.findall(r'id="waits-(\w+)"', page(client.get("/"))) == ["interests"]


def test_participant_sees_the_next_session_the_next_step_and_what_was_judged(
    client: TestClient, database: Database, world: World
) -> None:
    day = (now().date() - STARTED).days + 3
    session = meeting(database, world, days=day)
    evidence = hand_in(database, world)
    judge(database, world, judge_command(evidence, level=2, criteria_met=ALL_CN01))
    as_(client, database, world, "maude")
    html = page(client.get("/"))
    own = html[html.index('id="mine"') : html.index("</section>", html.index('id="mine"'))]
    enrolment = world.enrolments["maude"]
    assert f'<a href="/seances/{session}">' in own
    judged = f"/parcours/{enrolment}/jugements/CN-01"
    assert f'<a href="{judged}">' in own
    [step, *_] = re.findall(rf'<a href="(/parcours/{enrolment}/activites/[^"]+)">', own)
    for path in (step, judged, f"/seances/{session}"):
        page(client.get(path))
    as_(client, database, world, "karim")
    assert "Rien n’a été jugé ces trois dernières semaines." in page(client.get("/"))


def test_cancelled_session_is_not_the_next_one(client: TestClient, database: Database, world: World) -> None:
    session = meeting(database, world, days=(now().date() - STARTED).days + 3)
    with database.as_owner() as db:
        cancelled = text("update scheduled_session set cancelled_at = now(), cancelled_by = :by, cancel_reason = 'x'")
        db.execute(cancelled, {"by": world.people["coordinator"]})
    as_(client, database, world, "maude")
    html = page(client.get("/"))
    assert f'href="/seances/{session}"' not in html
    assert "Aucune séance dans les deux prochaines semaines." in html


def open_cohorts(database: Database, world: World, state: CohortState, how_many: int = COHORTS + 1) -> None:
    """Add cohorts of Alma that begin after all others, in a state."""
    with database.as_owner() as db:
        first = db.get_one(Cohort, world.cohort)
        for n in range(how_many):
            later = {
                "starts_on": first.starts_on + timedelta(days=1 + n),
                "ends_on": first.ends_on + timedelta(days=99),
            }
            kept = first.model_dump(exclude={"id", "seated"})
            db.add(Cohort(**{**kept, **later, "code": f"{state.value}-{n}", "state": state}))


def test_cohorts_that_run_are_counted_before_newer_ones_and_what_is_not_counted_is_said(
    client: TestClient, database: Database, busy: World
) -> None:
    as_(client, database, busy, "coordinator")
    partial = f"Seules {COHORTS} cohortes sont comptées ici"
    before = parts(client)
    assert before["applications"]
    assert partial not in client.get("/").text
    open_cohorts(database, busy, CohortState.DRAFT)
    assert parts(client) == before, "newer drafts hide nothing"
    assert partial in client.get("/").text
    open_cohorts(database, busy, CohortState.RUNNING)
    now_waiting = WaitingList.model_validate_json(client.get(API).text).parts
    assert {p.kind.value for p in now_waiting if p.is_partial} == {"calls", "risks", "applications"}
    assert not next(p for p in now_waiting if p.kind.value == "applications").lines
    assert partial in client.get("/").text


STATEMENTS = {"maude": 10, "trainer": 13, "coordinator": 14, "registrar": 10, "facilitator": 10, "observer": 3}


@pytest.mark.parametrize("who", STATEMENTS)
def test_home_sends_a_literal_number_of_statements(
    client: TestClient, database: Database, busy: World, who: str
) -> None:
    as_(client, database, busy, who)
    with recorded_statements(database) as statements:
        page(client.get("/"))
    assert len(statements) == STATEMENTS[who], statements
