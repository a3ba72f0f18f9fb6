"""Who may do what: permissions, grants per role *at a distance*, the actor, and the guard of every route.

This screen is the whole truth. A route names exactly one permission (or says ``Public``); a service
sees rows through :func:`scoped`, which turns the actor's grants for that permission into a ``WHERE``.
No feature is imported here: ``main.py`` tells the guard how to recognise a person.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.params import Depends as DependsParam
from sqlalchemy import ColumnElement, and_, false, or_, true

from app.db import Acting, Session, SessionDep, act_for
from app.errors import Forbidden, Unauthenticated


class Role(StrEnum):
    """What a person may be, in a college, a cohort or a codevelopment group."""

    PARTICIPANT = "participant"
    TRAINER = "trainer"
    FACILITATOR = "facilitator"
    COORDINATOR = "coordinator"
    REGISTRAR = "registrar"
    OBSERVER = "observer"
    ADMIN = "admin"


class Reach(StrEnum):
    """How far a grant goes from the person who holds it."""

    SELF = "self"
    GROUP = "group"
    COHORT = "cohort"
    COLLEGE = "college"
    PROJECT = "project"
    PLATFORM = "platform"


class Permission(StrEnum):
    """``noun:verb``; one per kind of door."""

    ME_READ = "me:read"
    ME_MANAGE = "me:manage"
    SIGN_IN_FINISH = "sign-in:finish"
    NETWORK_READ = "network:read"
    NETWORK_MANAGE = "network:manage"
    PEOPLE_READ = "people:read"
    PEOPLE_MANAGE = "people:manage"
    ACCOUNT_SUSPEND = "account:suspend"
    PERSON_RENAME = "person:rename"
    CURRICULUM_READ = "curriculum:read"
    COHORT_READ = "cohort:read"
    COHORT_MANAGE = "cohort:manage"
    COHORT_APPLY = "cohort:apply"
    ENROLMENT_READ = "enrolment:read"
    ENROLMENT_MANAGE = "enrolment:manage"
    SESSION_READ = "session:read"
    SESSION_MANAGE = "session:manage"
    ROLLCALL_RECORD = "rollcall:record"
    PROGRESS_READ = "progress:read"
    ACTIVITY_DO = "activity:do"
    EVIDENCE_READ = "evidence:read"
    HOURS_COUNTERSIGN = "hours:countersign"
    ENTERPRISE_READ = "enterprise:read"
    ENTERPRISE_MANAGE = "enterprise:manage"
    MANDATE_READ = "mandate:read"
    MANDATE_MANAGE = "mandate:manage"
    CODEV_READ = "codev:read"
    CODEV_MANAGE = "codev:manage"
    CODEV_RECORD = "codev:record"
    JUDGEMENT_READ = "judgement:read"
    JUDGEMENT_MAKE = "judgement:make"
    CERTIFICATE_READ = "certificate:read"
    CERTIFICATE_ISSUE = "certificate:issue"
    CERTIFICATE_CORRECT = "certificate:correct"
    CERTIFICATE_ANSWER = "certificate:answer"
    REPORT_COHORT = "report:cohort"
    REPORT_COLLEGE = "report:college"
    INDICATOR_READ = "indicator:read"


P, R = Permission, Reach

EVERYONE: dict[Permission, Reach] = {
    P.ME_READ: R.SELF,
    P.ME_MANAGE: R.SELF,
    P.SIGN_IN_FINISH: R.SELF,
    P.NETWORK_READ: R.PLATFORM,
    P.CURRICULUM_READ: R.PLATFORM,
    P.COHORT_APPLY: R.PLATFORM,
}
"""What whoever is signed in may do, with no role at all."""

GRANTS: dict[Role, dict[Permission, Reach]] = {
    Role.PARTICIPANT: {
        P.COHORT_READ: R.COHORT,
        P.SESSION_READ: R.COHORT,
        P.ENROLMENT_READ: R.SELF,
        P.PROGRESS_READ: R.SELF,
        P.ACTIVITY_DO: R.SELF,
        P.EVIDENCE_READ: R.SELF,
        P.JUDGEMENT_READ: R.SELF,
        P.CERTIFICATE_READ: R.SELF,
        P.CERTIFICATE_ANSWER: R.SELF,
        P.MANDATE_READ: R.SELF,
        P.MANDATE_MANAGE: R.SELF,
        P.ENTERPRISE_READ: R.SELF,
        P.CODEV_READ: R.GROUP,
    },
    Role.TRAINER: {
        P.COHORT_READ: R.COHORT,
        P.SESSION_READ: R.COHORT,
        P.ENROLMENT_READ: R.COHORT,
        P.PROGRESS_READ: R.COHORT,
        P.EVIDENCE_READ: R.COHORT,
        P.ROLLCALL_RECORD: R.COHORT,
        P.JUDGEMENT_READ: R.COHORT,
        P.JUDGEMENT_MAKE: R.COHORT,
        P.MANDATE_READ: R.COHORT,
        P.REPORT_COHORT: R.COHORT,
    },
    Role.FACILITATOR: {
        P.COHORT_READ: R.COHORT,
        P.CODEV_READ: R.GROUP,
        P.CODEV_RECORD: R.GROUP,
    },
    Role.COORDINATOR: {
        P.PEOPLE_READ: R.COLLEGE,
        P.COHORT_READ: R.COLLEGE,
        P.COHORT_MANAGE: R.COLLEGE,
        P.ENROLMENT_READ: R.COLLEGE,
        P.ENROLMENT_MANAGE: R.COLLEGE,
        P.SESSION_READ: R.COLLEGE,
        P.SESSION_MANAGE: R.COLLEGE,
        P.ROLLCALL_RECORD: R.COLLEGE,
        P.PROGRESS_READ: R.COLLEGE,
        P.EVIDENCE_READ: R.COLLEGE,
        P.HOURS_COUNTERSIGN: R.COLLEGE,
        P.ENTERPRISE_READ: R.COLLEGE,
        P.ENTERPRISE_MANAGE: R.COLLEGE,
        P.MANDATE_READ: R.COLLEGE,
        P.MANDATE_MANAGE: R.COLLEGE,
        P.CODEV_READ: R.COLLEGE,
        P.CODEV_MANAGE: R.COLLEGE,
        P.JUDGEMENT_READ: R.COLLEGE,
        P.CERTIFICATE_READ: R.COLLEGE,
        P.REPORT_COHORT: R.COLLEGE,
        P.REPORT_COLLEGE: R.COLLEGE,
    },
    Role.REGISTRAR: {
        P.PEOPLE_READ: R.COLLEGE,
        P.PEOPLE_MANAGE: R.COLLEGE,
        P.PERSON_RENAME: R.COLLEGE,
        P.COHORT_READ: R.COLLEGE,
        P.ENROLMENT_READ: R.COLLEGE,
        P.SESSION_READ: R.COLLEGE,
        P.PROGRESS_READ: R.COLLEGE,
        P.JUDGEMENT_READ: R.COLLEGE,
        P.CERTIFICATE_READ: R.COLLEGE,
        P.CERTIFICATE_ISSUE: R.COLLEGE,
        P.CERTIFICATE_CORRECT: R.COLLEGE,
        P.REPORT_COHORT: R.COLLEGE,
        P.REPORT_COLLEGE: R.COLLEGE,
    },
    Role.OBSERVER: {
        P.INDICATOR_READ: R.PROJECT,
    },
    Role.ADMIN: {
        P.NETWORK_MANAGE: R.PLATFORM,
        P.PEOPLE_READ: R.PLATFORM,
        P.PEOPLE_MANAGE: R.PLATFORM,
        P.ACCOUNT_SUSPEND: R.PLATFORM,
        P.COHORT_READ: R.PLATFORM,
    },
}


TWO_FACTORS = frozenset({Role.REGISTRAR, Role.ADMIN})
"""Roles that nobody holds on a password alone."""

PERSONAL = frozenset({P.ME_MANAGE, P.SIGN_IN_FINISH})
"""What no API token does: its person's own account is for the person alone."""


