"""The guards of routes: each route requires exactly one permission, or is public.

A request is authenticated by the function that ``main.py`` sets on the application, so that no feature is imported.
"""

from collections.abc import Callable
from functools import cache
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.params import Depends as DependsParam

from app.platform.database.session import ActorContext, Session, set_actor
from app.platform.errors import Conflict, Forbidden, Unauthenticated
from app.platform.security.actor import Actor
from app.platform.security.duties import NOT_ON_ONESELF, AboutPeople, AboutPerson, own_case
from app.platform.security.permissions import P, Permission
from app.platform.web.deps import SessionDep, authentication_of

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""The methods that write."""


class PermissionGuard:
    """The guard of a route: someone signed in whose roles hold the permission."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, request: Request, db: SessionDep) -> Actor:
        """Return the actor with the permission in force, the transaction limited to their colleges."""
        actor = bind_actor(db, request, self.permission)
        if actor is None:
            raise Unauthenticated
        request.state.actor = actor
        if not actor.can(self.permission):
            raise Forbidden("second_factor_required" if actor.pending else None)
        made_for = getattr(request.state, "form_person", None)
        if made_for is not None and made_for != actor.person_id:  # two people share a browser
            raise Conflict("form_of_another")
        claim = getattr(request.state, "claim", None)
        if claim is not None and self.permission is not P.SIGN_IN_FINISH:  # a sign-in's token is never replayed
            claim.acquire(db, actor)
        return actor.using(self.permission)


class PublicGuard:
    """The guard of a public route: anyone passes; the actor is loaded when someone is signed in."""

    def __call__(self, request: Request, db: SessionDep) -> Actor | None:
        """Return the actor when someone is signed in, second factor included."""
        actor = bind_actor(db, request)
        request.state.pending = actor is not None and actor.pending
        request.state.actor = None if actor is None or actor.pending else actor
        return request.state.actor  # type: ignore[no-any-return]


class NoActorGuard(PublicGuard):
    """The guard of a public route that must respond when the database is down: nobody is authenticated."""

    def __call__(self) -> None:  # type: ignore[override]
        """Return nothing."""


class SeenGuard:
    """The guard that loads the object of a path through its ``see_…`` function, within reach of the actor."""

    def __init__(self, see: Callable[..., Any], permission: Permission) -> None:
        self.see, self.permission = see, permission
        path = list(signature(see).parameters.values())[2:]
        self.__signature__ = Signature(
            [
                Parameter("request", Parameter.KEYWORD_ONLY, annotation=Request),
                Parameter("db", Parameter.KEYWORD_ONLY, annotation=SessionDep),
                Parameter("actor", Parameter.KEYWORD_ONLY, annotation=Annotated[Actor, may(permission)]),
                *(Parameter(p.name, Parameter.KEYWORD_ONLY, annotation=p.annotation) for p in path),
            ]
        )

    def __call__(self, *, request: Request, db: Session, actor: Actor, **path: object) -> Any:  # noqa: ANN401 - what ``see`` returns
        """Return the object; raise ``NotFound`` when it is missing or out of reach.

        Raise ``Forbidden("own_case")`` when a write would use a permission of ``NOT_ON_ONESELF`` on its own actor.
        """
        seen_object = self.see(db, actor, **path)
        if request.method in UNSAFE and self.permission in NOT_ON_ONESELF:
            refuse_own_case(actor, seen_object)
        return seen_object


def refuse_own_case(actor: Actor, seen_object: object) -> None:
    """Raise ``Forbidden("own_case")`` when the object is about the actor."""
    is_own = isinstance(seen_object, AboutPerson) and seen_object.person_id == actor.person_id
    if is_own or (isinstance(seen_object, AboutPeople) and actor.person_id in seen_object.people):
        raise own_case()


@cache
def may(permission: Permission) -> DependsParam:
    """Return the guard of a permission: ``actor: Annotated[Actor, may(P.COHORT_READ)]``."""
    dependency: DependsParam = Depends(PermissionGuard(permission))
    return dependency


def seen(see: Callable[..., Any], permission: Permission) -> DependsParam:
    """Return the guard that loads an object: ``cohort: Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]``.

    The path names the object by the parameters of ``see`` after the database session and the actor: ``cohort_id``,
    or ``college_id`` and ``person_id``. A route that also asks for its actor with the same permission is guarded once.
    """
    dependency: DependsParam = Depends(SeenGuard(see, permission))
    return dependency


def public() -> DependsParam:
    """Return the guard of a public route."""
    dependency: DependsParam = Depends(PublicGuard())
    return dependency


OptionalActor = Annotated[Actor | None, public()]
NoActor = Annotated[None, Depends(NoActorGuard())]


def bind_actor(db: Session, request: Request, permission: Permission | None = None) -> Actor | None:
    """Authenticate the request; limit the transaction to the actor's colleges, and set its context for the record."""
    actor = authentication_of(request).actor(db, request)
    set_actor(
        db,
        colleges=actor.colleges if actor is not None else (),
        person=actor.person_id if actor is not None else None,
    )
    db.actor_context = ActorContext(
        origin=request.client.host[:45] if request.client is not None else "",
        person_id=actor.person_id if actor is not None else None,
        sign_in_id=actor.sign_in_id if actor is not None else None,
        token_id=actor.token_id if actor is not None else None,
        permission=permission or "",
    )
    request.state.actor_context = db.actor_context
    return actor
