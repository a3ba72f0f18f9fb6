"""Adding people and looking up their names."""

from collections.abc import Iterable

from sqlmodel import col, select

from app.people.models import SEARCH_KEY, Person
from app.people.rules import full_name, sorted_name
from app.people.schemas import NewPerson
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.documents.pdf import unprintable
from app.platform.errors import Invalid, Reason
from app.platform.search import search_key


def add_person(db: Session, command: NewPerson) -> Person:
    """Add a person and return the row, which stays inside the services; raises as :func:`refuse_unprintable`."""
    refuse_unprintable(command)
    names = (command.legal_first_name, command.legal_last_name, command.chosen_name)
    person = Person(
        legal_first_name=command.legal_first_name,
        legal_last_name=command.legal_last_name,
        chosen_name=command.chosen_name,
        document_name=command.document_name,
        search_key=search_key(sorted_name(*names))[:SEARCH_KEY],
        created_at=now(),
    )
    db.add(person)
    db.flush()
    return person


def refuse_unprintable(command: NewPerson) -> None:
    """Raise ``Invalid`` unless every document can print the legal name, or else its form in Latin letters.

    So that it is known when the name is entered, and not after the training.
    """
    legal = unprintable(full_name(command.legal_first_name, command.legal_last_name))
    latin = unprintable(command.document_name or "")
    field = "document_name"
    if latin:
        raise Invalid("invalid", Reason("name_not_printable", {"characters": " ".join(sorted(latin))}, field))
    if legal and command.document_name is None:
        raise Invalid("invalid", Reason("name_needs_latin_form", {"characters": " ".join(sorted(legal))}, field))
    if command.document_name is not None and not legal:
        raise Invalid("invalid", Reason("document_name_not_needed", field=field))


def names_of(db: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the shown names by person id."""
    return {p.id: p.name for p in db.exec(select(Person).where(col(Person.id).in_(ids))).all()}
