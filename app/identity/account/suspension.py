"""Accounts as an administrator sees them, and their suspension."""

from sqlalchemy import text
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.account.schemas import AccountRef, AccountRow, AccountsPage, AccountsQuery
from app.identity.api_tokens.service import end_all
from app.identity.roles.models import RoleGrantRow
from app.identity.sign_in.service import end_sign_ins
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, Unauthenticated
from app.platform.messages.i18n import search_key
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import Role

_ACCOUNTS = text(
    """
    select p.id as person_id, a.email, a.suspended_at,
           coalesce(p.chosen_name, p.legal_first_name || ' ' || p.legal_last_name) as name
      from account a join person p on p.id = a.person_id
     where p.search_key like all (cast(:words as text[]))
       and (cast(:after as integer) is null
            or (p.search_key, p.id) > (select o.search_key, o.id from person o where o.id = :after))
     order by p.search_key, p.id
     limit :limit
    """
)


def accounts(db: Session, actor: Actor, query: AccountsQuery) -> AccountsPage:
    """Whoever may sign in, by name; the cursor is the last one's id."""
    if db.exec(select(scoped(actor))).one() is not True:  # the platform, or nobody
        raise NotFound
    words = [f"%{word}%" for word in search_key(query.search).split()]
    values = {"words": words, "after": query.after, "limit": query.limit + 1}
    rows = [AccountRow.model_validate(dict(row)) for row in db.execute(_ACCOUNTS, values).mappings()]
    shown = tuple(rows[: query.limit])
    return AccountsPage(items=shown, next=shown[-1].person_id if len(rows) > query.limit else None)


def see_account(db: Session, actor: Actor, person_id: int) -> AccountRef:
    """Someone's account within reach; who has none is not there."""
    found = db.exec(
        select(Account, Person)
        .join(Person, col(Person.id) == Account.person_id)
        .where(Account.person_id == person_id, scoped(actor))
    ).first()
    if found is None:
        raise NotFound
    account, person = found
    return AccountRef(account_id=account.id, person_id=person_id, name=person.name)


def suspend(db: Session, actor: Actor, seen: AccountRef) -> None:
    """Close an account at once, with its sign-ins and its tokens; nobody closes their own.

    So the last administrator's is never closed: administrators who suspend each other at one moment go one after
    the other, and the second finds their own closed.
    """
    if seen.person_id == actor.person_id:
        raise Conflict("suspends_oneself")
    if actor.person_id not in _hold_administrators(db, seen):
        raise Unauthenticated
    account = db.get_one(Account, seen.account_id)
    account.suspended_at = account.suspended_at or now()
    db.add(account)
    end_sign_ins(db, seen.account_id)
    end_all(db, seen.account_id)


def _hold_administrators(db: Session, seen: AccountRef) -> set[int]:
    """Who administers with an open account; their accounts and the one seen are held, in order of id."""
    admins = select(RoleGrantRow.person_id).where(RoleGrantRow.role == Role.ADMIN, col(RoleGrantRow.ended_at).is_(None))
    held = (
        select(Account.person_id, Account.suspended_at)
        .where(col(Account.person_id).in_(admins) | (Account.id == seen.account_id))
        .order_by(col(Account.id))
        .with_for_update(key_share=True)
    )
    rows = db.exec(held).all()
    administering = set(db.exec(admins).all())
    return {person_id for person_id, suspended_at in rows if suspended_at is None and person_id in administering}


def restore(db: Session, seen: AccountRef) -> None:
    """Open an account again; what the suspension ended stays ended: the person signs in anew."""
    account = db.get_one(Account, seen.account_id)
    account.suspended_at = None
    db.add(account)
