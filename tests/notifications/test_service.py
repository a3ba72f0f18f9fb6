"""Messages: once per person and event, read by their person alone, their letters written once."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.notifications import service
from app.notifications.enums import Kind, Reading
from app.notifications.schemas import Event, NotificationsApiQuery, NotificationsQuery
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, NotFound
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from tests.factories.network import World, acting
from tests.factories.notifications import forget_messages, inbox
from tests.factories.statements import recorded_statements

ALL = NotificationsApiQuery()


@pytest.fixture(autouse=True)
def no_messages(database: Database) -> None:
    """Forget what the people of the small network were told while it was made."""
    forget_messages(database)


def admitted(world: World, *who: str, key: str = "move:1") -> Event:
    """Return an admission to the first cohort."""
    return Event(
        Kind.ADMITTED,
        key,
        [world.people[one] for one in who],
        "/parcours",
        {"cohort": "Généraliste", "starts_on": today()},
        college_id=world.alma,
    )


def tell(database: Database, world: World, *events: Event, by: str = "coordinator") -> None:
    """Have someone act, and people told."""
    with database.transaction() as db:
        acting(db, world, by, P.ENROLMENT_MANAGE)
        service.notify(db, *events)


def test_each_person_gets_one_message_of_an_event(database: Database, world: World) -> None:
    event = admitted(world, "maude", "karim", "maude")
    tell(database, world, event)
    tell(database, world, event, admitted(world, "elise"))
    for who in ("maude", "karim", "elise"):
        assert inbox(database, world, who) == ["Votre candidature est acceptée : Généraliste"]
    tell(database, world, admitted(world, "maude", key="move:2"))
    assert len(inbox(database, world, "maude")) == 2


def test_a_message_goes_with_the_transaction_that_causes_it(database: Database, world: World) -> None:
    def fail_after(event: Event) -> None:
        with database.transaction() as db:
            acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
            service.notify(db, event)
            raise Conflict("already_enrolled")

    with pytest.raises(Conflict):
        fail_after(admitted(world, "maude"))
    assert inbox(database, world, "maude") == []


def test_nobody_reads_or_marks_the_messages_of_another(database: Database, world: World) -> None:
    tell(database, world, admitted(world, "maude"))
    with database.transaction() as db:
        mine = service.notifications_of(db, acting(db, world, "maude", P.ME_READ), ALL).items[0].id
    for who in ("karim", "coordinator", "admin"):
        assert inbox(database, world, who) == []
        with database.transaction() as db:
            actor = acting(db, world, who, P.ME_MANAGE)
            seen = db.execute(text("select count(*) from notification")).scalar_one()
            marked = db.execute(text("update notification set read_at = now()")).rowcount  # type: ignore[attr-defined]
            assert (seen, marked) == (0, 0)
            with pytest.raises(NotFound):
                service.mark_read(db, actor, mine)


def test_a_request_writes_no_message_for_another_college(database: Database, world: World) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"):
        tell(database, world, admitted(world, "other_participant"), by="other_coordinator")


def test_an_event_with_other_parameters_is_refused(database: Database, world: World) -> None:
    event = Event(Kind.ADMITTED, "x", [world.people["maude"]], "/parcours", {"cohort": "x"})
    with pytest.raises(ValueError, match="starts_on"):
        tell(database, world, event)


def test_telling_a_whole_cohort_is_one_statement(database: Database, world: World) -> None:
    with database.transaction() as db:
        acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        with recorded_statements(database) as statements:
            service.notify(db, admitted(world, "maude", "karim", "elise", "yves", "nobody"), admitted(world, "trainer"))
        assert len(statements) == 1


def test_a_message_read_once_keeps_its_moment(database: Database, world: World) -> None:
    tell(database, world, admitted(world, "maude"), admitted(world, "maude", key="move:2"))
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.ME_MANAGE)
        newest = service.notifications_of(db, actor, ALL).items[0].id
        first = service.mark_read(db, actor, newest).read_at
        with at(now() + timedelta(hours=1)):
            assert service.mark_read(db, actor, newest).read_at == first
        assert service.count_unread(db, actor) == 1
        unread = service.list_notifications(db, actor, NotificationsQuery(etat=Reading.UNREAD))
        read = service.list_notifications(db, actor, NotificationsQuery(etat=Reading.READ, sujet=Kind.ADMITTED))
        assert [unread.total, read.total, read.items[0].id] == [1, 1, newest]
        assert service.mark_all_read(db, actor).marked == 1
        assert service.mark_all_read(db, actor).marked == 0


@pytest.mark.parametrize(("words", "found"), [("generaliste", 1), ("admission", 1), ("séance", 0)])
def test_messages_are_searched_by_what_they_are_about(database: Database, world: World, words: str, found: int) -> None:
    tell(database, world, admitted(world, "maude"))
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.ME_READ)
        assert service.list_notifications(db, actor, NotificationsQuery(recherche=words)).total == found
