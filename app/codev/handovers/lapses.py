"""Proposed swaps that a new plan of roles makes impossible: they end, and whoever was asked is told."""

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.codev.handovers.enums import SwapOutcome
from app.codev.handovers.models import CodevSwap
from app.codev.handovers.notices import tell_called_off
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import RoleAssignment
from app.platform.clock import now
from app.platform.database.session import Session


def lapse(db: Session, session_id: int) -> None:
    """End the swaps proposed for a session, or in exchange for a turn in it, whose turn is not planned any more."""
    theirs, other = aliased(RoleAssignment), aliased(RoleAssignment)
    is_theirs = sa.exists().where(
        col(theirs.session_id) == CodevSwap.session_id,
        col(theirs.membership_id) == CodevSwap.membership_id,
        col(theirs.role) == CodevRole.CLIENT,
    )
    is_others = sa.exists().where(
        col(other.session_id) == CodevSwap.exchange_session_id,
        col(other.membership_id) == CodevSwap.asked_id,
        col(other.role) == CodevRole.CLIENT,
    )
    lapsed = (
        select(CodevSwap)
        .where(
            (col(CodevSwap.session_id) == session_id) | (col(CodevSwap.exchange_session_id) == session_id),
            col(CodevSwap.ended_at).is_(None),
            ~is_theirs | (col(CodevSwap.exchange_session_id).is_not(None) & ~is_others),
        )
        .order_by(col(CodevSwap.id))
    )
    for swap in db.exec(lapsed.with_for_update(key_share=True)).all():
        swap.outcome, swap.ended_at = SwapOutcome.LAPSED, now()
        db.add(swap)
        tell_called_off(db, swap)
    db.flush()
