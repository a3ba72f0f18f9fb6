"""Adding people and looking up their names."""

from collections.abc import Iterable

from sqlmodel import col, select

from app.people.models import SEARCH_KEY, Person
from app.people.rules import sorted_name
from app.people.schemas import NewPerson
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.search import search_key


def add_person(db: Session, command: NewPerson) -> Person:
    """Add a person and return the row, which stays inside the services."""
    names = (command.legal_first_name, command.legal_last_name, command.chosen_name)
    person = Person(
        legal_first_name=command.legal_first_name,
        legal_last_name=command.legal_last_name,
        chosen_name=command.chosen_name,
        search_key=search_key(sorted_name(*names))[:SEARCH_KEY],
        created_at=now(),
    )
    db.add(person)
    db.flush()
    return person


def names_of(db: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the shown names by person id."""
    return {p.id: p.name for p in db.exec(select(Person).where(col(Person.id).in_(ids))).all()}
