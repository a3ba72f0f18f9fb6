"""Accounts as an administrator lists them, and their suspension."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.account.schemas import (
    AccountListQuery,
    AccountRef,
    AccountRow,
    AccountSort,
    AccountsPage,
    AccountsQuery,
    AccountState,
)
from app.identity.api_tokens.service import end_tokens
from app.identity.roles.models import RoleGrantRow
from app.identity.sign_in.service import end_sign_ins
from app.people.models import NAMES, Person, shown_name
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session, allow
from app.platform.errors import NotFound, Unauthenticated
from app.platform.messages.letters import deliveries_to
from app.platform.paging import Page
from app.platform.search import search_words
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import Role

ORDERS: Orders = {AccountSort.NAME: (col(Person.search_key),), AccountSort.EMAIL: (col(Account.email),)}


def accounts(db: Session, actor: Actor, query: AccountsQuery) -> AccountsPage:
    """Return everyone who has an account, by name; the cursor is the last person's id."""
    _require_platform(db, actor)
    statement = _accounts().where(*NAMES.matches(col(Account.person_id), search_words(query.search), None))
    order, key = ORDERS[AccountSort.NAME], col(Account.person_id)
    rows, next_ = fetch_after(db, statement, order, key, after=query.after, limit=query.limit)
    return AccountsPage(items=_with_deliveries(db, rows), next=next_)


def _accounts() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        col(Account.person_id),
        col(Account.email),
        col(Account.suspended_at),
        sa.func.coalesce(col(Account.email_since), col(Account.created_at)).label("since"),
        shown_name().label("name"),
    ).join(Person, col(Person.id) == Account.person_id)


def _with_deliveries(db: Session, rows: Sequence[Any]) -> tuple[AccountRow, ...]:
    """Return accounts, with where the last letter to the address of each stands."""
    delivered = deliveries_to(db, {row.person_id: row.since for row in rows})
    return tuple(
        AccountRow(
            person_id=row.person_id,
            name=row.name,
            email=row.email,
            suspended_at=row.suspended_at,
            delivery=delivered.get(row.person_id),
        )
        for row in rows
    )


def list_accounts(db: Session, actor: Actor, query: AccountListQuery) -> Page[AccountRow]:
    """Return a page of everyone who has an account; the search looks at names, and at the beginning of addresses."""
    _require_platform(db, actor)
    statement = _accounts()
    if "@" in query.recherche:
        statement = statement.where(col(Account.email).startswith(query.recherche.casefold(), autoescape=True))
    else:
        statement = statement.where(*NAMES.matches(col(Account.person_id), query.words, None))
    if query.etat is not None:
        is_open = col(Account.suspended_at).is_(None)
        statement = statement.where(is_open if query.etat is AccountState.OPEN else ~is_open)
    page = fetch_page(db, statement, query, ORDERS, col(Account.person_id))
    return replace(page, items=_with_deliveries(db, page.items))


def _require_platform(db: Session, actor: Actor) -> None:
    """Raise ``NotFound`` unless a grant on the whole platform is in force."""
    if db.exec(select(scoped(actor))).one() is not True:
        raise NotFound


def see_account(db: Session, actor: Actor, person_id: int) -> AccountRef:
    """Return a person's account within reach; raise ``NotFound``, also when they have none."""
    row = db.exec(
        select(Account, Person)
        .join(Person, col(Person.id) == Account.person_id)
        .where(Account.person_id == person_id, scoped(actor))
    ).first()
    if row is None:
        raise NotFound
    account, person = row
    return AccountRef(account_id=account.id, person_id=person_id, name=person.name)


def suspend(db: Session, actor: Actor, account: AccountRef) -> None:
    """Suspend an account at once, with its sign-ins and API tokens; nobody suspends their own (``duties.py``).

    So the last administrator is never suspended: administrators who suspend each other at the same time are
    serialised, and the second one is refused. Raises ``Unauthenticated``.
    """
    allow(db, Right.SUSPENSION)
    if actor.person_id not in _lock_administrators(db, account):
        raise Unauthenticated
    row = db.get_one(Account, account.account_id)
    row.suspended_at = row.suspended_at or now()
    db.add(row)
    end_sign_ins(db, account.account_id)
    end_tokens(db, account.account_id)


def _lock_administrators(db: Session, account: AccountRef) -> set[int]:
    """Lock the accounts of the administrators and the given one, in order of id; return who administers.

    The result holds the person ids of administrators whose account is not suspended.
    """
    admins = select(RoleGrantRow.person_id).where(RoleGrantRow.role == Role.ADMIN, col(RoleGrantRow.ended_at).is_(None))
    accounts = (
        select(Account.person_id, Account.suspended_at)
        .where(col(Account.person_id).in_(admins) | (Account.id == account.account_id))
        .order_by(col(Account.id))
        .with_for_update(key_share=True)
    )
    rows = db.exec(accounts).all()
    administrators = set(db.exec(admins).all())
    return {person_id for person_id, suspended_at in rows if suspended_at is None and person_id in administrators}


def lift_suspension(db: Session, account: AccountRef) -> None:
    """Lift the suspension; the sign-ins and tokens that it ended stay ended."""
    allow(db, Right.SUSPENSION)
    row = db.get_one(Account, account.account_id)
    row.suspended_at = None
    db.add(row)
