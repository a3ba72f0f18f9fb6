"""A change of legal name: the person has the new one everywhere at once; what was issued is replaced, not edited (S7).

The proof is looked at and destroyed; only who saw it and when is kept.
"""

from sqlalchemy import select as columns
from sqlalchemy import text
from sqlmodel import col, select

from app.access import Actor, scoped
from app.audit import viewed
from app.db import Session, now
from app.errors import Conflict, Invalid, NotFound, Reason
from app.network.models import College
from app.people.models import SEARCH_KEY, NameChange, Person, shown_name
from app.people.rules import normal_name
from app.people.schemas_names import FormerName, LegalName, PersonRef, Rename
from app.text import fold, today

_KNOWN = text(
    """
    select exists (select from role_held where person_id = :person and college_id = :college and ended_at is null)
        or exists (select from enrolment where person_id = :person and college_id = :college)
    """
)


def see_person(session: Session, actor: Actor, college_id: int, person_id: int) -> PersonRef:
    """Someone with a role or an enrolment in a college within reach."""
    college = session.exec(
        select(College.id).where(College.id == college_id, scoped(actor, college=College.id))
    ).first()
    if college is None or not session.execute(_KNOWN, {"person": person_id, "college": college_id}).scalar_one():
        raise NotFound
    viewed(session, [(person_id, college_id)])
    return PersonRef(id=person_id, college_id=college_id)


def legal_name(session: Session, seen: PersonRef) -> LegalName:
    """The names as they are, and as they were."""
    person = session.get_one(Person, seen.id)
    changes = session.execute(
        columns(
            col(NameChange.former_first_name).label("legal_first_name"),
            col(NameChange.former_last_name).label("legal_last_name"),
            col(NameChange.changed_at).label("until"),
            col(NameChange.seen_on),
            shown_name().label("seen_by"),
        )
        .join(Person, col(Person.id) == NameChange.seen_by)
        .where(col(NameChange.person_id) == seen.id)
        .order_by(col(NameChange.id).desc())
    )
    return LegalName(
        **person.model_dump(include={"id", "legal_first_name", "legal_last_name", "chosen_name"}),
        former=tuple(FormerName.model_validate(row) for row in changes),
    )


def rename(session: Session, actor: Actor, seen: PersonRef, command: Rename) -> LegalName:
    """Give someone another legal name, from now on and on every screen; nobody gives one to themself.

    Raises ``Conflict("renames_oneself")``, ``Conflict("same_name")`` when it is the one they have,
    ``Invalid`` for a proof not seen yet.
    """
    if seen.id == actor.person_id:
        raise Conflict("renames_oneself")
    if command.seen_on > today():
        raise Invalid("invalid", Reason("date_in_the_future", field="seen_on"))
    person = session.exec(select(Person).where(Person.id == seen.id).with_for_update(key_share=True)).one()
    first, last = normal_name(command.legal_first_name), normal_name(command.legal_last_name)
    if (first, last) == (person.legal_first_name, person.legal_last_name):
        raise Conflict("same_name")
    session.add(
        NameChange(
            college_id=seen.college_id,
            person_id=seen.id,
            former_first_name=person.legal_first_name,
            former_last_name=person.legal_last_name,
            changed_at=now(),
            seen_on=command.seen_on,
            seen_by=actor.person_id,
        )
    )
    person.legal_first_name, person.legal_last_name, person.chosen_name = first, last, command.chosen_name
    person.search_key = fold(f"{last} {first} {command.chosen_name or ''}")[:SEARCH_KEY]
    session.add(person)
    session.flush()
    return legal_name(session, seen)
