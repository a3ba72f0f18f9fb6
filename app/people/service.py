"""Sign-in, recognising who asks, accounts and the roles people hold."""

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache

from fastapi import Request
from pwdlib import PasswordHash
from sqlalchemy import text, update
from sqlmodel import col, select

from app.access import Actor, Held, Role, scoped
from app.config import Settings
from app.db import Session, now
from app.errors import Conflict, NotFound, Reason, Unauthenticated, refuse_unless
from app.network.models import College
from app.people.models import SEARCH_KEY, Account, Person, RoleHeld, SignIn, SignInKind
from app.people.rules import SEEN_EVERY, is_open, normal_name, password_reasons
from app.people.schemas import (
    Me,
    NewAccount,
    NewPerson,
    PeoplePage,
    PeopleQuery,
    PersonRow,
    RoleShown,
    SignInCommand,
)
from app.text import fold

_IDENTIFY = text(
    """
    select s.id, s.seen_at, s.expires_at, s.ended_at, a.suspended_at, p.id as person_id,
           coalesce(p.chosen_name, p.legal_first_name || ' ' || p.legal_last_name) as name
      from sign_in s join account a on a.id = s.account_id join person p on p.id = a.person_id
     where s.secret_hash = :secret
    """
)
_HELD = text(
    """
    select role, college_id, cohort_id, group_id, project_id, role = 'admin' as everywhere
      from role_held where person_id = :person and ended_at is null
    """
)


@cache
def hasher() -> PasswordHash:
    """argon2id with the library's recommended cost."""
    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    """A hash to verify against when there is no such account, so that both answers take as long."""
    return hasher().hash("nobody signs in with this")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)


# Recognising who asks ---------------------------------------------------------------------------


def cookie_name(settings: Settings) -> str:
    """``__Host-`` binds the cookie to this host over TLS; browsers refuse it over plain HTTP."""
    return "__Host-escouade" if settings.secure else "escouade"


def secret_of(request: Request) -> str | None:
    """The secret that a request carries: a bearer token, else the cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.cookies.get(cookie_name(request.app.state.settings))


def recognise(session: Session, request: Request) -> Actor | None:
    """Who asks, with the roles they hold; ``None`` for a stranger or a sign-in that has ended."""
    secret = secret_of(request)
    if not secret:
        return None
    found = session.execute(_IDENTIFY, {"secret": _digest(secret)}).one_or_none()
    settings: Settings = request.app.state.settings
    idle = timedelta(hours=settings.idle_hours)
    at = now()
    if found is None or not is_open(
        at,
        seen_at=found.seen_at,
        expires_at=found.expires_at,
        ended_at=found.ended_at,
        suspended_at=found.suspended_at,
        idle=idle,
    ):
        return None
    if at - found.seen_at > SEEN_EVERY:
        session.connection().execute(update(SignIn).where(col(SignIn.id) == found.id).values(seen_at=at))
    return actor_for(session, found.person_id, found.name, sign_in_id=found.id)


def actor_for(session: Session, person_id: int, name: str, *, sign_in_id: int | None = None) -> Actor:
    """The actor that a person is, from the roles they hold."""
    session.execute(text("select set_config('app.person_id', :person, true)"), {"person": str(person_id)})
    rows = session.execute(_HELD, {"person": person_id}).all()
    held = frozenset(Held(Role(r.role), r.college_id, r.cohort_id, r.group_id, r.project_id) for r in rows)
    colleges = {h.college_id for h in held if h.college_id is not None}
    if any(r.everywhere for r in rows):
        colleges |= {i for i in session.exec(select(College.id)).all() if i is not None}
    return Actor(person_id, name, held, frozenset(colleges), sign_in_id=sign_in_id)


# Sign-in ----------------------------------------------------------------------------------------


def sign_in(
    session: Session, command: SignInCommand, *, kind: SignInKind, hours: int, user_agent: str = ""
) -> tuple[str, datetime]:
    """A new sign-in for someone who knows the password; the same refusal whatever was wrong."""
    account = session.exec(select(Account).where(Account.email == command.email)).one_or_none()
    stored = account.password_hash if account is not None else _nobody()
    fine, renewed = hasher().verify_and_update(_normal(command.password.get_secret_value()), stored)
    if account is None or not fine or account.suspended_at is not None:
        raise Unauthenticated("wrong_sign_in")
    if renewed is not None:
        account.password_hash = renewed
        session.add(account)
    return open_sign_in(session, account.id or 0, kind=kind, hours=hours, user_agent=user_agent)


def open_sign_in(
    session: Session, account_id: int, *, kind: SignInKind, hours: int, user_agent: str = ""
) -> tuple[str, datetime]:
    """A new sign-in for an account: its secret, shown once, and when it ends."""
    secret = secrets.token_urlsafe(32)
    at = now()
    row = SignIn(
        account_id=account_id,
        kind=kind,
        secret_hash=_digest(secret),
        created_at=at,
        seen_at=at,
        expires_at=at + timedelta(hours=hours),
        user_agent=user_agent[:300],
    )
    session.add(row)
    session.flush()
    return secret, row.expires_at


def sign_out(session: Session, actor: Actor) -> None:
    """End this sign-in at once."""
    session.connection().execute(update(SignIn).where(col(SignIn.id) == actor.sign_in_id).values(ended_at=now()))


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
            password_hash=password_hash or hasher().hash(_normal(password)),
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
