"""Cohorts: prepare, find, list, and change their seats, applications and staff."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from app.cohorts.enums import CohortSort, CohortState
from app.cohorts.lifecycle.rules import move_due
from app.cohorts.models import Cohort, Enrolment, local_today
from app.cohorts.rules import TAKES_PEOPLE
from app.cohorts.schemas import (
    CohortPage,
    CohortRef,
    CohortRow,
    CohortsQuery,
    ListedCohort,
    NewCohort,
    StaffCommand,
)
from app.curricula.library import curriculum_of
from app.curricula.models import PublishedCurriculum
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import grant_role
from app.network import service as network
from app.network.colleges.service import require_open
from app.network.models import College, Project
from app.network.schemas import CollegeShown
from app.platform.clock import now
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason
from app.platform.paging import PAGE_SIZE, Page
from app.platform.search import search_key, search_words
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import Permission, Role

STAFF = frozenset({Role.TRAINER, Role.FACILITATOR, Role.COORDINATOR, Role.REGISTRAR})
"""Roles of a college whose holders may join the team of a cohort."""


def add_cohort(db: Session, actor: Actor, college: CollegeShown, command: NewCohort) -> CohortRef:
    """Add a cohort as a draft, pinned to a published version (BR-01), in a college that was seen and is not closed."""
    require_open(db, college.id)
    published = db.get(PublishedCurriculum, (command.curriculum_slug, command.curriculum_version))
    if published is None:
        raise Invalid("curriculum_not_published", Reason("curriculum_not_published", field="curriculum_version"))
    if db.get(Project, command.project_id) is None:
        raise Invalid("invalid", Reason("unknown_project", field="project_id"))
    curriculum = curriculum_of(command)
    ends_on = command.ends_on or command.starts_on + timedelta(weeks=curriculum.weeks)
    if ends_on <= command.starts_on:
        raise Invalid("invalid", Reason("ends_before_start", field="ends_on"))
    same_code = select(Cohort.id).where(Cohort.college_id == college.id, Cohort.code == command.code)
    if db.exec(same_code).first() is not None:
        raise Conflict("cohort_code_taken", Reason("cohort_code_taken", field="code"))
    chosen = {name: getattr(college, name) for name in ("late_join_pct", "grace_hours")}
    row = Cohort(
        **{**chosen, **command.model_dump(exclude={"ends_on"}, exclude_none=True)},
        ends_on=ends_on,
        college_id=college.id,
        timezone=college.timezone,
        created_at=now(),
        created_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    return CohortRef.model_validate(row)


def see_cohort(db: Session, actor: Actor, cohort_id: int) -> CohortRef:
    """Return a cohort within the actor's reach; raise ``NotFound`` otherwise."""
    within = scoped(actor, college=Cohort.college_id, cohort=Cohort.id)
    row = db.exec(select(Cohort).where(Cohort.id == cohort_id, within)).one_or_none()
    if row is None:
        raise NotFound
    return CohortRef.model_validate(row)


def allowed_actions(db: Session, actor: Actor, cohort: CohortRef, *permissions: Permission) -> frozenset[Permission]:
    """Return which of these permissions the actor holds for the cohort: what its page may show and offer."""
    columns = [
        scoped(actor.using(p), college=Cohort.college_id, cohort=Cohort.id).label(f"allowed_{n}")
        for n, p in enumerate(permissions)
    ]
    row = db.execute(sa.select(*columns).where(col(Cohort.id) == cohort.id)).one()
    return frozenset(p for p, is_allowed in zip(permissions, row, strict=True) if is_allowed)


def see_open_cohort(db: Session, _: Actor, cohort_id: int) -> CohortRef:
    """Return a cohort that is open to applications; raise ``NotFound`` otherwise, ``Conflict`` in a closed college.

    Every signed-in person may see it: a tenant exception, listed in docs/tenant-exceptions.md.
    """
    row = db.exec(select(Cohort).where(Cohort.id == cohort_id, in_offer())).one_or_none()
    if row is None:
        raise NotFound
    require_open(db, row.college_id)
    return CohortRef.model_validate(row)


def in_offer() -> ColumnElement[bool]:
    """Return the condition that a cohort takes applications and is not over; its college may have closed."""
    takes_people = col(Cohort.state).in_(sorted(TAKES_PEOPLE))
    return col(Cohort.applications_open) & takes_people & (col(Cohort.ends_on) > local_today())


ORDERS: Orders = {
    CohortSort.TITLE: (col(Cohort.search_key),),
    CohortSort.START: (col(Cohort.starts_on), col(Cohort.search_key)),
    CohortSort.END: (col(Cohort.ends_on), col(Cohort.search_key)),
}


def cohorts(
    db: Session,
    actor: Actor,
    *,
    search: str = "",
    state: CohortState | None = None,
    after: int | None = None,
    limit: int = PAGE_SIZE,
) -> CohortPage:
    """Return the cohorts within reach, newest first, the archived ones only when asked for.

    ``search`` ignores accents and case.
    """
    rows, next_ = cohorts_after(db, actor, search=search, state=state, after=after, limit=limit)
    shown = set(CohortRow.model_fields)
    return CohortPage(items=tuple(CohortRow(**row.model_dump(include=shown)) for row in rows), next=next_)


def cohorts_after(
    db: Session,
    actor: Actor,
    *,
    college_id: int | None = None,
    search: str = "",
    state: CohortState | None = None,
    after: int | None = None,
    limit: int = PAGE_SIZE,
) -> tuple[list[ListedCohort], int | None]:
    """Return what :func:`cohorts` does, of one college where it is given, and the cursor to go on after."""
    statement = _cohort_rows(actor, state, college_id).where(*matching(db, search_words(search)))
    order = (col(Cohort.starts_on),)
    rows, next_ = fetch_after(db, statement, order, col(Cohort.id), after=after, limit=limit, descending=True)
    return [_listed(row) for row in rows], next_


