"""The queue keeps each competency of a work until a judgement in force of it rests on the work."""

import random

import pytest
from fastapi.testclient import TestClient

from app.cohorts import service as cohorts
from app.curricula.library import default_library
from app.grading.queue.service import list_queue, queue, queue_counts, works_to_judge
from app.grading.schemas import EvidenceRef, JudgeCommand, JudgementShown, QueueQuery
from app.grading.works.enums import WorkDecisionKind
from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission
from tests.factories.grading import hand_in, judge, judge_command
from tests.factories.network import World, acting, as_
from tests.factories.works import decide

GENERALIST = default_library().curriculum("generaliste", "1.0")
CODES = ("GEN-1.C", "GEN-3.C", "GEN-5.C", "GEN-8.E")


def waiting(database: Database, world: World) -> dict[int, set[str]]:
    """Return what waits by hand-in, on which the API, the page, the counts and the team's page agree."""
    with database.transaction() as db:
        actor = acting(db, world, "trainer", Permission.JUDGEMENT_MAKE)
        items = queue(db, actor).items
        listed = list_queue(db, actor, QueueQuery()).items
        counts = queue_counts(db, actor)
        manager = acting(db, world, "coordinator", Permission.COHORT_MANAGE)
        left = db.execute(works_to_judge(cohorts.see_cohort(db, manager, world.cohort))).all()
    assert [item.hand_in_id for item in listed] == [item.hand_in_id for item in items]
    assert len(items) == counts.waiting == len(left)
    return {item.hand_in_id: set(item.competencies) for item in items}


def assessed(code: str) -> set[str]:
    return {target.competency for target in GENERALIST.module_of(code).assesses}


def test_judging_one_of_two_competencies_keeps_the_other_in_the_queue(database: Database, world: World) -> None:
    work = hand_in(database, world, code="GEN-3.C")
    judge(database, world, judge_command(work, competency_code="CN-03"))
    assert waiting(database, world) == {work.id: {"CN-04"}}
    judge(database, world, judge_command(work, competency_code="CN-04"))
    assert waiting(database, world) == {}


def test_correction_that_no_longer_rests_on_a_work_puts_it_back_in_the_queue(database: Database, world: World) -> None:
    map_, report = (hand_in(database, world, code=code) for code in ("GEN-3.C", "GEN-8.E"))
    judge(database, world, judge_command(map_, competency_code="CN-03"))
    first = judge(database, world, judge_command(map_, competency_code="CN-04"))
    moved = judge_command(report, competency_code="CN-04", supersedes=first.id, reason="Ce n’était pas cette remise.")
    judge(database, world, moved)
    assert waiting(database, world) == {map_.id: {"CN-04"}, report.id: {"CN-12"}}


class History:
    """A random sequence of what people do with the works of one person, and what must wait after each step."""

    def __init__(self, database: Database, world: World, seed: int) -> None:
        self.database, self.world = database, world
        self.chance = random.Random(seed)  # noqa: S311 - a sequence that a failure can be played from again
        self.attempts: dict[str, list[EvidenceRef]] = {}
        self.in_force: dict[int, JudgementShown] = {}
        self.decided: dict[EvidenceRef, set[str]] = {}

    def hand_in(self, code: str) -> None:
        works = self.attempts.setdefault(code, [])
        works.append(hand_in(self.database, self.world, code=code, attempt=len(works) + 1))

    def correct(self) -> None:
        """Replace a judgement in force by one that may rest on another work."""
        before = self.in_force.pop(self.chance.choice(list(self.in_force)))
        fitting = [w for c, ws in self.attempts.items() if before.competency_code in assessed(c) for w in ws]
        command = judge_command(
            self.chance.choice(fitting), competency_code=before.competency_code, supersedes=before.id, reason="Relu."
        )
        self._judge(command)

    def judge(self, code: str) -> None:
        competency = self.chance.choice(sorted(assessed(code)))
        self._judge(judge_command(self.chance.choice(self.attempts[code]), competency_code=competency))

    def _judge(self, command: JudgeCommand) -> None:
        made = judge(self.database, self.world, command)
        self.in_force[made.id] = made

    def decide(self, code: str) -> None:
        """Return or waive the last attempt, whole or for one competency that is left."""
        work, left = self.attempts[code][-1], self.left(code)
        if left:
            competency = self.chance.choice([None, *sorted(left)])
            kind = self.chance.choice(list(WorkDecisionKind))
            decide(self.database, self.world, work, kind, competency_code=competency)
            self.decided.setdefault(work, set()).update(assessed(code) if competency is None else {competency})

    def left(self, code: str) -> set[str]:
        """Return what nobody judged, returned or waived of the last attempt."""
        work = self.attempts[code][-1]
        judged = {j.competency_code for j in self.in_force.values() if work in j.evidence}
        return assessed(code) - judged - self.decided.get(work, set())

    @property
    def waiting(self) -> dict[int, set[str]]:
        return {works[-1].id: left for code, works in self.attempts.items() if (left := self.left(code))}


@pytest.mark.parametrize("seed", range(6))
def test_nothing_to_judge_leaves_the_queue_unjudged_unreturned_and_unwaived(
    database: Database, world: World, seed: int
) -> None:
    """Whatever the order of attempts, judgements, returns, waivers, and corrections, which may move to another work."""
    history = History(database, world, seed)
    for _ in range(18):
        code, what = history.chance.choice(CODES), history.chance.random()
        if code not in history.attempts or what < 0.2:
            history.hand_in(code)
        elif history.in_force and what < 0.45:
            history.correct()
        elif what < 0.7:
            history.decide(code)
        else:
            history.judge(code)
        assert waiting(database, world) == history.waiting


def test_queue_is_filtered_by_a_competency_still_to_judge(client: TestClient, database: Database, world: World) -> None:
    first, second = (hand_in(database, world, who, "GEN-3.C") for who in ("maude", "karim"))
    judge(database, world, judge_command(first, competency_code="CN-04"))
    as_(client, database, world, "trainer")
    for competency, expected in (
        ("CN-03", {first.id, second.id}), ("CN-04", {second.id}), ("CN-01", set()), ("CN-99", set()),
    ):  # fmt: skip
        answer = client.get("/api/v1/me/judgement-queue", params={"competency": competency}).json()
        assert {item["hand_in_id"] for item in answer["items"]} == expected
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
        "hand_in": str(work.id), "then": "next",
    }  # fmt: skip
    moved = client.post(f"{path}/CN-02", data=form)
    assert moved.headers["location"] == f"{path}/CN-10?preuve={work.id}"
    listed = client.get("/jugements").text
    assert f"{path}/CN-10?preuve={work.id}" in listed
    assert f"{path}/CN-02?preuve={work.id}" not in listed
    moved = client.post(f"{path}/CN-10", data={**form, "criteria_met": ["CN-10.C1", "CN-10.C2"]})
    assert moved.headers["location"] == f"/parcours/{world.enrolments['karim']}/jugements/CN-01?preuve={other.id}"