@dataclass(frozen=True, slots=True)
class Held:
    """A role someone holds, and where."""

    role: Role
    college_id: int | None = None
    cohort_id: int | None = None
    group_id: int | None = None
    project_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, with the roles they hold and the permission that the route names.

    ``colleges`` are those whose rows the person's transactions may touch at all: where they hold a
    role, or every one for an administrator. ``pending``: the password is proven, the second factor not
    yet. ``scope`` narrows what an API token may do; ``None`` is everything its person may.
    """

    person_id: int
    name: str
    held: frozenset[Held] = frozenset()
    colleges: frozenset[int] = frozenset()
    permission: Permission | None = None
    sign_in_id: int | None = None
    token_id: int | None = None
    pending: bool = False
    scope: frozenset[Permission] | None = None

    def using(self, permission: Permission) -> "Actor":
        """The same person at another door."""
        return replace(self, permission=permission)

    def can(self, permission: Permission) -> bool:
        """Whether any role holds the permission, at whatever distance (for menus and guards)."""
        if self.scope is not None and permission not in self.scope:
            return False
        if self.pending and permission is not P.SIGN_IN_FINISH:
            return False
        return permission in EVERYONE or any(permission in GRANTS[h.role] for h in self.held)

    def has(self, role: Role) -> bool:
        """Whether the person holds a role anywhere."""
        return any(h.role is role for h in self.held)


def scoped(
    actor: Actor,
    *,
    college: ColumnElement[Any] | Any = None,  # noqa: ANN401 - a mapped attribute is a column to SQLAlchemy only
    cohort: ColumnElement[Any] | Any = None,  # noqa: ANN401
    group: ColumnElement[Any] | Any = None,  # noqa: ANN401
    person: ColumnElement[Any] | Any = None,  # noqa: ANN401
    project: ColumnElement[Any] | Any = None,  # noqa: ANN401
) -> ColumnElement[bool]:
    """The rows that the actor's grants for the route's permission reach: the one way to select.

    Pass the row's columns; a reach whose column is not given reaches nothing.
    """
    if actor.permission is None:
        raise RuntimeError("no permission in force: the route's guard gives it")
    if actor.scope is not None and actor.permission not in actor.scope:
        return false()  # a page may look at more than its route's permission; a token's scope holds there too
    if EVERYONE.get(actor.permission) is R.PLATFORM:
        return true()
    columns = {
        R.COLLEGE: (college, "college_id"),
        R.COHORT: (cohort, "cohort_id"),
        R.GROUP: (group, "group_id"),
        R.PROJECT: (project, "project_id"),
    }
    clauses: list[ColumnElement[bool]] = []
    for held in actor.held:
        reach = GRANTS[held.role].get(actor.permission)
        if reach is R.PLATFORM:
            return true()
        if reach is R.SELF and person is not None:
            # In the role's college: a role in one opens nothing of one's past in another.
            there = true() if college is None or held.college_id is None else college == held.college_id
            clauses.append(and_(person == actor.person_id, there))
        elif reach in columns:
            column, name = columns[reach]
            value = getattr(held, name)
            if column is not None and value is not None:
                clauses.append(column == value)
    return or_(false(), *clauses)


Identify = Callable[[Session, Request], Actor | None]


class Allowed:
    """The guard of a route: someone signed in whose roles hold the permission."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, request: Request, session: SessionDep) -> Actor:
        """The actor, with the permission in force and the transaction limited to their colleges."""
        actor = identify(session, request, self.permission)
        if actor is None:
            raise Unauthenticated
        request.state.actor = actor
        if not actor.can(self.permission):
            raise Forbidden("second_factor_required" if actor.pending else None)
        claim = getattr(request.state, "claim", None)
        if claim is not None and self.permission is not P.SIGN_IN_FINISH:  # a proof of sign-in is never given twice
            claim.take(session, actor)
        return actor.using(self.permission)


