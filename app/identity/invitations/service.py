"""Invitations of a college: a link sent by e-mail opens an account, or adds a role to one, once and within days.

The link goes to the address alone: no inviter reads it, so that nobody opens or enters the account of another.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, text
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.invitations.models import Invitation
from app.identity.invitations.rules import INVITATION_LIFETIME, InvitationState, Place, invitation_state
from app.identity.invitations.schemas import (
    CohortToTrain,
    InvitationList,
    InvitationRef,
    InvitationShown,
    InvitationSort,
    InvitationsQuery,
    InvitedAddress,
    Invitee,
    NewInvitation,
)
from app.identity.roles.rules import roles_grantable_by
from app.identity.sign_in.authentication import digest
from app.network.colleges.service import require_open
from app.network.models import College
from app.network.schemas import CollegeShown
from app.people.models import SHOWN_NAME_SQL
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session, allow
from app.platform.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from app.platform.messages.i18n import day, local, t, today
from app.platform.messages.letters import deliveries
from app.platform.messages.outbox import enqueue
from app.platform.paging import PAGE_SIZE, Page
from app.platform.security.actor import Actor, scoped
from app.platform.security.duties import WAY_OUT
from app.platform.security.permissions import Role

PATH = "/invitation"


def grantable_roles(actor: Actor, college_id: int) -> frozenset[Role]:
    """Return the roles that the actor may grant in a college, from those they hold there or everywhere."""
    return roles_grantable_by(grant.role for grant in actor.grants if grant.college_id in {None, college_id})


def invite(db: Session, actor: Actor, college: CollegeShown, command: NewInvitation, *, site: str) -> InvitationShown:
    """Send an invitation; the result is the same whether or not the address already has an account.

    Raises ``Forbidden``: ``role_above_yours``, ``grants_oneself``; ``Conflict``: ``college_closed``,
    ``already_invited``; ``Invalid`` for a wrong cohort.
    """
    require_open(db, college.id)
    if command.role is not None and command.role not in grantable_roles(actor, college.id):
        raise Forbidden("role_above_yours", Reason("role_above_yours", field="role"))
    own_address = select(Account.id).where(Account.person_id == actor.person_id, Account.email == command.email)
    if db.exec(own_address).first() is not None:
        raise Forbidden("grants_oneself", WAY_OUT)
    allow(db, Right.INVITATIONS)
    _check_cohort(db, college.id, command)
    make_way(db, command.email, Place(command.role, college.id, command.cohort_id))
    token, at = secrets.token_urlsafe(32), now()
    row = Invitation(
        college_id=college.id,
        cohort_id=command.cohort_id,
        email=command.email,
        role=command.role,
        token_hash=digest(token),
        created_at=at,
        created_by=actor.person_id,
        expires_at=at + INVITATION_LIFETIME,
    )
    db.add(row)
    db.flush()
    send_letter(db, [row], token, site)
    return _invitations_shown(db, college.id, [row.id])[0]


def invite_to(
    db: Session,
    invitee: Invitee | InvitedAddress,
    places: Iterable[Place],
    *,
    letter_from: str | None,
    invited_by: int | None = None,
) -> None:
    """Invite a person to some places behind one link; ``letter_from`` is the site's address, ``None``: no letter.

    Nobody gets the link: without a letter, ``operator.print_link`` replaces it. ``invited_by`` is ``None`` for the
    operator. Raises ``Conflict("already_invited")``.
    """
    token, at = secrets.token_urlsafe(32), now()
    places = tuple(dict.fromkeys(places))
    for place in places:
        make_way(db, invitee.email, place)
    rows = [
        Invitation(
            **invitee.model_dump(),
            **asdict(place),
            token_hash=digest(token),
            created_at=at,
            created_by=invited_by,
            expires_at=at + INVITATION_LIFETIME,
        )
        for place in places
    ]
    db.add_all(rows)
    db.flush()
    if letter_from is not None:
        send_letter(db, rows, token, letter_from)


def cohorts_to_train(db: Session, college: CollegeShown) -> tuple[CohortToTrain, ...]:
    """Return the college's cohorts that have not ended, newest first."""
    not_ended = text(
        "select id, code, title from cohort where college_id = :college and ends_on >= :today"
        " order by starts_on desc, code"
    )
    rows = db.execute(not_ended, {"college": college.id, "today": today(college.timezone)}).all()
    return tuple(CohortToTrain.model_validate(row) for row in rows)


def _check_cohort(db: Session, college_id: int, command: NewInvitation) -> None:
    """Raise ``Invalid`` for a cohort without the trainer's role, or of another college."""
    if command.cohort_id is None:
        return
    if command.role is not Role.TRAINER:
        raise Invalid("invalid", Reason("cohort_for_trainers", field="cohort_id"))
    cohort_in_college = text("select 1 from cohort where id = :id and college_id = :college")
    if db.execute(cohort_in_college, {"id": command.cohort_id, "college": college_id}).first() is None:
        raise Invalid("invalid", Reason("unknown_cohort", field="cohort_id"))


