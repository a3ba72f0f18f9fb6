"""What the person and the two colleges are told of a transfer: that it exists and where it stands, never why."""

from collections.abc import Collection

from app.identity.roles.service import holders
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.database.session import Session
from app.platform.security.permissions import Role
from app.transfers.enums import TransferState
from app.transfers.models import Transfer


def tell_proposed(db: Session, row: Transfer) -> None:
    """Ask the person's consent, or tell them and who decides in the same college."""
    if row.state is TransferState.AWAITING_CONSENT:
        _tell(db, Kind.TRANSFER_TO_CONSENT, row, [row.person_id], row.college_id)
        return
    tell_receiver(db, row)


def tell_receiver(db: Session, row: Transfer) -> None:
    """Tell the coordinators of the college that receives that a transfer awaits their decision, or does no more."""
    coordinators = [id_ for id_, _ in holders(db, Role.COORDINATOR, college_id=row.to_college_id)]
    people = [id_ for id_ in coordinators if id_ not in {row.proposed_by, row.person_id}]
    kind = Kind.TRANSFER_TO_DECIDE if row.ended_at is None else Kind.TRANSFER_ENDED
    _tell(db, kind, row, people, row.to_college_id)


def tell_proposer(db: Session, row: Transfer) -> None:
    """Tell who proposed a transfer how it ended."""
    _tell(db, Kind.TRANSFER_ENDED, row, [row.proposed_by], row.college_id)


def tell_person(db: Session, row: Transfer) -> None:
    """Tell the person how their transfer ended."""
    _tell(db, Kind.TRANSFER_ENDED, row, [row.person_id], row.college_id)


def _tell(db: Session, kind: Kind, row: Transfer, people: Collection[int], college_id: int) -> None:
    params: dict[str, object] = {"cohort": row.to_title}
    if kind is Kind.TRANSFER_ENDED:
        params["ending_kind"] = row.state.value
    notify(db, Event(kind, f"transfer:{row.id}:{row.state.value}", people, f"/transferts/{row.id}", params, college_id))
