"""A change of legal name: the person has the new one everywhere at once; what was issued is replaced, not edited (S7).

The proof is looked at and destroyed; only who saw it and when is kept.
"""

import sqlalchemy as sa
from sqlalchemy import text
from sqlmodel import col, select

from app.network.models import College
from app.people.legal_names.models import NameChange
from app.people.legal_names.schemas import FormerName, LegalName, PersonRef, Rename
from app.people.models import SEARCH_KEY, Person, shown_name
from app.people.rules import normal_name
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason
from app.platform.messages.i18n import search_key, today
from app.platform.security.actor import Actor, scoped

_KNOWN = text(
    """
    select exists (select from role_held where person_id = :person and college_id = :college and ended_at is null)
        or exists (select from enrolment where person_id = :person and college_id = :college)
    """
)


def see_person(db: Session, actor: Actor, college_id: int, person_id: int) -> PersonRef:
    """Someone with a role or an enrolment in a college within reach."""
    college = db.exec(select(College.id).where(College.id == college_id, scoped(actor, college=College.id))).first()
    if college is None or not db.execute(_KNOWN, {"person": person_id, "college": college_id}).scalar_one():
        raise NotFound
    log_access(db, [(person_id, college_id)])
    return PersonRef(id=person_id, college_id=college_id)


def legal_name(db: Session, seen: PersonRef) -> LegalName:
    """The names as they are, and as they were."""
    person = db.get_one(Person, seen.id)
    changes = db.execute(
        sa.select(
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


def rename(db: Session, actor: Actor, seen: PersonRef, command: Rename) -> LegalName:
    """Give someone another legal name, from now on and on every screen; nobody gives one to themself.

    Raises ``Conflict("renames_oneself")``, ``Conflict("same_name")`` when it is the one they have,
    ``Invalid`` for a proof not seen yet.
    """
    if seen.id == actor.person_id:
        raise Conflict("renames_oneself")
    if command.seen_on > today():
        raise Invalid("invalid", Reason("date_in_the_future", field="seen_on"))
    person = db.exec(select(Person).where(Person.id == seen.id).with_for_update(key_share=True)).one()
    first, last = normal_name(command.legal_first_name), normal_name(command.legal_last_name)
    if (first, last) == (person.legal_first_name, person.legal_last_name):
        raise Conflict("same_name")
    db.add(
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
    person.search_key = search_key(f"{last} {first} {command.chosen_name or ''}")[:SEARCH_KEY]
    db.add(person)
    db.flush()
    return legal_name(db, seen)
