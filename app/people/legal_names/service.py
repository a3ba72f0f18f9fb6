"""Changes of legal name: the new name shows everywhere at once; issued certificates are replaced, never edited (S7).

The proof is looked at and destroyed; only who saw it and when is stored.
"""

import sqlalchemy as sa
from sqlalchemy import text
from sqlmodel import col, select

from app.network.models import College
from app.network.service import timezone_of
from app.people.legal_names.models import NameChange
from app.people.legal_names.schemas import FormerName, LegalName, PersonRef, Rename
from app.people.models import SEARCH_KEY, Person, shown_name
from app.people.rules import sorted_name
from app.people.service import refuse_unprintable
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason
from app.platform.messages.i18n import today
from app.platform.search import search_key
from app.platform.security.actor import Actor, scoped

_IS_MEMBER = text(
    """
    select exists (select from role_held where person_id = :person and college_id = :college and ended_at is null)
        or exists (select from enrolment where person_id = :person and college_id = :college)
    """
)


def see_person(db: Session, actor: Actor, college_id: int, person_id: int) -> PersonRef:
    """Return a person who has a role or an enrolment in a college within the actor's reach; the access is logged.

    Raises ``NotFound``.
    """
    college = db.exec(select(College.id).where(College.id == college_id, scoped(actor, college=College.id))).first()
    if college is None or not db.execute(_IS_MEMBER, {"person": person_id, "college": college_id}).scalar_one():
        raise NotFound
    log_access(db, [(person_id, college_id)])
    return PersonRef(person_id=person_id, college_id=college_id)


def legal_name(db: Session, person: PersonRef) -> LegalName:
    """Return the present names and the former legal names."""
    row = db.get_one(Person, person.person_id)
    changes = db.execute(
        sa.select(
            col(NameChange.former_first_name).label("legal_first_name"),
            col(NameChange.former_last_name).label("legal_last_name"),
            col(NameChange.changed_at).label("until"),
            col(NameChange.seen_on),
            shown_name().label("seen_by"),
        )
        .join(Person, col(Person.id) == NameChange.seen_by)
        .where(col(NameChange.person_id) == person.person_id)
        .order_by(col(NameChange.id).desc())
    )
    return LegalName(
        **row.model_dump(include={"id", "legal_first_name", "legal_last_name", "chosen_name", "document_name"}),
        former=tuple(FormerName.model_validate(change) for change in changes),
    )


def rename(db: Session, actor: Actor, person: PersonRef, command: Rename) -> LegalName:
    """Change a person's legal name from now on, on every screen; nobody changes their own (``duties.py``).

    Raises ``Conflict("same_name")`` when nothing of it changes, ``Invalid`` for a proof seen in the future, or a name
    that no document can print.
    """
    if command.seen_on > today(timezone_of(db, person.college_id)):
        raise Invalid("invalid", Reason("date_in_the_future", field="seen_on"))
    row = db.exec(select(Person).where(Person.id == person.person_id).with_for_update(key_share=True)).one()
    first, last = command.legal_first_name, command.legal_last_name
    is_same = (first, last) == (row.legal_first_name, row.legal_last_name)
    if is_same and command.document_name == row.document_name:
        raise Conflict("same_name")
    refuse_unprintable(command)
    if not is_same:
        db.add(
            NameChange(
                college_id=person.college_id,
                person_id=person.person_id,
                former_first_name=row.legal_first_name,
                former_last_name=row.legal_last_name,
                changed_at=now(),
                seen_on=command.seen_on,
                seen_by=actor.person_id,
            )
        )
    row.document_name = command.document_name
    row.legal_first_name, row.legal_last_name, row.chosen_name = first, last, command.chosen_name
    row.search_key = search_key(sorted_name(first, last, command.chosen_name))[:SEARCH_KEY]
    db.add(row)
    db.flush()
    return legal_name(db, person)