def busiest_cohorts(db: Session, actor: Actor, limit: int) -> tuple[list[ListedCohort], bool]:
    """Return the cohorts within reach in which most may wait, those running first; and whether there are others."""
    first = (CohortState.RUNNING, CohortState.OPEN, CohortState.CLOSED)
    rank = sa.case(*((col(Cohort.state) == state, n) for n, state in enumerate(first)), else_=len(first))
    order = (rank, col(Cohort.starts_on).desc(), col(Cohort.id).desc())
    rows = db.execute(_cohort_rows(actor, None).order_by(*order).limit(limit + 1)).all()
    return [_listed(row) for row in rows[:limit]], len(rows) > limit


def list_cohorts(
    db: Session, actor: Actor, query: CohortsQuery, *, college_id: int | None = None, size: int = PAGE_SIZE
) -> Page[ListedCohort]:
    """Return a page of the cohorts within reach, of one college where it is given."""
    statement = _cohort_rows(actor, query.etat, college_id).where(*matching(db, query.words))
    return fetch_page(db, statement, query, ORDERS, col(Cohort.id), size=size).map(_listed)


def _listed(row: Any) -> ListedCohort:  # noqa: ANN401 - a named tuple
    due = move_due(row.state, row.starts_on, row.ends_on, row.day)
    return ListedCohort.model_validate({**row._mapping, "move_due": due})


def _cohort_rows(actor: Actor, state: CohortState | None, college_id: int | None = None) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of the cohorts within reach in a state; those of every state but archived without one."""
    is_listed = col(Cohort.state) == state if state else col(Cohort.state) != CohortState.ARCHIVED
    if college_id is not None:
        is_listed &= col(Cohort.college_id) == college_id
    return (
        sa.select(
            *(
                col(c)
                for c in (
                    Cohort.id, Cohort.code, Cohort.title, Cohort.curriculum_slug, Cohort.curriculum_version,
                    Cohort.region_code, Cohort.phase, Cohort.starts_on, Cohort.ends_on, Cohort.capacity,
                    Cohort.seated, Cohort.state, Cohort.applications_open,
                )
            ),
            col(College.name).label("college"),
            local_today().label("day"),
        )
        .join(College, col(College.id) == Cohort.college_id)
        .where(scoped(actor, college=Cohort.college_id, cohort=Cohort.id), is_listed)
    )  # fmt: skip


def matching(db: Session, words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that a cohort, or its college's name, contains each of the words."""
    if not words:
        return []
    keys = {college.id: search_key(college.name) for college in network.colleges(db)}
    return [
        col(Cohort.search_key).contains(word, autoescape=True)
        | col(Cohort.college_id).in_([id_ for id_, key in keys.items() if word in key])
        for word in words
    ]


def require_not_ended(cohort: Cohort | CohortRef) -> None:
    """Raise ``Conflict``, ``cohort_closed`` or ``cohort_archived``, when a cohort begins nothing new."""
    require_not_archived(cohort)
    if cohort.state is CohortState.CLOSED:
        raise Conflict("cohort_closed", Reason("cohort_closed"))


def require_not_archived(cohort: Cohort | CohortRef) -> None:
    """Raise ``Conflict("cohort_archived")`` when a cohort is only read."""
    refuse_archived(cohort.state)


def require_enrolment_not_archived(db: Session, enrolment_id: int) -> None:
    """Raise ``Conflict("cohort_archived")`` when the cohort of an enrolment is only read."""
    state = select(Cohort.state).join(Enrolment, col(Enrolment.cohort_id) == Cohort.id)
    refuse_archived(CohortState(db.exec(state.where(Enrolment.id == enrolment_id)).one()))


def refuse_archived(state: CohortState) -> None:
    """Raise ``Conflict("cohort_archived")`` for the state of a cohort that is only read."""
    if state is CohortState.ARCHIVED:
        raise Conflict("cohort_archived", Reason("cohort_archived"))


def set_applications(db: Session, cohort: CohortRef, *, is_open: bool) -> CohortRef:
    """Open or close a cohort to applications; a closed college takes none, nor does a cohort that has ended."""
    if is_open:
        require_open(db, cohort.college_id)
    row = db.get_one(Cohort, cohort.id, with_for_update={"key_share": True}, populate_existing=True)
    require_not_ended(row)
    row.applications_open = is_open
    db.add(row)
    db.flush()
    return CohortRef.model_validate(row)


def works_in_college(db: Session, college_id: int, person_id: int) -> bool:
    """Return whether a person holds one of the ``STAFF`` roles in a college."""
    staff_roles = select(RoleGrantRow.id).where(
        RoleGrantRow.person_id == person_id,
        RoleGrantRow.college_id == college_id,
        col(RoleGrantRow.role).in_(STAFF),
        col(RoleGrantRow.ended_at).is_(None),
    )
    return db.exec(staff_roles).first() is not None


def add_staff(db: Session, actor: Actor, cohort: CohortRef, command: StaffCommand) -> None:
    """Give a role in the cohort to a person who already holds one of the ``STAFF`` roles in the college."""
    require_not_archived(cohort)
    if not works_in_college(db, cohort.college_id, command.person_id):
        raise Invalid("invalid", Reason("unknown_person", field="person_id"))
    grant_role(
        db,
        command.person_id,
        Role(command.role),
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        granted_by=actor.person_id,
    )