def make_way(db: Session, email: str, place: Place) -> None:
    """Withdraw the invitation of an address to a place when it has expired; raise ``Conflict`` when it is open.

    The database keeps one unanswered invitation of each kind: what has expired makes way for the next one.
    """
    unanswered = select(Invitation).where(
        Invitation.email == email,
        Invitation.role == place.role,
        Invitation.college_id == place.college_id,
        Invitation.cohort_id == place.cohort_id,
        Invitation.project_id == place.project_id,
        col(Invitation.used_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
    )
    at = now()
    for row in db.exec(unanswered.with_for_update()).all():
        if row.expires_at > at:
            raise Conflict("already_invited", Reason("already_invited", field="email"))
        row.withdrawn_at = at
        db.add(row)
    db.flush()


def send_letter(db: Session, rows: Sequence[Invitation], token: str, site: str) -> None:
    """Enqueue the e-mail message with the link, for the invitations that it carries, which then refer to it."""
    colleges = [db.get_one(College, row.college_id) if row.college_id is not None else None for row in rows]
    first = colleges[0]
    expires_at = local(rows[0].expires_at, first.timezone) if first is not None else local(rows[0].expires_at)
    values = {
        "college": first.name
        if first is not None and {c and c.id for c in colleges} == {first.id}
        else t("core.product"),
        "link": f"{site.rstrip('/')}{PATH}/{token}",
        "until": day(expires_at.date()),
    }
    if len(rows) > 1:
        lines = (
            f"- {t(f'role.{row.role.value}') if row.role is not None else t('invitations.no_role')}"
            + (f" ({college.name})" if college is not None else "")
            for row, college in zip(rows, colleges, strict=True)
        )
        key, offered = "invitation_roles", {"roles": "\n".join(dict.fromkeys(lines))}
    elif rows[0].role is not None:
        key, offered = "invitation_role", {"role": t(f"role.{rows[0].role.value}")}
    else:
        key, offered = "invitation", {}
    letter = enqueue(db, rows[0].email, key, None, rows[0].expires_at, **values, **offered)
    db.flush()
    for row in rows:
        row.letter_id = letter.id
        db.add(row)


_INVITATIONS = text(
    f"""
    select i.id, i.email, i.role, i.cohort_id, c.code as cohort, i.created_at, i.expires_at, i.used_at, i.withdrawn_at,
           i.link_printed_at, i.letter_id, {SHOWN_NAME_SQL} as invited_by
      from invitation i left join person p on p.id = i.created_by
      left join cohort c on c.id = i.cohort_id and c.college_id = i.college_id
     where i.college_id = :college and (cast(:ids as integer[]) is null or i.id = any(:ids))
     order by i.created_at desc, i.id desc
    """  # noqa: S608 - our own constant
)


def invitations(
    db: Session, college: CollegeShown, *, after: int | None = None, limit: int = PAGE_SIZE
) -> InvitationList:
    """Return a college's invitations in every state, newest first."""
    allow(db, Right.INVITATIONS)
    statement = sa.select(col(Invitation.id)).where(col(Invitation.college_id) == college.id)
    order = (col(Invitation.created_at),)
    rows, next_ = fetch_after(db, statement, order, col(Invitation.id), after=after, limit=limit, descending=True)
    items = _invitations_shown(db, college.id, [row.id for row in rows]) if rows else ()
    return InvitationList(items=items, next=next_)


ORDERS: Orders = {
    InvitationSort.SENT: (col(Invitation.created_at),),
    InvitationSort.EMAIL: (col(Invitation.email),),
    InvitationSort.EXPIRY: (col(Invitation.expires_at),),
}


def list_invitations(db: Session, college: CollegeShown, query: InvitationsQuery) -> Page[InvitationShown]:
    """Return a page of a college's invitations."""
    moment = now()
    allow(db, Right.INVITATIONS)
    statement = sa.select(col(Invitation.id)).where(col(Invitation.college_id) == college.id)
    if query.recherche:
        statement = statement.where(col(Invitation.email).contains(query.recherche.casefold(), autoescape=True))
    if query.etat is not None:
        statement = statement.where(_in_state(query.etat, moment))
    page = fetch_page(db, statement, query, ORDERS, col(Invitation.id))
    ids = [row.id for row in page.items]
    shown = {i.id: i for i in _invitations_shown(db, college.id, ids)} if ids else {}
    return replace(page, items=tuple(shown[id_] for id_ in ids))


def _in_state(state: InvitationState, moment: datetime) -> ColumnElement[bool]:
    """Return the condition that an invitation is in a state at a moment: ``rules.invitation_state`` in SQL."""
    used, withdrawn = col(Invitation.used_at).is_not(None), col(Invitation.withdrawn_at).is_not(None)
    expired = col(Invitation.expires_at) <= moment
    return {
        InvitationState.USED: used,
        InvitationState.WITHDRAWN: ~used & withdrawn,
        InvitationState.EXPIRED: ~used & ~withdrawn & expired,
        InvitationState.OPEN: ~used & ~withdrawn & ~expired,
    }[state]


def _invitations_shown(db: Session, college_id: int, ids: Sequence[int] | None = None) -> tuple[InvitationShown, ...]:
    """Return the invitations of a college, or some of them."""
    db.flush()
    allow(db, Right.INVITATIONS)
    values = {"college": college_id, "ids": None if ids is None else list(ids)}
    rows = db.execute(_INVITATIONS, values).mappings().all()
    delivered = deliveries(db, (row["letter_id"] for row in rows))
    return tuple(InvitationShown(**row, state=state_of(row), delivery=delivered.get(row["letter_id"])) for row in rows)


def load_invitation(db: Session, invitation: InvitationRef) -> InvitationShown:
    """Return an invitation."""
    return _invitations_shown(db, invitation.college_id, [invitation.id])[0]


def state_of(row: Mapping[Any, Any]) -> InvitationState:
    """Return the state of an invitation now, given its columns."""
    return invitation_state(
        now(), expires_at=row["expires_at"], used_at=row["used_at"], withdrawn_at=row["withdrawn_at"]
    )


def see_invitation(db: Session, actor: Actor, college_id: int, invitation_id: int) -> InvitationRef:
    """Return an invitation of a college within the actor's reach; raise ``NotFound``."""
    allow(db, Right.INVITATIONS)
    within = scoped(actor, college=Invitation.college_id)
    row = db.exec(
        select(Invitation).where(Invitation.id == invitation_id, Invitation.college_id == college_id, within)
    ).one_or_none()
    if row is None:
        raise NotFound
    return InvitationRef.model_validate(row)


def invitations_behind(db: Session, letter_ids: Sequence[int]) -> Mapping[int, InvitationRef]:
    """Return, by their last letter, the invitations of the transaction's colleges that wait for an answer."""
    if not letter_ids:
        return {}
    allow(db, Right.INVITATIONS)
    unanswered = sa.select(col(Invitation.letter_id), col(Invitation.id), col(Invitation.college_id)).where(
        col(Invitation.letter_id).in_(letter_ids),
        col(Invitation.college_id).is_not(None),
        col(Invitation.used_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
    )
    rows = db.execute(unanswered.order_by(col(Invitation.id).desc()))
    return {row.letter_id: InvitationRef(id=row.id, college_id=row.college_id) for row in rows}


def withdraw(db: Session, actor: Actor, invitation: InvitationRef) -> None:
    """Withdraw an invitation: its link is refused from now on; withdrawing twice changes nothing.

    Raises ``Forbidden("role_above_yours")``, ``Conflict("invitation_used")``.
    """
    row = lock(db, actor, invitation)
    if row.used_at is not None:
        raise Conflict("invitation_used")
    row.withdrawn_at = row.withdrawn_at or now()
    db.add(row)


def send_again(db: Session, actor: Actor, invitation: InvitationRef, *, site: str) -> InvitationShown:
    """Send a new link with a new validity; the previous link is refused from now on.

    Raises ``Forbidden("role_above_yours")``, ``Conflict``: ``invitation_used``, ``invitation_withdrawn``,
    ``college_closed``.
    """
    row = lock(db, actor, invitation)
    if row.used_at is not None:
        raise Conflict("invitation_used")
    if row.withdrawn_at is not None:
        raise Conflict("invitation_withdrawn")
    require_open(db, invitation.college_id)
    token = secrets.token_urlsafe(32)
    row.token_hash, row.expires_at, row.created_by = digest(token), now() + INVITATION_LIFETIME, actor.person_id
    db.add(row)
    send_letter(db, [row], token, site)
    return load_invitation(db, invitation)


def lock(db: Session, actor: Actor, invitation: InvitationRef) -> Invitation:
    """Return the row, locked: concurrent answers to one invitation are serialised.

    Raises ``Forbidden("role_above_yours")`` when the actor could not have sent it.
    """
    allow(db, Right.INVITATIONS)
    row = db.get_one(Invitation, invitation.id, with_for_update=True, populate_existing=True)
    if row.role is not None and row.role not in grantable_roles(actor, invitation.college_id):
        raise Forbidden("role_above_yours", Reason("role_above_yours", field="role"))
    return row