class Public:
    """Says that a route is open to anyone; the reader is known when signed in."""

    def __call__(self, request: Request, session: SessionDep) -> Actor | None:
        """The actor when there is one, wholly signed in."""
        actor = identify(session, request)
        request.state.pending = actor is not None and actor.pending
        request.state.actor = None if actor is None or actor.pending else actor
        return request.state.actor  # type: ignore[no-any-return]


def identify(session: Session, request: Request, permission: Permission | None = None) -> Actor | None:
    """Recognise the person, limit the transaction to their colleges, and say for the record who acts, where, whence."""
    recognise: Identify = request.app.state.identify
    actor = recognise(session, request)
    if actor is not None:
        act_for(session, colleges=actor.colleges, person=actor.person_id)
    session.acting = Acting(
        origin=request.client.host[:45] if request.client is not None else "",
        person_id=actor.person_id if actor is not None else None,
        sign_in_id=actor.sign_in_id if actor is not None else None,
        token_id=actor.token_id if actor is not None else None,
        permission=permission or "",
    )
    request.state.acting = session.acting
    return actor


def may(permission: Permission) -> DependsParam:
    """``actor: Annotated[Actor, may(P.COHORT_READ)]``."""
    dependency: DependsParam = Depends(Allowed(permission))
    return dependency


Anyone = Annotated[Actor | None, Depends(Public())]


class Unasked(Public):
    """Open to anyone, without asking the database who it is: for what must answer when the database is away."""

    def __call__(self) -> None:  # type: ignore[override]
        """Nothing to know."""


Whoever = Annotated[None, Depends(Unasked())]
