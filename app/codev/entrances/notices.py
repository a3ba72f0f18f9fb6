"""What the people of a group are told of an entrance: never who enters, whose name is read on the group's page."""

import sqlalchemy as sa
from sqlmodel import col

from app.codev.contracts.notices import is_inside
from app.codev.entrances.models import CodevEntrance
from app.codev.groups.models import CodevGroup
from app.cohorts.models import Cohort
from app.identity.roles.models import RoleGrantRow
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.database.session import Session
from app.platform.security.permissions import Role


def tell_announced(db: Session, entrance: CodevEntrance) -> None:
    """Tell everyone of a group that someone is to enter it, and when."""
    _tell(db, entrance, Kind.ENTRANCE_ANNOUNCED, "announced", enters_on=entrance.enters_on)


def tell_called_off(db: Session, entrance: CodevEntrance) -> None:
    """Tell everyone of a group that nobody enters after all."""
    _tell(db, entrance, Kind.ENTRANCE_CALLED_OFF, "called_off")


def tell_facilitator(db: Session, entrance: CodevEntrance) -> None:
    """Tell the facilitator, once per entrance, that it concerns someone."""
    _tell(db, entrance, Kind.ENTRANCE_CONCERNS, "concern", only=Role.FACILITATOR)


def _tell(
    db: Session, entrance: CodevEntrance, kind: Kind, what: str, only: Role | None = None, **params: object
) -> None:
    group = db.get_one(CodevGroup, entrance.group_id)
    people = sa.select(col(RoleGrantRow.person_id)).where(is_inside(), col(RoleGrantRow.group_id) == group.id)
    if only is not None:
        people = people.where(col(RoleGrantRow.role) == only)
    event = Event(
        kind,
        f"entrance:{entrance.id}:{what}",
        list(db.execute(people).scalars()),
        f"/codev/groupes/{group.id}",
        {"cohort": db.get_one(Cohort, group.cohort_id).title, **params},
        group.college_id,
    )
    notify(db, event)
