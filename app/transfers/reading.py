"""Read transfers and what they carry: for the college that proposes, the one that receives, and the person."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import default_library
from app.grading.models import Judgement
from app.network.models import College
from app.network.schemas import CollegeShown
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session, set_actor
from app.platform.errors import NotFound
from app.platform.paging import Page
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import GRANTS, P
from app.progress.service import progress_without
from app.transfers import rules
from app.transfers.enums import Direction, Side, TransferSort
from app.transfers.facts import FILES
from app.transfers.models import CarriedFile, Transfer
from app.transfers.schemas import (
    CarriedShown,
    Origin,
    Package,
    TransferPage,
    TransferRef,
    TransfersApiQuery,
    TransferShown,
    TransfersQuery,
    TransferTarget,
)
from app.transfers.versions import mapping_between, mappings_to

READ_BY_RECEIVER = col(Transfer.consented_at).is_not(None) | (col(Transfer.college_id) == Transfer.to_college_id)
"""The condition that the college that receives reads a transfer: the person consented, or the file stays there."""


@contextmanager
def reaching(db: Session, actor: Actor, *colleges: int) -> Iterator[None]:
    """Let the transaction reach other colleges for what is written or read inside, and no longer.

    A tenant exception, listed in docs/tenant-exceptions.md: only the colleges of one transfer that was seen.
    """
    set_actor(db, colleges=actor.colleges.union(colleges), person=actor.person_id)
    try:
        yield
        db.flush()
    finally:
        set_actor(db, colleges=actor.colleges, person=actor.person_id)


# Seeing one --------------------------------------------------------------------------------------


def see_transfer(db: Session, actor: Actor, transfer_id: int) -> TransferRef:
    """Return a transfer that concerns the actor's college, or the actor; raise ``NotFound`` for any other."""
    return _see(db, transfer_id, _sent(actor) | _received(actor))


def see_sent_transfer(db: Session, actor: Actor, transfer_id: int) -> TransferRef:
    """Return a transfer that the actor's college proposed; raise ``NotFound`` for any other."""
    return _see(db, transfer_id, _sent(actor))


def see_received_transfer(db: Session, actor: Actor, transfer_id: int) -> TransferRef:
    """Return a transfer that the actor's college receives; raise ``NotFound`` for any other."""
    return _see(db, transfer_id, _received(actor))


def _sent(actor: Actor) -> ColumnElement[bool]:
    return scoped(actor, college=Transfer.college_id, person=Transfer.person_id)


def _received(actor: Actor) -> ColumnElement[bool]:
    return scoped(actor, college=Transfer.to_college_id, person=Transfer.person_id) & READ_BY_RECEIVER


def _see(db: Session, transfer_id: int, within: ColumnElement[bool]) -> TransferRef:
    row = db.exec(select(Transfer).where(Transfer.id == transfer_id, within)).one_or_none()
    if row is None:
        raise NotFound
    log_access(db, [(row.person_id, row.college_id)])
    return TransferRef.model_validate(row)


# Showing them ------------------------------------------------------------------------------------

_FROM, _TO = aliased(College), aliased(College)
_PROPOSER, _ENDER = aliased(Person), aliased(Person)


def _statement() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Transfer,
            shown_name().label("name"),
            col(_FROM.name).label("from_college"),
            col(_TO.name).label("to_college"),
            _PROPOSER,
            _ENDER,
        )
        .join(Person, col(Person.id) == Transfer.person_id)
        .join(_FROM, col(_FROM.id) == Transfer.college_id)
        .join(_TO, col(_TO.id) == Transfer.to_college_id)
        .join(_PROPOSER, col(_PROPOSER.id) == Transfer.proposed_by)
        .outerjoin(_ENDER, col(_ENDER.id) == Transfer.ended_by)
    )


def managed_by(actor: Actor) -> frozenset[int]:
    """Return the colleges whose transfers the actor proposes and decides."""
    return frozenset(
        grant.college_id
        for grant in actor.grants
        if grant.college_id is not None and P.TRANSFER_MANAGE in GRANTS[grant.role]
    )


def _as_shown(row: Any, actor: Actor) -> TransferShown:  # noqa: ANN401 - a row of the statement above
    transfer: Transfer = row[0]
    sends = transfer.college_id in managed_by(actor)
    side = Side.PERSON if transfer.person_id == actor.person_id else Side.SENDER if sends else Side.RECEIVER
    columns = set(TransferShown.model_fields) - {"proposed_by", "ended_by"}
    return TransferShown(
        **transfer.model_dump(include=columns),
        name=row.name,
        from_college=row.from_college,
        to_college=row.to_college,
        side=side,
        proposed_by=row[4].name,
        ended_by=row[5].name if row[5] is not None else None,
    )


def load_transfer(db: Session, actor: Actor, ref: TransferRef) -> TransferShown:
    """Return a transfer as the actor reads it."""
    return _as_shown(db.execute(_statement().where(col(Transfer.id) == ref.id)).one(), actor)


def own_transfers(db: Session, actor: Actor) -> tuple[TransferShown, ...]:
    """Return the actor's own transfers, latest first."""
    own = _statement().where(col(Transfer.person_id) == actor.person_id).order_by(col(Transfer.id).desc())
    return tuple(_as_shown(row, actor) for row in db.execute(own))


def transfers_from(db: Session, actor: Actor, enrolment: EnrolmentRef) -> tuple[TransferShown, ...]:
    """Return the transfers of an enrolment that was seen, latest first."""
    of_enrolment = _statement().where(col(Transfer.enrolment_id) == enrolment.id).order_by(col(Transfer.id).desc())
    return tuple(_as_shown(row, actor) for row in db.execute(of_enrolment))


ORDERS: Orders = {TransferSort.DATE: (col(Transfer.proposed_at),)}


