"""People, their accounts and the roles they hold."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from pwdlib import PasswordHash
from sqlalchemy import text
from sqlmodel import col, select

from app.access import Actor, Role, scoped
from app.db import Session, now
from app.errors import Conflict, NotFound, Reason, refuse_unless
from app.network.models import College
from app.people.models import SEARCH_KEY, Account, Person, RoleHeld
from app.people.rules import normal_name, password_reasons
from app.people.schemas import (
    Me,
    NewAccount,
    NewPerson,
    PeoplePage,
    PeopleQuery,
    PersonRow,
    RoleShown,
)
from app.text import fold


@cache
def hasher() -> PasswordHash:
    """argon2id with the library's recommended cost."""
    return PasswordHash.recommended()


@cache
def nobody_hash() -> str:
    """A hash to verify against when there is no such account, so that both answers take as long."""
    return hasher().hash("nobody signs in with this")


def normal_password(password: str) -> str:
    """Composed accents: a password typed on another keyboard is the same."""
    return unicodedata.normalize("NFC", password)


def me(session: Session, actor: Actor) -> Me:
    """Who is signed in, with the roles and the places they are held in."""
    rows = session.execute(
        text(
            """
            select r.role, c.name as college, h.title as cohort, r.cohort_id, g.name as group, r.group_id,
                   r.college_id, r.project_id
              from role_held r left join college c on c.id = r.college_id left join cohort h on h.id = r.cohort_id
              left join codev_group g on g.id = r.group_id
             where r.person_id = :person and r.ended_at is null
             order by r.role, c.name, h.starts_on desc, g.name
            """
        ),
        {"person": actor.person_id},
    ).mappings()
    return Me(person_id=actor.person_id, name=actor.name, roles=tuple(RoleShown(**row) for row in rows))


_PEOPLE = text(
    """
    with known as (
      select p.id, p.search_key, coalesce(p.chosen_name, p.legal_first_name || ' ' || p.legal_last_name) as name
        from person p
       where exists (select from role_held r
                      where r.person_id = p.id and r.college_id = :college and r.ended_at is null)
          or exists (select from enrolment e where e.person_id = p.id and e.college_id = :college)
    )
    select k.id, k.name,
           array(select distinct r.role from role_held r
                  where r.person_id = k.id and r.college_id = :college and r.ended_at is null order by r.role) as roles
      from known k
     where k.search_key like all (cast(:words as text[]))
       and (cast(:after as integer) is null
            or (k.search_key, k.id) > (select a.search_key, a.id from known a where a.id = :after))
     order by k.search_key, k.id
     limit :limit
    """
)


def people_of(session: Session, actor: Actor, college_id: int, query: PeopleQuery) -> PeoplePage:
    """People with a role or an enrolment in a college within reach, by name; the cursor is the last one's id."""
    within = select(College.id).where(College.id == college_id, scoped(actor, college=College.id))
    if session.exec(within).first() is None:
        raise NotFound
    words = [f"%{word}%" for word in fold(query.search).split()]
    values = {"college": college_id, "words": words, "after": query.after, "limit": query.limit + 1}
    rows = [PersonRow.model_validate(dict(row)) for row in session.execute(_PEOPLE, values).mappings()]
    shown = tuple(rows[: query.limit])
    return PeoplePage(items=shown, next=shown[-1].id if len(rows) > query.limit else None)


# Accounts and roles -----------------------------------------------------------------------------


def add_person(session: Session, command: NewPerson) -> Person:
    """A person; the caller keeps the row inside a service."""
    names = (command.legal_first_name, command.legal_last_name, command.chosen_name or "")
    person = Person(
        legal_first_name=normal_name(command.legal_first_name),
        legal_last_name=normal_name(command.legal_last_name),
        chosen_name=command.chosen_name,
        search_key=fold(f"{names[1]} {names[0]} {names[2]}")[:SEARCH_KEY],
        created_at=now(),
    )
    session.add(person)
    session.flush()
    return person


def add_account(session: Session, command: NewAccount, *, password_hash: str | None = None) -> int:
    """A person who may sign in; returns the person's id. ``password_hash`` spares many hashes at once (demo)."""
    password = command.password.get_secret_value()
    refuse_unless(*password_reasons(password, email=command.email))
    if session.exec(select(Account.id).where(Account.email == command.email)).first() is not None:
        raise Conflict("email_taken", Reason("email_taken", field="email"))
    person = add_person(session, command)
    session.add(
        Account(
            person_id=person.id or 0,
            email=command.email,
            password_hash=password_hash or hasher().hash(normal_password(password)),
            created_at=now(),
        )
    )
    session.flush()
    return person.id or 0


def person_by_email(session: Session, email: str) -> int | None:
    """The person of an address (for the command line and imports)."""
    return session.exec(select(Account.person_id).where(Account.email == email)).first()


def hold(
    session: Session,
    person_id: int,
    role: Role,
    *,
    college_id: int | None = None,
    cohort_id: int | None = None,
    group_id: int | None = None,
    project_id: int | None = None,
    granted_by: int | None = None,
) -> None:
    """Give a role, once: holding it already changes nothing."""
    already = select(RoleHeld.id).where(
        RoleHeld.person_id == person_id,
        RoleHeld.role == role,
        RoleHeld.college_id == college_id,
        RoleHeld.cohort_id == cohort_id,
        RoleHeld.group_id == group_id,
        RoleHeld.project_id == project_id,
        col(RoleHeld.ended_at).is_(None),
    )
    if session.exec(already).first() is None:
        session.add(
            RoleHeld(
                person_id=person_id,
                role=role,
                college_id=college_id,
                cohort_id=cohort_id,
                group_id=group_id,
                project_id=project_id,
                granted_at=now(),
                granted_by=granted_by,
            )
        )
        session.flush()


def end_role(
    session: Session, person_id: int, role: Role, *, cohort_id: int | None = None, group_id: int | None = None
) -> None:
    """End a role in a group, or in a cohort and its groups; what is held elsewhere stays."""
    place = RoleHeld.cohort_id == cohort_id if group_id is None else RoleHeld.group_id == group_id
    held = select(RoleHeld).where(
        RoleHeld.person_id == person_id, RoleHeld.role == role, place, col(RoleHeld.ended_at).is_(None)
    )
    for row in session.exec(held).all():
        row.ended_at = now()
        session.add(row)
    session.flush()


def names_of(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Names by person id."""
    return {p.id or 0: p.name for p in session.exec(select(Person).where(col(Person.id).in_(ids))).all()}


def holders(
    session: Session, role: Role, *, college_id: int, cohort_id: int | None = None, group_id: int | None = None
) -> Sequence[tuple[int, str]]:
    """``(person id, name)`` of those who hold a role in a place, in order of name."""
    statement = (
        select(Person)
        .join(RoleHeld, col(RoleHeld.person_id) == Person.id)
        .where(RoleHeld.role == role, RoleHeld.college_id == college_id, col(RoleHeld.ended_at).is_(None))
        .order_by(Person.search_key)
        .distinct()
    )
    if cohort_id is not None:
        statement = statement.where(RoleHeld.cohort_id == cohort_id)
    if group_id is not None:
        statement = statement.where(RoleHeld.group_id == group_id)
    return [(p.id or 0, p.name) for p in session.exec(statement).all()]
