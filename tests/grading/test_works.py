"""Works returned or waived: what leaves the queue, what their author reads, who may decide, the pages and the API."""

import pytest
from fastapi.testclient import TestClient

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.grading.drafts import service as drafts
from app.grading.drafts.schemas import DraftCommand, DraftKey, DraftPlace
from app.grading.works.enums import CompetencyState, WorkDecisionKind, WorkState
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Forbidden, Invalid
from app.platform.security.permissions import Permission
from tests.factories.cohorts import page
from tests.factories.grading import add_trainer, hand_in, judge, judge_command
from tests.factories.network import World, as_, count, see
from tests.factories.notifications import inbox
from tests.factories.works import decide, works_of
from tests.grading.test_queue import waiting

WAIVED = WorkDecisionKind.WAIVED
STATES = {"received": "Reçu", "being_read": "En lecture", "judged": "Évalué"}


def test_returned_work_leaves_the_queue_and_its_author_is_told_what_is_missing(
    database: Database, world: World, client: TestClient
) -> None:
    work = hand_in(database, world, code="GEN-3.C")
    decide(database, world, work, criteria=[{"criterion": "CN-03.C1", "text": "Les délais manquent."}])
    assert waiting(database, world) == {}
    as_(client, database, world, "maude")
    told = client.get("/api/v1/me/notifications").json()["items"][0]
    assert (told["kind"], "suite" in told["body"]) == ("work_returned", False)
    page = client.get(f"/parcours/{world.enrolments['maude']}/activites/GEN-3.C").text
    for words in ("À reprendre", "Il manque la suite.", "Les délais manquent."):
        assert words in page
    for path in ("/", f"/parcours/{world.enrolments['maude']}"):
        assert "À reprendre" in client.get(path).text


def test_returned_work_handed_in_again_waits_with_its_newest_attempt(database: Database, world: World) -> None:
    first = hand_in(database, world, code="GEN-3.C")
    decide(database, world, first, competency_code="CN-03")
    assert waiting(database, world) == {first.key: {"CN-04"}}
    second = hand_in(database, world, code="GEN-3.C", attempt=2)
    assert waiting(database, world) == {second.key: {"CN-03", "CN-04"}}
    assert [work.state for work in works_of(database, world)] == [WorkState.REPLACED, WorkState.RECEIVED]
    with pytest.raises(Invalid) as refused:
        decide(database, world, first, competency_code="CN-04")
    assert [reason.code for reason in refused.value.reasons] == ["work_replaced"]


def test_waived_competency_leaves_the_queue_with_its_reason(database: Database, world: World) -> None:
    work = hand_in(database, world, code="GEN-3.C")
    decide(database, world, work, WAIVED, competency_code="CN-04", text="Montrée dans GEN-8.E.")
    assert waiting(database, world) == {work.key: {"CN-03"}}
    judge(database, world, judge_command(work, competency_code="CN-03"))
    (shown,) = works_of(database, world)
    assert shown.state is WorkState.JUDGED
    assert [c.state for c in shown.competencies] == [CompetencyState.JUDGED, CompetencyState.WAIVED]
    assert [decision.text for decision in shown.decisions] == ["Montrée dans GEN-8.E."]
    assert not any(title.startswith("À reprendre") for title in inbox(database, world, "maude"))


def test_work_of_which_a_judgement_is_being_written_is_being_read(database: Database, world: World) -> None:
    read, other = hand_in(database, world, code="GEN-3.C"), hand_in(database, world, code="GEN-5.C")
    with database.transaction() as db:
        actor, enrolment, _ = see(db, world, "trainer", Permission.JUDGEMENT_MAKE)
        place = DraftPlace(enrolment=enrolment, competency="CN-03", key=DraftKey(hand_in_id=read.id))
        drafts.save_draft(db, actor, place, DraftCommand(level=1), version=0)
    states = {work.evidence.id: work.state for work in works_of(database, world)}
    assert states == {read.id: WorkState.BEING_READ, other.id: WorkState.RECEIVED}


