"""The queue keeps each competency of a work until a judgement in force of it rests on the work."""

import random
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cohorts import service as cohorts
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment, EnrolmentMove
from app.curricula.library import default_library
from app.grading.enums import EvidenceKind
from app.grading.queue.service import list_queue, queue, queue_counts, works_to_judge
from app.grading.rules import assessed_by
from app.grading.schemas import EvidenceRef, JudgeCommand, JudgementShown, QueueQuery
from app.grading.works.enums import WorkDecisionKind, WorkState
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission
from tests.factories.accompaniment import accompany
from tests.factories.grading import hand_in, hold_session, judge, judge_command, open_mandate
from tests.factories.network import World, acting, as_
from tests.factories.works import complete_mandate, confirm_again, decide, works_of

GENERALIST = default_library().curriculum("generaliste", "1.0")
MANDATE, SESSION, IN_SESSION = "mandate", "session", "GEN-8.E"
"""The kinds of works beside hand-ins, and the assessment that is held in a session."""
WHAT = ("GEN-1.C", "GEN-3.C", "GEN-5.C", IN_SESSION, MANDATE, SESSION)


def waiting(database: Database, world: World) -> dict[str, set[str]]:
    """Return what waits by work, on which the API, the page, the counts and the team's page agree."""
    with database.transaction() as db:
        actor = acting(db, world, "trainer", Permission.JUDGEMENT_MAKE)
        items = queue(db, actor).items
        listed = list_queue(db, actor, QueueQuery()).items
        counts = queue_counts(db, actor)
        manager = acting(db, world, "coordinator", Permission.COHORT_MANAGE)
        left = db.execute(works_to_judge(cohorts.see_cohort(db, manager, world.cohort))).all()
    assert [item.evidence for item in listed] == [item.evidence for item in items]
    assert len(items) == counts.waiting == len(left)
    return {item.evidence.key: set(item.competencies) for item in items}


def assessed(code: str) -> set[str]:
    return {target.competency for target in GENERALIST.module_of(code).assesses}


def test_judging_one_of_two_competencies_keeps_the_other_in_the_queue(database: Database, world: World) -> None:
    work = hand_in(database, world, code="GEN-3.C")
    judge(database, world, judge_command(work, competency_code="CN-03"))
    assert waiting(database, world) == {work.key: {"CN-04"}}
    judge(database, world, judge_command(work, competency_code="CN-04"))
    assert waiting(database, world) == {}


def test_correction_that_no_longer_rests_on_a_work_puts_it_back_in_the_queue(database: Database, world: World) -> None:
    map_, report = (hand_in(database, world, code=code) for code in ("GEN-3.C", "GEN-8.E"))
    judge(database, world, judge_command(map_, competency_code="CN-03"))
    first = judge(database, world, judge_command(map_, competency_code="CN-04"))
    moved = judge_command(report, competency_code="CN-04", supersedes=first.id, reason="Ce n’était pas cette remise.")
    judge(database, world, moved)
    assert waiting(database, world) == {map_.key: {"CN-04"}, report.key: {"CN-12"}}


