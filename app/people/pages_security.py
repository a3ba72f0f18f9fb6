"""One's own account on pages: second factor, devices, password, API tokens; and the suspension of accounts.

What is shown once (recovery codes, a token) is the answer to its POST: there is nowhere to go and look at it again.
"""

from typing import Annotated
from urllib.parse import quote

import segno
from fastapi import APIRouter, Form, Query, Request, Response

from app.access import Actor, P, may
from app.config import Settings
from app.db import Session, SessionDep
from app.errors import Invalid
from app.people import service_second_factor, service_security, service_suspension, service_tokens
from app.people.rules_security import shown_secret
from app.people.schemas_security import (
    AccountsQuery,
    ChangePassword,
    Enrol,
    Enrolled,
    FirstCode,
    NewToken,
    PasswordProof,
    Proposal,
    SecondFactorCode,
)
from app.people.service_sign_in import give_cookie
from app.web import SECOND_FACTOR, local_path, render, see_other

router = APIRouter(include_in_schema=False)
Mine = Annotated[Actor, may(P.ME_MANAGE)]
Finishing = Annotated[Actor, may(P.SIGN_IN_FINISH)]
Suspending = Annotated[Actor, may(P.ACCOUNT_SUSPEND)]
MINE = "/securite"


# The second factor, at the sign-in --------------------------------------------------------------


@router.get(SECOND_FACTOR)
def second_factor_page(actor: Finishing, session: SessionDep, request: Request, suite: str = "/") -> Response:
    """A code is asked; whoever has no second factor yet takes one here, and can do nothing else before."""
    if not actor.pending:
        return see_other(local_path(suite))
    state = request.app.state
    if service_second_factor.state(session, actor, state.settings).on:
        return render(request, "people/second_factor.html", suite=local_path(suite), error="")
    proposal = service_second_factor.propose(session, state.keyring, actor)
    return _enrolment(request, proposal, f"{SECOND_FACTOR}/inscription", suite=local_path(suite))


@router.post(SECOND_FACTOR)
def finish(
    actor: Finishing,
    session: SessionDep,
    request: Request,
    command: Annotated[SecondFactorCode, Form()],
    suite: str = "/",
) -> Response:
    """Go on signed in, under a new cookie."""
    settings: Settings = request.app.state.settings
    ring = request.app.state.keyring
    try:
        done = service_second_factor.finish(session, ring, actor, command, hours=settings.session_hours)
    except Invalid as refusal:
        values = {"suite": local_path(suite), "error": refusal.code}
        return render(request, "people/second_factor.html", status=refusal.status, **values)
    response = see_other(local_path(suite))
    give_cookie(response, settings, done.token)
    return response


@router.post(SECOND_FACTOR + "/inscription")
def enrol_at_sign_in(
    actor: Finishing, session: SessionDep, request: Request, command: Annotated[FirstCode, Form()], suite: str = "/"
) -> Response:
    """The first second factor of someone whose role needs one."""
    asked = Enrol(proposal=command.proposal, code=command.code)
    here = f"{SECOND_FACTOR}/inscription"
    return _enrol(session, request, actor, asked, here=here, suite=local_path(suite))


def _enrol(session: Session, request: Request, actor: Actor, asked: Enrol, *, here: str, suite: str) -> Response:
    settings: Settings = request.app.state.settings
    ring = request.app.state.keyring
    try:
        done = service_second_factor.enrol(session, ring, actor, asked, hours=settings.session_hours)
    except Invalid as refusal:
        if refusal.code == "proposal_over":
            raise
        proposal = service_second_factor.propose_again(session, ring, actor, asked.proposal)
        return _enrolment(request, proposal, here, suite=suite, error=refusal.code, status=refusal.status)
    return _codes(request, done, suite)


def _enrolment(
    request: Request, proposal: Proposal, here: str, *, suite: str = "/", error: str = "", status: int = 200
) -> Response:
    # Dark on white whatever the page's colours: that is what cameras read.
    qr = segno.make(proposal.uri, error="m", micro=False).svg_data_uri(scale=5, border=4, light="#fff", dark="#000")
    return render(
        request,
        "people/security_enrolment.html",
        status=status,
        qr=qr,
        secret=shown_secret(proposal.secret),
        proposal=proposal.proposal,
        action=f"{here}?suite={quote(suite)}",
        at_sign_in=here != f"{MINE}/second-facteur",
        error=error,
    )


def _codes(request: Request, done: Enrolled, suite: str) -> Response:
    response = render(request, "people/security_codes.html", codes=done.codes, suite=suite)
    give_cookie(response, request.app.state.settings, done.token)
    return response


# One's own account ------------------------------------------------------------------------------


@router.get(MINE)
def security_page(actor: Mine, session: SessionDep, request: Request) -> Response:
    """Password, second factor, devices and tokens."""
    return _security(session, request, actor)