def test_person_reads_on_their_pages_and_by_the_api_how_far_each_of_their_works_is(
    client: TestClient, database: Database, world: World
) -> None:
    path = f"/parcours/{world.enrolments['maude']}"

    def read() -> list[str]:
        """Return the states of the works by API, checked against the page of the path and that of the activity."""
        as_(client, database, world, "maude")
        works = client.get(f"/api/v1/enrolments/{world.enrolments['maude']}/works").json()
        label = STATES[works[-1]["state"]]
        for shown in (page(client.get(path)), page(client.get(f"{path}/activites/GEN-3.C"))):
            assert f">{label}<" in shown
            assert not [other for other in STATES.values() if other != label and f">{other}<" in shown]
        return [work["state"] for work in works]

    work = hand_in(database, world, code="GEN-3.C")
    assert read() == ["received"]
    with database.transaction() as db:
        actor, enrolment, _ = see(db, world, "trainer", Permission.JUDGEMENT_MAKE)
        place = DraftPlace(enrolment=enrolment, competency="CN-03", key=DraftKey(hand_in_id=work.id))
        drafts.save_draft(db, actor, place, DraftCommand(level=1), version=0)
    assert read() == ["being_read"]
    judge(database, world, judge_command(work, competency_code="CN-03"))
    assert read() == ["being_read"], "CN-04 is still to judge"
    judge(database, world, judge_command(work, competency_code="CN-04"))
    assert read() == ["judged"]


def test_decision_sent_again_is_the_first_one(database: Database, world: World) -> None:
    work = hand_in(database, world, code="GEN-3.C")
    assert decide(database, world, work) == decide(database, world, work)
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "work_decision") == 1
    with pytest.raises(Invalid) as refused:
        decide(database, world, work, text="Autre chose.")
    assert [reason.code for reason in refused.value.reasons] == ["work_settled"]


def test_decision_needs_words_on_a_criterion_of_the_work(database: Database, world: World) -> None:
    work = hand_in(database, world, code="GEN-3.C")
    for given, code in (
        ({"text": None}, "missing_needed"),
        ({"criteria": [{"criterion": "CN-01.C1", "text": "x"}]}, "criterion_not_of_work"),
    ):
        with pytest.raises(Invalid) as refused:
            decide(database, world, work, **given)
        assert [reason.code for reason in refused.value.reasons] == [code]


def test_nobody_decides_on_their_own_work_nor_after_the_path_ended(database: Database, world: World) -> None:
    work = hand_in(database, world, code="GEN-3.C")
    add_trainer(database, world, "maude")
    with pytest.raises(Forbidden):
        decide(database, world, work, by="maude")
    with database.transaction(colleges=[world.alma]) as db:
        db.get_one(Enrolment, world.enrolments["maude"]).state = EnrolmentState.WITHDRAWN
    with pytest.raises(Conflict, match="enrolment_not_running"):
        decide(database, world, work)


def test_work_that_is_not_judged_has_nothing_to_decide(database: Database, world: World) -> None:
    trace = hand_in(database, world, code="GEN-8.D")
    with pytest.raises(Invalid) as refused:
        decide(database, world, trace)
    assert [reason.code for reason in refused.value.reasons] == ["work_not_judged"]
    assert works_of(database, world) == []


def test_page_returns_a_work_by_criterion_and_shows_what_was_decided(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world, code="GEN-3.C")
    as_(client, database, world, "trainer")
    path = f"/parcours/{world.enrolments['maude']}/travaux/{work.key}"
    assert f'href="{path}/decision"' in client.get("/jugements").text
    criteria = ["CN-03.C1", "CN-03.C2"]
    refused = client.post(f"{path}/retour", data={"criterion": criteria, "missing": ["", ""], "text": ""})
    assert refused.status_code == 422
    assert "Dites ce qui manque" in refused.text
    sent = client.post(
        f"{path}/retour",
        data={"competency_code": "CN-03", "criterion": criteria, "missing": ["", "Chiffrer <deux> irritants."]},
    )
    assert sent.headers["location"] == f"{path}/decision"
    page = client.get(f"{path}/decision").text
    assert "Chiffrer &lt;deux&gt; irritants." in page
    waived = client.post(f"{path}/dispense", data={"competency_code": "", "text": "Montrée ailleurs."})
    assert waived.headers["location"] == f"{path}/decision"
    assert "Il ne reste rien à décider" in client.get(f"{path}/decision").text
    assert waiting(database, world) == {}


def test_api_shows_the_state_of_each_work_to_its_author(client: TestClient, database: Database, world: World) -> None:
    work = hand_in(database, world, code="GEN-3.C")
    as_(client, database, world, "trainer")
    body = {"kind": "returned", "criteria": [{"criterion": "CN-04.C1", "text": "Un seul répondant."}]}
    made = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/works/{work.key}/decisions", json=body)
    assert made.status_code == 201
    as_(client, database, world, "maude")
    (shown,) = client.get(f"/api/v1/enrolments/{world.enrolments['maude']}/works").json()
    assert (shown["evidence"]["id"], shown["state"]) == (work.id, "returned")
    assert shown["decisions"] == [made.json()]
    assert shown["decisions"][0]["criteria"] == body["criteria"]