class History:
    """A random sequence of what people do with the works of one person, and what must wait after each step."""

    def __init__(self, database: Database, world: World, seed: int) -> None:
        self.database, self.world = database, world
        self.chance = random.Random(seed)  # noqa: S311 - a sequence that a failure can be played from again
        self.attempts: dict[str, list[EvidenceRef]] = {}
        self.mandates: list[EvidenceRef] = []
        self.sessions: list[EvidenceRef] = []
        self.in_force: dict[int, JudgementShown] = {}
        self.decided: dict[EvidenceRef, set[str]] = {}

    def receive(self, what: str) -> None:
        """Hand in again, complete another mandate, or attend the assessment in another session."""
        if what == MANDATE:
            self.mandates.append(complete_mandate(self.database, self.world))
        elif what == SESSION:
            days = len(self.sessions) + 1
            self.sessions.append(hold_session(self.database, self.world, code=IN_SESSION, days=days))
        else:
            works = self.attempts.setdefault(what, [])
            works.append(hand_in(self.database, self.world, code=what, attempt=len(works) + 1))

    def works(self, what: str) -> list[EvidenceRef]:
        """Return the works of a kind or an activity, in the order in which they were received."""
        return {MANDATE: self.mandates, SESSION: self.sessions}.get(what) or self.attempts.get(what, [])

    def assessed(self, what: str) -> set[str]:
        if what == MANDATE:
            return set(assessed_by(GENERALIST, EvidenceKind.MANDATE, None))
        return assessed(IN_SESSION if what == SESSION else what)

    def correct(self) -> None:
        """Replace a judgement in force by one that may rest on another work."""
        before = self.in_force.pop(self.chance.choice(list(self.in_force)))
        fitting = [w for what in WHAT if before.competency_code in self.assessed(what) for w in self.works(what)]
        command = judge_command(
            self.chance.choice(fitting), competency_code=before.competency_code, supersedes=before.id, reason="Relu."
        )
        self._judge(command)

    def judge(self, what: str) -> None:
        competency = self.chance.choice(sorted(self.assessed(what)))
        self._judge(judge_command(self.chance.choice(self.works(what)), competency_code=competency))

    def _judge(self, command: JudgeCommand) -> None:
        made = judge(self.database, self.world, command)
        self.in_force[made.id] = made

    def decide(self, what: str) -> None:
        """Return or waive the last work, whole or for one competency that is left."""
        work, left = self.works(what)[-1], self.left(what, self.works(what)[-1])
        if left and not (what == SESSION and self.works(IN_SESSION)):
            competency = self.chance.choice([None, *sorted(left)])
            kind = self.chance.choice(list(WorkDecisionKind))
            decide(self.database, self.world, work, kind, competency_code=competency)
            self.decided.setdefault(work, set()).update(self.assessed(what) if competency is None else {competency})

    def confirm_again(self) -> None:
        """Correct a mandate: what was decided without a level on it as it was no longer counts."""
        mandate = self.chance.choice(self.mandates)
        confirm_again(self.database, self.world, mandate)
        self.decided.pop(mandate, None)

    def left(self, what: str, work: EvidenceRef) -> set[str]:
        """Return what nobody judged, returned or waived of a work."""
        judged = {j.competency_code for j in self.in_force.values() if work in j.evidence}
        return self.assessed(what) - judged - self.decided.get(work, set())

    @property
    def waiting(self) -> dict[str, set[str]]:
        last = [(code, works[-1]) for code, works in self.attempts.items()]
        observed = [] if self.works(IN_SESSION) else [(SESSION, work) for work in self.sessions]
        all_ = [*last, *observed, *((MANDATE, work) for work in self.mandates)]
        return {work.key: left for what, work in all_ if (left := self.left(what, work))}


@pytest.mark.parametrize("seed", range(6))
def test_nothing_to_judge_leaves_the_queue_unjudged_unreturned_and_unwaived(
    database: Database, world: World, seed: int
) -> None:
    """Whatever the order of works of every kind, judgements, returns, waivers, and corrections to another work."""
    history = History(database, world, seed)
    for _ in range(24):
        what, chance = history.chance.choice(WHAT), history.chance.random()
        if not history.works(what) or (chance < 0.2 and len(history.works(what)) < 3):
            history.receive(what)
        elif what == MANDATE and chance < 0.35:
            history.confirm_again()
        elif history.in_force and chance < 0.5:
            history.correct()
        elif chance < 0.75:
            history.decide(what)
        else:
            history.judge(what)
        assert waiting(database, world) == history.waiting


