"""The list of messages as an administrator sees it: where each stands, nobody's whole address, no text."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.messages.letters import deliveries, deliveries_to, letter_kinds, list_letters
from app.platform.messages.outbox import enqueue
from app.platform.messages.rules import DeliveryReason, LetterState
from app.platform.messages.schemas import LettersQuery
from tests.factories.network import World
from tests.factories.statements import recorded_statements

STATES = {
    "waiting": "state = 'waiting'",
    "retrying": "state = 'retrying', reason = 'server_busy', status = '451', tries = 2",
    "sent": "state = 'sent', sent_at = now(), tries = 1, body = ''",
    "refused": "state = 'refused', reason = 'mailbox_full', status = '552 5.2.2', stopped_at = now(), body = ''",
    "given_up": "state = 'given_up', reason = 'server_unreachable', stopped_at = now(), body = ''",
}


def write(database: Database, *, person: int | None = None) -> dict[str, int]:
    """Write a message in each state; return their ids."""
    ids = {}
    with database.transaction() as db:
        for state in STATES:
            key = "password_changed" if state in {"sent", "refused"} else "reset"
            letter = enqueue(db, f"{state}@alma.example.com", key, person, link="http://testserver/secret", delay=60)
            db.flush()
            ids[state] = letter.id
    with database.engine.begin() as owner:
        for state, changes in STATES.items():
            owner.execute(text(f"update letter set {changes} where id = :id"), {"id": ids[state]})  # noqa: S608 - ours
    return ids


def listed(database: Database, **query: object) -> list[str]:
    """Return the states of the messages that a query lists, in order."""
    with database.transaction() as db:
        page = list_letters(db, LettersQuery.model_validate(query))
    return [letter.delivery.state.value for letter in page.items]


def test_list_shows_where_each_message_stands_without_its_address_or_text(database: Database) -> None:
    ids = write(database)
    with database.transaction() as db:
        page = list_letters(db, LettersQuery())
    assert page.total == 5
    refused = next(letter for letter in page.items if letter.id == ids["refused"])
    assert (refused.kind, refused.recipient) == ("password_changed", "r…@alma.example.com")
    assert (refused.delivery.reason, refused.delivery.status) == (DeliveryReason.MAILBOX_FULL, "552 5.2.2")
    dumped = "".join(letter.model_dump_json() for letter in page.items)
    assert "secret" not in dumped
    assert "refused@" not in dumped


@pytest.mark.parametrize("state", list(LetterState))
def test_list_is_filtered_by_state(database: Database, state: LetterState) -> None:
    write(database)
    assert listed(database, etat=state.value) == [state.value]


def test_list_is_filtered_by_kind_and_by_delay(database: Database) -> None:
    write(database)
    assert sorted(listed(database, sorte="password_changed")) == ["refused", "sent"]
    assert listed(database, sorte="rien") == []
    assert listed(database, retard=True) == []
    with at(now() + timedelta(minutes=16)):
        assert sorted(listed(database, retard=True)) == ["retrying", "waiting"]
        assert listed(database, retard=True, sorte="password_changed") == []
    with database.transaction() as db:
        assert letter_kinds(db) == ["password_changed", "reset"]


def test_list_is_sorted_and_paged(database: Database) -> None:
    for _ in range(6):
        write(database)
    with database.transaction() as db:
        pages = [list_letters(db, LettersQuery(page=number)) for number in (1, 2)]
    ids = [letter.id for page in pages for letter in page.items]
    assert len(ids) == len(set(ids)) == 30
    assert ids == sorted(ids, reverse=True)


def test_deliveries_take_one_statement_whatever_their_number(database: Database) -> None:
    ids = list(write(database).values())
    with database.transaction() as db:
        assert deliveries(db, [None]) == {}
        assert set(deliveries(db, ids[:1])) == set(ids[:1])
        with recorded_statements(database) as statements:
            assert set(deliveries(db, [*ids, None, 0])) == set(ids)
        assert len(statements) == 1


def test_person_reads_the_last_message_that_was_tried_since_the_address_is_theirs(
    database: Database, world: World
) -> None:
    maude, karim = world.people["maude"], world.people["karim"]
    write(database, person=maude)
    with database.engine.begin() as owner:
        owner.execute(text("delete from letter where state in ('given_up', 'waiting')"))
    before, after = now() - timedelta(hours=1), now() + timedelta(hours=1)
    with database.transaction(person=maude) as db:
        found = deliveries_to(db, {maude: before, karim: before})
        assert {person: shown.state for person, shown in found.items()} == {maude: LetterState.REFUSED}
        assert deliveries_to(db, {maude: after}) == {}
        assert deliveries_to(db, {}) == {}


def test_person_sees_their_own_messages_and_no_text_without_any_right(database: Database, world: World) -> None:
    maude, karim = world.people["maude"], world.people["karim"]
    write(database, person=maude)
    for person, number in ((maude, 5), (karim, 0)):
        with database.transaction(person=person) as db:
            assert db.execute(text("select count(id) from letter")).scalar_one() == number
    with pytest.raises(ProgrammingError, match="permission denied"), database.transaction(person=maude) as db:
        db.execute(text("select body from letter"))
    with pytest.raises(ProgrammingError, match="permission denied"), database.transaction(person=maude) as db:
        db.execute(text("update letter set state = 'waiting'"))