def _security(session: Session, request: Request, actor: Actor, *, error: str = "", form: str = "") -> Response:
    settings: Settings = request.app.state.settings
    return render(
        request,
        "people/security.html",
        status=422 if error else 200,
        factor=service_second_factor.state(session, actor, settings),
        devices=service_security.devices(session, actor, settings).items,
        tokens=service_tokens.tokens(session, actor).items,
        error=error,
        form=form,
    )


@router.post(MINE + "/mot-de-passe")
def change_password(
    actor: Mine, session: SessionDep, request: Request, command: Annotated[ChangePassword, Form()]
) -> Response:
    """Another password; the other devices sign in again."""
    try:
        service_security.change_password(session, request.app.state.keyring, actor, command)
    except Invalid as refusal:
        if refusal.code != "wrong_password":
            raise
        return _security(session, request, actor, error=refusal.code, form="password")
    return see_other(MINE)


@router.post(MINE + "/appareils/fin")
def end_other_devices(actor: Mine, session: SessionDep) -> Response:
    """Sign out everywhere else."""
    service_security.end_other_devices(session, actor)
    return see_other(MINE + "#appareils")


@router.post(MINE + "/appareils/{sign_in_id}/fin")
def end_device(actor: Mine, session: SessionDep, sign_in_id: int) -> Response:
    """Sign out of one device."""
    service_security.end_device(session, actor, sign_in_id)
    return see_other(MINE + "#appareils")


@router.get(MINE + "/second-facteur")
def enrolment_page(actor: Mine, session: SessionDep, request: Request) -> Response:
    """A second factor to take, or another in place of the one there is."""
    proposal = service_second_factor.propose(session, request.app.state.keyring, actor)
    return _enrolment(request, proposal, f"{MINE}/second-facteur", suite=MINE)


@router.post(MINE + "/second-facteur")
def enrol(actor: Mine, session: SessionDep, request: Request, command: Annotated[Enrol, Form()]) -> Response:
    """Proven by its first code and the password."""
    return _enrol(session, request, actor, command, here=f"{MINE}/second-facteur", suite=MINE)


@router.post(MINE + "/second-facteur/codes")
def renew_codes(
    actor: Mine, session: SessionDep, request: Request, command: Annotated[PasswordProof, Form()]
) -> Response:
    """Ten new recovery codes."""
    try:
        made = service_second_factor.renew_codes(session, request.app.state.keyring, actor, command)
    except Invalid as refusal:
        return _security(session, request, actor, error=refusal.code, form="codes")
    return render(request, "people/security_codes.html", codes=made.codes, suite=MINE)


@router.post(MINE + "/second-facteur/retrait")
def remove(actor: Mine, session: SessionDep, request: Request, command: Annotated[PasswordProof, Form()]) -> Response:
    """Back to a password alone."""
    state = request.app.state
    try:
        service_second_factor.remove(session, state.keyring, actor, command, state.settings)
    except Invalid as refusal:
        if refusal.code != "wrong_password":
            raise
        return _security(session, request, actor, error=refusal.code, form="removal")
    return see_other(MINE)


# API tokens -------------------------------------------------------------------------------------


@router.get(MINE + "/jetons")
def token_page(actor: Mine, request: Request) -> Response:
    """The form of a new token."""
    return render(request, "people/security_token.html", grantable=service_tokens.grantable(actor), made=None)


@router.post(MINE + "/jetons")
def make_token(actor: Mine, session: SessionDep, request: Request, command: Annotated[NewToken, Form()]) -> Response:
    """The new token, shown once."""
    made = service_tokens.make(session, actor, command)
    return render(request, "people/security_token.html", grantable=(), made=made)


@router.post(MINE + "/jetons/{token_id}/fin")
def end_token(actor: Mine, session: SessionDep, token_id: int) -> Response:
    """The token opens nothing from now on."""
    service_tokens.end(session, actor, token_id)
    return see_other(MINE + "#jetons")


# Accounts, for an administrator -----------------------------------------------------------------


@router.get("/comptes")
def accounts_page(
    actor: Suspending, session: SessionDep, request: Request, query: Annotated[AccountsQuery, Query()]
) -> Response:
    """Who may sign in, found by name."""
    page = service_suspension.accounts(session, actor, query)
    return render(request, "people/security_accounts.html", rows=page.items, next=page.next, search=query.search)


@router.post("/comptes/{person_id}/suspension")
def suspend(actor: Suspending, session: SessionDep, person_id: int) -> Response:
    """Close someone's account at once."""
    service_suspension.suspend(session, actor, service_suspension.see_account(session, actor, person_id))
    return see_other("/comptes")


@router.post("/comptes/{person_id}/retablissement")
def restore(actor: Suspending, session: SessionDep, person_id: int) -> Response:
    """Open it again."""
    service_suspension.restore(session, service_suspension.see_account(session, actor, person_id))
    return see_other("/comptes")