def test_complete_mandate_waits_for_what_field_work_assesses(database: Database, world: World) -> None:
    mandate = open_mandate(database, world)
    assert waiting(database, world) == {}, "its milestones are not confirmed"
    accompany(database, world, mandate.id)
    assert waiting(database, world) == {mandate.key: {"CN-04", "CN-12"}}
    judge(database, world, judge_command(mandate, competency_code="CN-04"))
    assert waiting(database, world) == {mandate.key: {"CN-12"}}
    decide(database, world, mandate, competency_code="CN-12")
    assert waiting(database, world) == {}
    confirm_again(database, world, mandate)
    assert waiting(database, world) == {mandate.key: {"CN-12"}}, "a milestone was confirmed again since"


def test_mandate_opened_after_the_path_is_nothing_to_judge(database: Database, world: World) -> None:
    """BR-18: advisors keep accompanying enterprises once their path is completed."""
    before = complete_mandate(database, world)
    with database.transaction(colleges=[world.alma]) as db:
        db.get_one(Enrolment, world.enrolments["maude"]).state = EnrolmentState.COMPLETED
        db.add(
            EnrolmentMove(
                college_id=world.alma, enrolment_id=world.enrolments["maude"], from_state=EnrolmentState.ACTIVE,
                to_state=EnrolmentState.COMPLETED, moved_at=now() + timedelta(days=-1),
            )
        )  # fmt: skip
    later = complete_mandate(database, world)
    with database.engine.begin() as owner:
        owner.execute(text("update mandate set opened_on = opened_on - 5 where id = :id"), {"id": before.id})
    assert later.key not in waiting(database, world)
    assert waiting(database, world) == {before.key: {"CN-04", "CN-12"}}
    assert [work.evidence for work in works_of(database, world)] == [before]


def test_assessment_attended_in_a_session_waits_until_it_is_handed_in(database: Database, world: World) -> None:
    session = hold_session(database, world, code=IN_SESSION)
    hold_session(database, world)
    assert waiting(database, world) == {session.key: assessed(IN_SESSION)}, "presence at a workshop is nothing to judge"
    work = hand_in(database, world, code=IN_SESSION)
    assert waiting(database, world) == {work.key: assessed(IN_SESSION)}
    assert [shown.state for shown in works_of(database, world)] == [WorkState.REPLACED, WorkState.RECEIVED]


