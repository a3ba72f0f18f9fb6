"""Anonymous ratings: who answers, when results are shown, and that no table links an answer to a person."""

import re
from datetime import timedelta
from itertools import permutations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import select

from app.codev.confidences.models import GroupKey
from app.codev.confidences.places import see_own_place
from app.codev.confidences.service import open_for_group
from app.codev.destruction.service import destroy
from app.codev.ratings import service as ratings
from app.codev.ratings.models import RatingBox
from app.codev.ratings.schemas import RatingCommand
from app.codev.records.schemas import RecordCommand
from app.platform.clock import at
from app.platform.database.transaction import Database
from app.platform.errors import NotFound, Unavailable
from app.platform.security.permissions import P
from tests.codev.test_sheets import rows
from tests.conftest import RING
from tests.factories.codev import FIRST, close_record, create_group, plan_session, presences
from tests.factories.cohorts import page
from tests.factories.network import World, acting, as_

V1 = "/api/v1/codev/sessions"
WORD = "canarisecret"
DURING, CLOSED = FIRST + timedelta(days=2), FIRST + timedelta(days=7)
MARKS = {"usefulness": 5, "climate": 1, "method": 3}


@pytest.fixture
def meeting(database: Database, world: World) -> int:
    """Plan a session of a group; return its id."""
    return plan_session(database, world, create_group(database, world).id)


def give(database: Database, world: World, meeting: int, who: str, *, comment: str | None = None, **marks: int) -> None:
    """Answer the questionnaire as a member, two days after the session."""
    with at(DURING), database.transaction() as db:
        own = see_own_place(db, acting(db, world, who, P.CONFIDENCE_WRITE), meeting)
        ratings.answer(db, RING, own, RatingCommand(**{**MARKS, **marks}, comment=comment))


