"""One's own account on pages: second factor, devices, password, API tokens; and the suspension of accounts.

What is shown once (recovery codes, a token) is the answer to its POST: there is nowhere to go and look at it again.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from app.identity.account import service, suspension
from app.identity.account.schemas import AccountsQuery, ChangePassword, PasswordProof
from app.identity.api_tokens import service as api_tokens
from app.identity.second_factor import service as second_factor
from app.identity.sign_in import devices
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import Invalid
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)
Mine = Annotated[Actor, may(P.ME_MANAGE)]
Suspending = Annotated[Actor, may(P.ACCOUNT_SUSPEND)]
MINE = "/securite"


# One's own account ------------------------------------------------------------------------------


@router.get(MINE)
def security_page(actor: Mine, db: SessionDep, request: Request) -> Response:
    """Password, second factor, devices and tokens."""
    return _security(db, request, actor)


def _security(db: Session, request: Request, actor: Actor, *, error: str = "", form: str = "") -> Response:
    settings: Settings = request.app.state.settings
    return render(
        request,
        "people/security.html",
        status=422 if error else 200,
        factor=second_factor.state(db, actor, settings),
        devices=devices.devices(db, actor, settings).items,
        tokens=api_tokens.tokens(db, actor).items,
        error=error,
        form=form,
    )


@router.post(MINE + "/mot-de-passe")
def change_password(
    actor: Mine, db: SessionDep, request: Request, command: Annotated[ChangePassword, Form()]
) -> Response:
    """Another password; the other devices sign in again."""
    try:
        service.change_password(db, request.app.state.keyring, actor, command)
    except Invalid as refusal:
        if refusal.code != "wrong_password":
            raise
        return _security(db, request, actor, error=refusal.code, form="password")
    return redirect_after_post(MINE)


@router.post(MINE + "/appareils/fin")
def end_other_devices(actor: Mine, db: SessionDep) -> Response:
    """Sign out everywhere else."""
    devices.end_other_devices(db, actor)
    return redirect_after_post(MINE + "#appareils")


@router.post(MINE + "/appareils/{sign_in_id}/fin")
def end_device(actor: Mine, db: SessionDep, sign_in_id: int) -> Response:
    """Sign out of one device."""
    devices.end_device(db, actor, sign_in_id)
    return redirect_after_post(MINE + "#appareils")


@router.post(MINE + "/second-facteur/codes")
def renew_codes(actor: Mine, db: SessionDep, request: Request, command: Annotated[PasswordProof, Form()]) -> Response:
    """Ten new recovery codes."""
    try:
        made = second_factor.renew_codes(db, request.app.state.keyring, actor, command)
    except Invalid as refusal:
        return _security(db, request, actor, error=refusal.code, form="codes")
    return render(request, "people/security_codes.html", codes=made.codes, suite=MINE)


@router.post(MINE + "/second-facteur/retrait")
def remove(actor: Mine, db: SessionDep, request: Request, command: Annotated[PasswordProof, Form()]) -> Response:
    """Back to a password alone."""
    state = request.app.state
    try:
        second_factor.remove(db, state.keyring, actor, command, state.settings)
    except Invalid as refusal:
        if refusal.code != "wrong_password":
            raise
        return _security(db, request, actor, error=refusal.code, form="removal")
    return redirect_after_post(MINE)


# Accounts, for an administrator -----------------------------------------------------------------


@router.get("/comptes")
def accounts_page(
    actor: Suspending, db: SessionDep, request: Request, query: Annotated[AccountsQuery, Query()]
) -> Response:
    """Who may sign in, found by name."""
    page = suspension.accounts(db, actor, query)
    return render(request, "people/security_accounts.html", rows=page.items, next=page.next, search=query.search)


@router.post("/comptes/{person_id}/suspension")
def suspend(actor: Suspending, db: SessionDep, person_id: int) -> Response:
    """Close someone's account at once."""
    suspension.suspend(db, actor, suspension.see_account(db, actor, person_id))
    return redirect_after_post("/comptes")


@router.post("/comptes/{person_id}/retablissement")
def restore(actor: Suspending, db: SessionDep, person_id: int) -> Response:
    """Open it again."""
    suspension.restore(db, suspension.see_account(db, actor, person_id))
    return redirect_after_post("/comptes")