def test_works_of_every_kind_are_one_list_read_page_by_page(
    client: TestClient, database: Database, world: World
) -> None:
    mandate = complete_mandate(database, world)
    session = hold_session(database, world, ("maude", "karim"), IN_SESSION, days=4)
    written, first = hand_in(database, world, days=3), hand_in(database, world, "karim", days=9)
    as_(client, database, world, "trainer")
    ages = [(first, "karim"), (session, "maude"), (session, "karim"), (written, "maude"), (mandate, "maude")]
    expected = [(ref.key, world.enrolments[who]) for ref, who in ages]
    read, after = [], None
    while True:
        params = {"limit": 1} if after is None else {"limit": 1, "after": after}
        page = client.get("/api/v1/me/judgement-queue", params=params).json()
        read += [(f"{i['evidence']['kind']}:{i['evidence']['id']}", i["enrolment_id"]) for i in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert read == expected
    assert page["total"] == 5
    html = client.get("/jugements", params={"recherche": "scierie"}).text
    listed = html[html.index("<main") :]
    assert "Orientation – Scierie du Lac" in listed
    assert f"preuve={mandate.key}" in listed
    assert f"preuve={session.key}" not in listed


def test_mandate_is_judged_from_its_page_and_the_next_work_follows(
    client: TestClient, database: Database, world: World
) -> None:
    mandate, session = complete_mandate(database, world), hold_session(database, world, code=IN_SESSION)
    as_(client, database, world, "trainer")
    path = f"/parcours/{world.enrolments['maude']}/jugements"
    html = client.get(f"{path}/CN-04?preuve={mandate.key}").text
    assert "travail 2 sur 2" in html
    assert f'value="{mandate.key}" checked' in html
    assert f"/mandats/{mandate.id}" in html
    before = client.get(
        "/jugements/voisine", params={"preuve": mandate.key, "parcours": world.enrolments["maude"], "avant": "true"}
    )
    assert before.headers["location"].endswith(f"?preuve={session.key}")
    form = {
        "level": "2", "criteria_met": ["CN-04.C1", "CN-04.C2"], "evidence": [mandate.key], "work": mandate.key,
        "then": "next",
    }  # fmt: skip
    moved = client.post(f"{path}/CN-04", data=form)
    assert moved.headers["location"] == f"{path}/CN-12?preuve={mandate.key}"
    form |= {"criteria_met": ["CN-12.C1", "CN-12.C2"]}
    assert client.post(f"{path}/CN-12", data=form).headers["location"].endswith(f"?preuve={session.key}")


def test_returned_mandate_says_what_is_missing_on_the_persons_path(
    client: TestClient, database: Database, world: World
) -> None:
    mandate = complete_mandate(database, world)
    as_(client, database, world, "trainer")
    path = f"/parcours/{world.enrolments['maude']}/travaux/{mandate.key}"
    assert "Orientation – Scierie du Lac" in client.get(f"{path}/decision").text
    assert client.post(f"{path}/retour", data={"text": "Il manque l’échéancier."}).status_code == 303
    as_(client, database, world, "maude")
    told = client.get("/api/v1/me/notifications").json()["items"][0]
    assert (told["kind"], "échéancier" in told["body"]) == ("work_returned", False)
    html = client.get(f"/parcours/{world.enrolments['maude']}").text
    assert "Il manque l’échéancier." in html
    assert "À reprendre" in html
    assert f"/mandats/{mandate.id}" in client.get("/").text


def test_queue_is_filtered_by_a_competency_still_to_judge(client: TestClient, database: Database, world: World) -> None:
    first, second = (hand_in(database, world, who, "GEN-3.C") for who in ("maude", "karim"))
    judge(database, world, judge_command(first, competency_code="CN-04"))
    as_(client, database, world, "trainer")
    for competency, expected in (
        ("CN-03", {first.id, second.id}), ("CN-04", {second.id}), ("CN-01", set()), ("CN-99", set()),
    ):  # fmt: skip
        answer = client.get("/api/v1/me/judgement-queue", params={"competency": competency}).json()
        assert {item["evidence"]["id"] for item in answer["items"]} == expected
        html = client.get("/jugements", params={"competence": competency}).text
        listed = html[html.index("<main") :]
        assert {w.id for w in (first, second) if f"preuve={w.id}" in listed} == expected
    assert client.get("/jugements", params={"competence": "C" * 21}).status_code == 422


def test_next_is_the_other_competency_of_the_same_work(client: TestClient, database: Database, world: World) -> None:
    work, other = hand_in(database, world, code="GEN-5.C", days=2), hand_in(database, world, "karim", days=9)
    as_(client, database, world, "trainer")
    path = f"/parcours/{world.enrolments['maude']}/jugements"
    form = {
        "level": "2", "criteria_met": ["CN-02.C1", "CN-02.C2"], "evidence": [f"hand_in:{work.id}"],
        "work": str(work.id), "then": "next",
    }  # fmt: skip
    moved = client.post(f"{path}/CN-02", data=form)
    assert moved.headers["location"] == f"{path}/CN-10?preuve={work.id}"
    listed = client.get("/jugements").text
    assert f"{path}/CN-10?preuve={work.id}" in listed
    assert f"{path}/CN-02?preuve={work.id}" not in listed
    moved = client.post(f"{path}/CN-10", data={**form, "criteria_met": ["CN-10.C1", "CN-10.C2"]})
    assert moved.headers["location"] == f"/parcours/{world.enrolments['karim']}/jugements/CN-01?preuve={other.id}"
