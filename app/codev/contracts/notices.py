"""Who is asked to agree to the contract of a group: at once, and again before a session that would wait for them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.codev.contracts.models import CodevAgreement
from app.codev.contracts.service import INSIDE
from app.codev.groups.models import CodevGroup
from app.codev.sessions.models import CodevSession
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort
from app.identity.roles.models import RoleGrantRow
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.clock import now
from app.platform.database.session import Session

REMINDED = timedelta(days=2)
"""How long before a session those who have not agreed are reminded."""


def ask_to_agree(db: Session, group: CodevGroup) -> None:
    """Ask everybody in a group who was not asked yet to agree to its contract as it is composed now."""
    db.flush()
    inside = sa.select(col(RoleGrantRow.person_id)).where(is_inside(), col(RoleGrantRow.group_id) == group.id)
    people = db.execute(inside).scalars().all()
    cohort = db.get_one(Cohort, group.cohort_id)
    key = f"contract:{group.id}:{group.contract_version}:{group.composition}"
    notify(db, _event(key, people, group.id, cohort.title, group.college_id))


def remind(db: Session) -> None:
    """Remind those who have not agreed, once per session that begins within two days, in running cohorts."""
    agreed = sa.exists().where(
        col(CodevAgreement.group_id) == CodevGroup.id,
        col(CodevAgreement.person_id) == RoleGrantRow.person_id,
        col(CodevAgreement.contract_version) == CodevGroup.contract_version,
        col(CodevAgreement.composition) >= CodevGroup.composition,
    )
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            col(CodevSession.id),
            col(CodevGroup.id).label("group_id"),
            col(CodevGroup.college_id),
            col(Cohort.title),
            sa.func.array_agg(RoleGrantRow.person_id).label("people"),
        )
        .join(CodevGroup, col(CodevGroup.id) == CodevSession.group_id)
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .join(RoleGrantRow, (col(RoleGrantRow.group_id) == CodevGroup.id) & is_inside())
        .where(
            col(CodevSession.cancelled_at).is_(None),
            col(CodevSession.starts_at) > now(),
            col(CodevSession.starts_at) <= now() + REMINDED,
            col(Cohort.state) == CohortState.RUNNING,
            ~agreed,
        )
        .group_by(col(CodevSession.id), col(CodevGroup.id), col(CodevGroup.college_id), col(Cohort.title))
    )
    rows = db.execute(statement).all()
    notify(
        db, *(_event(f"contract:session:{r.id}", r.people, r.group_id, r.title, r.college_id) for r in rows)
    )  # fmt: skip


def is_inside() -> sa.ColumnElement[bool]:
    """Return the condition that a role is one that a group gives, and in force."""
    return col(RoleGrantRow.role).in_(INSIDE) & col(RoleGrantRow.ended_at).is_(None)


def _event(key: str, people: Sequence[int], group_id: int, cohort: str, college_id: int) -> Event:
    page = f"/codev/groupes/{group_id}/contrat"
    return Event(Kind.CONTRACT_TO_ACCEPT, key, people, page, {"cohort": cohort}, college_id)
