"""Corrections: proposed by anyone of the network, accepted or refused by whoever keeps the entry up."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.paging import Orders, contains_words, count_rows, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, refuse_unless
from app.platform.paging import PAGE, Page
from app.platform.security.actor import Actor, scoped
from app.resources.corrections import rules
from app.resources.corrections.enums import CorrectionSort, CorrectionState
from app.resources.corrections.models import Correction
from app.resources.corrections.schemas import (
    CorrectionPage,
    CorrectionShown,
    CorrectionsQuery,
    ListedCorrection,
    NewCorrection,
    RefuseCorrection,
)
from app.resources.directory import service as directory
from app.resources.directory.models import Resource
from app.resources.directory.schemas import ResourceShown

DATE = (col(Correction.proposed_at),)
ORDERS: Orders = {CorrectionSort.DATE: DATE, CorrectionSort.NAME: (col(Resource.search_key),)}
OWN = 20
"""How many of one's own corrections stand on an entry's page."""


def propose(db: Session, actor: Actor, resource: ResourceShown, command: NewCorrection) -> CorrectionShown:
    """Propose a correction to an entry.

    Raises ``Conflict("resource_retired")``, ``Invalid`` for what the entry could not say.
    """
    if resource.retired_at is not None:
        raise Conflict("resource_retired")
    present = None if command.about in rules.WHOLE else getattr(resource, command.about.value)
    refuse_unless(*rules.correction_reasons(command, present), code="invalid")
    row = Correction(
        college_id=resource.college_id,
        resource_id=resource.id,
        person_id=actor.person_id,
        proposed_at=now(),
        **command.model_dump(),
    )
    db.add(row)
    db.flush()
    return _shown(row, resource.name)


def own_corrections(db: Session, actor: Actor, resource: ResourceShown) -> list[CorrectionShown]:
    """Return what the actor proposed to an entry, latest first."""
    statement = (
        sa.select(Correction)
        .where(col(Correction.person_id) == actor.person_id, col(Correction.resource_id) == resource.id)
        .order_by(col(Correction.id).desc())
        .limit(OWN)
    )
    return [_shown(row, resource.name) for row in db.execute(statement).scalars()]


def list_corrections(db: Session, actor: Actor, query: CorrectionsQuery) -> Page[ListedCorrection]:
    """Return a page of the corrections that the actor may decide on."""
    statement = _waiting(actor).where(*contains_words(col(Resource.search_key), query.words))
    return fetch_page(db, statement, query, ORDERS, col(Correction.id)).map(_listed)


def corrections(db: Session, actor: Actor, *, after: int | None = None, limit: int = PAGE) -> CorrectionPage:
    """Return the corrections that the actor may decide on, the oldest first."""
    rows, next_ = fetch_after(db, _waiting(actor), DATE, col(Correction.id), after=after, limit=limit)
    return CorrectionPage(items=tuple(_listed(row) for row in rows), next=next_)


def count_corrections(db: Session, actor: Actor) -> int:
    """Return how many corrections the actor may decide on; of more than a thousand, one more than that."""
    return count_rows(db, _waiting(actor), col(Correction.id))


def see_correction(db: Session, actor: Actor, correction_id: int) -> ListedCorrection:
    """Return a correction to an entry that the actor's college keeps up; raise ``NotFound`` for any other."""
    row = db.execute(_of_kept(actor).where(col(Correction.id) == correction_id)).one_or_none()
    if row is None:
        raise NotFound
    return _listed(row)


def accept(db: Session, actor: Actor, correction: ListedCorrection) -> CorrectionShown:
    """Make a correction: the field says what was proposed, or the entry goes out of use; its author is told.

    Raises ``Conflict``: ``correction_decided``, ``resource_retired``; ``Invalid`` for what the entry cannot say today.
    """
    row = _lock_waiting(db, correction)
    entry = directory.lock(db, row.resource_id)
    directory.require_in_use(entry)
    if row.about in rules.WHOLE:
        directory.retire(db, actor, entry)
    else:
        changed = directory.content_of(entry).model_copy(update={row.about.value: row.value})
        directory.write(db, actor, entry, changed)
    return _decide(db, actor, row, entry, CorrectionState.ACCEPTED)


def refuse(db: Session, actor: Actor, correction: ListedCorrection, command: RefuseCorrection) -> CorrectionShown:
    """Refuse a correction, with a reason that its author reads. Raises ``Conflict("correction_decided")``."""
    row = _lock_waiting(db, correction)
    row.answer = command.answer
    return _decide(db, actor, row, db.get_one(Resource, row.resource_id), CorrectionState.REFUSED)


def _decide(db: Session, actor: Actor, row: Correction, entry: Resource, state: CorrectionState) -> CorrectionShown:
    row.state, row.decided_at, row.decided_by = state, now(), actor.person_id
    db.add(row)
    kind = Kind.CORRECTION_ACCEPTED if state is CorrectionState.ACCEPTED else Kind.CORRECTION_REFUSED
    told = Event(
        kind=kind,
        key=f"correction:{row.id}",
        people={row.person_id} - {actor.person_id},
        page=f"/repertoire/{entry.id}",
        params={"resource": entry.name},
        college_id=row.college_id,
    )
    notify(db, told)
    db.flush()
    return _shown(row, entry.name)


def _lock_waiting(db: Session, correction: ListedCorrection) -> Correction:
    row = db.get_one(Correction, correction.id, with_for_update=True, populate_existing=True)
    if row.state is not CorrectionState.WAITING:
        raise Conflict("correction_decided")
    return row


def _waiting(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    return _of_kept(actor).where(col(Correction.state) == CorrectionState.WAITING)


def _of_kept(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of the corrections to the entries that the actor's colleges keep up."""
    author = sa.select(shown_name()).where(col(Person.id) == Correction.person_id)
    return (
        sa.select(Correction, Resource, author.scalar_subquery().label("author"))
        .join(Resource, col(Resource.id) == Correction.resource_id)
        .where(scoped(actor, college=Correction.college_id))
    )


def _listed(found: Any) -> ListedCorrection:  # noqa: ANN401 - a row of the statement above
    row, entry = found.Correction, found.Resource
    present = None if row.about in rules.WHOLE else getattr(entry, row.about.value)
    shown = _shown(row, entry.name).model_dump()
    return ListedCorrection(**shown, college_id=row.college_id, present=present, author=found.author)


def _shown(row: Correction, resource: str) -> CorrectionShown:
    return CorrectionShown(
        resource=resource, **row.model_dump(include=set(CorrectionShown.model_fields) - {"resource"})
    )