def list_transfers(db: Session, actor: Actor, college: CollegeShown, query: TransfersQuery) -> Page[TransferShown]:
    """Return a page of the transfers that a college receives, or proposed; the search looks at people's names."""
    where = [_of(college, incoming=query.sens is Direction.INCOMING)]
    where += [col(Person.search_key).contains(word, autoescape=True) for word in query.words]
    if query.etat is not None:
        where.append(col(Transfer.state) == query.etat)
    found = sa.select(col(Transfer.id)).join(Person, col(Person.id) == Transfer.person_id).where(*where)
    page = fetch_page(db, found, query, ORDERS, col(Transfer.id))
    ids = sa.literal([row.id for row in page.items], sa.ARRAY(sa.Integer))
    rows = {row[0].id: row for row in db.execute(_statement().where(col(Transfer.id) == sa.any_(ids)))}
    _log(db, college, rows.values())
    return page.map(lambda row: _as_shown(rows[row.id], actor))


def college_transfers(db: Session, actor: Actor, college: CollegeShown, query: TransfersApiQuery) -> TransferPage:
    """Return the transfers that a college receives, or proposed, latest first."""
    where = [_of(college, incoming=query.incoming)]
    if query.state is not None:
        where.append(col(Transfer.state) == query.state)
    statement = _statement().where(*where)
    rows, next_ = fetch_after(
        db, statement, (), col(Transfer.id), after=query.after, limit=query.limit, descending=True
    )
    _log(db, college, rows)
    return TransferPage(items=tuple(_as_shown(row, actor) for row in rows), next=next_)


def _of(college: CollegeShown, *, incoming: bool) -> ColumnElement[bool]:
    if incoming:
        return (col(Transfer.to_college_id) == college.id) & READ_BY_RECEIVER
    return col(Transfer.college_id) == college.id


def _log(db: Session, college: CollegeShown, rows: Any) -> None:  # noqa: ANN401 - rows of the statement above
    log_access(db, [(row[0].person_id, college.id) for row in rows])


# Where someone may go, and with what -------------------------------------------------------------

_TARGETS = sa.text("select * from transfer_targets(:path) t where t.cohort_id <> :cohort").columns(
    cohort_id=sa.Integer,
    college_id=sa.Integer,
    college=sa.String,
    title=sa.String,
    curriculum_version=sa.String,
    starts_on=sa.Date,
    ends_on=sa.Date,
    seats_left=sa.Integer,
)


def targets(db: Session, enrolment: EnrolmentRef) -> tuple[TransferTarget, ...]:
    """Return the cohorts of every college that follow the path of an enrolment and are not over.

    A tenant exception, listed in docs/tenant-exceptions.md: a function of the owner reads them.
    """
    rows = db.execute(_TARGETS, {"path": enrolment.curriculum_slug, "cohort": enrolment.cohort_id}).all()
    return tuple(
        TransferTarget.model_validate(row)
        for row in rows
        if mapping_between(enrolment.curriculum_slug, enrolment.curriculum_version, row.curriculum_version) is not None
    )


def held_by(db: Session, enrolment_id: int) -> tuple[int | None, Package]:
    """Return the file that an enrolment received last, with its id; an empty one when it received none."""
    row = db.exec(
        select(CarriedFile).where(CarriedFile.enrolment_id == enrolment_id, not_superseded(CarriedFile))
    ).one_or_none()
    return (None, Package()) if row is None else (row.id, Package.model_validate(row.body))


def package_of(db: Session, enrolment_id: int) -> Package:
    """Return all that an enrolment, which the transaction reaches, would give to the next one."""
    enrolment, title, college = db.execute(
        sa.select(Enrolment, col(Cohort.title), col(College.name))
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(College, col(College.id) == Enrolment.college_id)
        .where(col(Enrolment.id) == enrolment_id)
    ).one()
    progress, facts = progress_without(db, enrolment_id, FILES)
    assessors = sa.select(col(Judgement.id), shown_name()).join(Person, col(Person.id) == Judgement.assessor_id)
    names = dict(db.execute(assessors.where(col(Judgement.enrolment_id) == enrolment_id)).all())
    origin = Origin(
        enrolment_id=enrolment_id, college=college, cohort=title, curriculum_version=enrolment.curriculum_version
    )
    return rules.pack(origin, progress, facts, names, held_by(db, enrolment_id)[1])


def carried_by(db: Session, actor: Actor, transfer: TransferShown, ref: TransferRef) -> CarriedShown | None:
    """Return what a transfer carries: what it carried once it was accepted, else what it would carry today.

    The college that proposed one reads its own files only: nothing of what the other one received.
    """
    if transfer.to_enrolment_id is not None:
        return _shown_file(db, transfer.to_enrolment_id, transfer.curriculum_slug, transfer.to_version)
    if transfer.ended_at is not None:
        return None
    with reaching(db, actor, ref.college_id):
        package = package_of(db, ref.enrolment_id)
    return _shown(package, transfer.curriculum_slug, transfer.to_version)


def carried_to(db: Session, enrolment: EnrolmentRef) -> CarriedShown | None:
    """Return what an enrolment that was seen received by a transfer; ``None`` when it received nothing."""
    return _shown_file(db, enrolment.id, enrolment.curriculum_slug, enrolment.curriculum_version)


def _shown_file(db: Session, enrolment_id: int, slug: str, version: str) -> CarriedShown | None:
    file_id, package = held_by(db, enrolment_id)
    return None if file_id is None else _shown(package, slug, version)


def _shown(package: Package, slug: str, version: str) -> CarriedShown:
    library = default_library()

    def title(of_version: str, code: str) -> str:
        return library.curriculum(slug, of_version).placed[code][1].title.text

    return rules.shown(package, mappings_to(slug, version), title)