def test_results_come_once_closed_and_from_three_answers_on(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    give(database, world, meeting, "maude", climate=5, comment="Commencer à l’heure.")
    give(database, world, meeting, "karim", climate=4)
    give(database, world, meeting, "elise", climate=3, comment="Aller moins vite.")
    for moment, hidden in ((DURING, ["rating_results_later"]), (CLOSED, [])):
        with at(moment):
            as_(client, database, world, "yves")
            shown = client.get(f"{V1}/{meeting}/ratings/results").json()
        assert shown["hidden"] == hidden
    climate = next(q for q in shown["questions"] if q["question"] == "climate")
    assert climate == {"question": "climate", "counts": [0, 0, 1, 1, 1], "mean": 4.0}
    assert shown["comments"] == ["Aller moins vite.", "Commencer à l’heure."]
    with at(CLOSED):
        html = page(client.get(f"/codev/seances/{meeting}/questionnaire"))
    assert "Aller moins vite." in html
    assert "4,0" in html
    assert (shown["figures"]["answered"], shown["figures"]["asked"], shown["figures"]["response_rate"]) == (3, 4, 75)


def test_two_answers_are_never_shown(client: TestClient, database: Database, world: World, meeting: int) -> None:
    for who in ("maude", "karim"):
        give(database, world, meeting, who, comment=f"{WORD} {who}")
    with at(CLOSED):
        as_(client, database, world, "facilitator")
        shown = client.get(f"{V1}/{meeting}/ratings/results").json()
        html = page(client.get(f"/codev/seances/{meeting}/questionnaire"))
    assert (shown["hidden"], shown["questions"], shown["comments"]) == (["rating_too_few"], [], [])
    assert "Moins de 3 réponses" in html
    assert WORD not in html


def test_member_answers_once_on_the_page_while_it_is_open(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    path = f"/codev/seances/{meeting}/questionnaire"
    with at(FIRST - timedelta(minutes=1)):
        as_(client, database, world, "maude")
        assert "pas encore ouvert" in page(client.get(path))
        assert client.put(f"{V1}/{meeting}/own-rating", json=MARKS).json()["code"] == "rating_not_open"
    with at(DURING):
        as_(client, database, world, "maude")
        refused = client.post(path, data={**MARKS, "climate": "", "comment": "Un mot."})
        assert refused.status_code == 422
        assert "Un mot." in refused.text, "what was typed comes back"
        assert client.post(path, data={**MARKS, "comment": ""}).status_code == 303
        assert "Vous avez répondu" in page(client.get(path))
        again = client.put(f"{V1}/{meeting}/own-rating", json=MARKS)
        assert (again.status_code, again.json()["code"]) == (409, "rating_answered")
    with at(CLOSED):
        as_(client, database, world, "karim")
        assert client.put(f"{V1}/{meeting}/own-rating", json=MARKS).json()["code"] == "rating_closed"
        assert "Le questionnaire est fermé" in page(client.get(path))


def test_form_sent_twice_is_one_answer(client: TestClient, database: Database, world: World, meeting: int) -> None:
    path = f"/codev/seances/{meeting}/questionnaire"
    with at(DURING):
        as_(client, database, world, "maude")
        action = re.search(rf'action="({path}[^"]*cle=[^"]*)"', client.get(path).text)
        assert action is not None
        address = action[1].replace("&amp;", "&")
        for marks in (MARKS, {**MARKS, "climate": 5}):
            assert client.post(address, data=marks).status_code == 303
        assert client.get(f"{V1}/{meeting}/ratings").json()["answered"] == 1


def test_session_that_was_not_held_is_not_rated(client: TestClient, database: Database, world: World) -> None:
    group = create_group(database, world)
    meeting = plan_session(database, world, group.id)
    with at(DURING):
        close_record(database, world, meeting, RecordCommand(entries=presences(group), facilitator_present=False))
        as_(client, database, world, "maude")
        assert client.put(f"{V1}/{meeting}/own-rating", json=MARKS).json()["code"] == "rating_not_held"


def test_facilitator_and_others_do_not_answer_and_a_coordinator_reads_figures_alone(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    give(database, world, meeting, "maude")
    with at(DURING):
        as_(client, database, world, "coordinator")
        figures = client.get(f"{V1}/{meeting}/ratings").json()
        assert (figures["answered"], figures["asked"], figures["state"]) == (1, 4, "open")
        assert client.get(f"{V1}/{meeting}/ratings/results").status_code == 403
        html = page(client.get(f"/codev/seances/{meeting}"))
        assert "Réponses reçues : 1 sur 4." in html
        assert "/questionnaire" not in html
        as_(client, database, world, "facilitator")
        assert client.put(f"{V1}/{meeting}/own-rating", json=MARKS).status_code == 403
        assert "/questionnaire" in page(client.get(f"/codev/seances/{meeting}"))
    with database.transaction() as db, pytest.raises(NotFound):
        see_own_place(db, acting(db, world, "other_participant", P.CONFIDENCE_WRITE), meeting)


SEEN = """
    select 'box', college_id, group_id, length(content_sealed)::text from rating_box where session_id = :session
    union all
    select 'answered', college_id, membership_id, '' from rating_answered where session_id = :session
    union all
    select e.subject || ' ' || e.action || ' ' || e.outcome, e.college_id, e.actor_id,
           coalesce(v.before::text, '') || (v.after - 'id' - 'session_id')::text
      from audit_entry e join audit_values v on v.entry_id = e.id
     where e.subject like 'rating%' and e.id > :since
    union all
    select 'form', null, person_id, length(answer_sealed)::text from idempotent_request where id > :forms
"""


def _last(database: Database, table: str) -> int:
    with database.engine.connect() as owner:
        last: int = owner.execute(text(f"select coalesce(max(id), 0) from {table}")).scalar_one()  # noqa: S608
        return last


def _played(client: TestClient, database: Database, world: World, meeting: int, marks: tuple[int, ...]) -> list[str]:
    """Let three members answer through the form and the API, each a mark and a comment; return every row written."""
    before = set(rows(database))
    with at(DURING):
        for who, mark in zip(("maude", "karim", "elise"), marks, strict=True):
            as_(client, database, world, who)
            body = {"usefulness": mark, "climate": mark, "method": mark, "comment": f"{WORD}{mark}" * mark}
            if who == "karim":
                sent = client.put(f"{V1}/{meeting}/own-rating", json=body, headers={"Idempotency-Key": f"k{meeting}"})
            else:
                path = f"/codev/seances/{meeting}/questionnaire"
                action = re.search(rf'action="({path}[^"]*)"', client.get(path).text)
                assert action is not None
                sent = client.post(action[1].replace("&amp;", "&"), data=body)
            assert sent.status_code in {200, 303}, sent.text
    return sorted(set(rows(database)) - before)


def test_no_table_nor_the_record_tells_one_distribution_of_answers_from_another(
    client: TestClient, database: Database, world: World
) -> None:
    """Whoever reads every table as the owner sees the same, whoever of the three gave which answer."""
    group = create_group(database, world)
    seen = []
    for code, marks in zip("ABCD", permutations((1, 3, 5)), strict=False):
        session = plan_session(database, world, group.id, f"GEN-7.{code}")
        since, forms = _last(database, "audit_entry"), _last(database, "idempotent_request")
        found = _played(client, database, world, session, marks)
        assert not any(WORD in row for row in found)
        with database.engine.connect() as owner:
            values = {"session": session, "since": since, "forms": forms}
            seen.append(sorted(map(repr, owner.execute(text(SEEN), values))))
    assert len(seen[0]) >= 12
    for other in seen[1:]:
        assert other == seen[0]


def test_record_says_that_someone_answered_and_neither_what_nor_a_digest_of_it(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    _played(client, database, world, meeting, (1, 3, 5))
    with database.engine.connect() as owner:
        values = owner.execute(
            text(
                "select e.subject, v.before, v.after from audit_entry e join audit_values v on v.entry_id = e.id"
                " where e.subject like 'rating%'"
            )
        ).all()
        columns = owner.execute(
            text("select column_name from information_schema.columns where table_name like 'rating%'")
        )
        assert set(columns.scalars()) == {
            "id", "college_id", "group_id", "session_id", "membership_id", "content_sealed"
        }, "no moment, no order of answers"  # fmt: skip
        keys = owner.execute(text("select answer_sealed from idempotent_request")).scalars().all()
    assert {value["content_sealed"] for subject, _, value in values if subject == "rating_box"} == {"•"}
    assert {tuple(value) for subject, _, value in values if subject == "rating_answered"} == {
        ("id", "college_id", "session_id", "membership_id")
    }
    assert len(keys) >= 2, "forms are done once"


def test_lengths_of_the_box_do_not_say_who_wrote_a_comment(database: Database, world: World, meeting: int) -> None:
    lengths = []
    for who, comment in (("maude", None), ("karim", "é" * 500), ("elise", None)):
        give(database, world, meeting, who, comment=comment)
        with database.as_owner() as db:
            lengths.append(len(db.exec(select(RatingBox.content_sealed)).one() or ""))
    assert len(set(lengths)) == 1


def test_readings_between_two_answers_are_the_same(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    """Nobody subtracts what was shown before an answer from what is shown after it."""
    readings = []
    for who in ("maude", "karim", "elise", "yves"):
        give(database, world, meeting, who, climate=2)
        with at(DURING):
            as_(client, database, world, "facilitator")
            shown = client.get(f"{V1}/{meeting}/ratings/results").json()
            readings.append({k: shown[k] for k in ("hidden", "questions", "comments")})
    assert readings == [{"hidden": ["rating_results_later"], "questions": [], "comments": []}] * 4


def test_answers_are_destroyed_with_the_texts_of_the_group(
    client: TestClient, database: Database, world: World, meeting: int
) -> None:
    for who in ("maude", "karim", "elise"):
        give(database, world, meeting, who, comment="Un mot.")
    with database.as_owner() as db:
        destroy(db, db.exec(select(GroupKey)).one())
    with at(CLOSED):
        as_(client, database, world, "facilitator")
        assert client.get(f"{V1}/{meeting}/ratings/results").json()["hidden"] == ["rating_destroyed"]
        assert client.get(f"{V1}/{meeting}/ratings").json()["answered"] == 3, "a fact stays"
    with at(DURING):
        as_(client, database, world, "yves")
        assert client.put(f"{V1}/{meeting}/own-rating", json=MARKS).json()["code"] == "rating_destroyed"


def test_box_of_another_session_or_group_does_not_open(database: Database, world: World, meeting: int) -> None:
    give(database, world, meeting, "maude")
    with database.as_owner() as db:
        box = db.exec(select(RatingBox)).one()
        key = (box.group_id, box.content_sealed or "")
        assert "counts" in open_for_group(db, RING, *key, bound=f"ratings {meeting}")
        with pytest.raises(Unavailable):
            open_for_group(db, RING, *key, bound=f"ratings {meeting + 1}")


def test_row_level_security_hides_boxes_from_who_is_not_in_the_group(
    database: Database, world: World, meeting: int
) -> None:
    give(database, world, meeting, "maude")
    for who, permission, count in (
        ("coordinator", P.CODEV_READ, 0),
        ("facilitator", P.CONFIDENCE_READ, 1),
        ("other_participant", P.CONFIDENCE_READ, 0),
    ):
        with database.transaction() as db:
            acting(db, world, who, permission)
            assert len(db.exec(select(RatingBox.id)).all()) == count, who
