"""The pages of the second factor: verifying it at the sign-in, setting it up and replacing it.

Recovery codes are shown once, in the response to the POST that creates them: no page shows them again.
"""

from contextlib import suppress
from typing import Annotated
from urllib.parse import quote

import segno
from fastapi import Form, Request, Response

from app.identity.account.present_password import compared
from app.identity.second_factor import service
from app.identity.second_factor.rules import shown_secret
from app.identity.second_factor.schemas import Enrol, Enrolled, FirstCode, Proposal, SecondFactorCode
from app.identity.sign_in.proofs import NOT_COMPARED, PasswordCheck
from app.identity.sign_in.service import set_cookie
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import Invalid
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on, typed_values
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import SECOND_FACTOR, local_path, redirect_after_post, render

router = page_router()
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]
MayFinishSignIn = Annotated[Actor, may(P.SIGN_IN_FINISH)]
SECURITY_PATH = "/securite"
OWN_PATH = "/securite/second-facteur"
SIGN_IN_PATH = f"{SECOND_FACTOR}/inscription"


# At the sign-in ---------------------------------------------------------------------------------


@router.get(SECOND_FACTOR)
def second_factor_page(
    actor: MayFinishSignIn,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    suite: str = "/",
) -> Response:
    """Show the form for a code; a person who has no second factor yet sets one up here before anything else."""
    return_to = local_path(suite)
    if not actor.pending:
        return redirect_after_post(return_to)
    if service.second_factor_state(db, actor, settings).on:
        return render(request, "people/second_factor.html", suite=return_to)
    return _enrolment(request, _proposal(request, db, keyring, actor), SIGN_IN_PATH, return_to=return_to)


@router.post(SECOND_FACTOR, dependencies=[form_on(SECOND_FACTOR)])
def verify(
    actor: MayFinishSignIn,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    command: Annotated[SecondFactorCode, Form()],
    suite: str = "/",
) -> Response:
    """Verify a code, then go on signed in with a new cookie."""
    return_to = local_path(suite)
    signed_in = service.verify(db, keyring, actor, command, hours=settings.session_hours)
    response = redirect_after_post(return_to)
    set_cookie(response, settings, signed_in.token)
    return response


@router.post(SIGN_IN_PATH, dependencies=[form_on(SECOND_FACTOR)])
def enrol_at_sign_in(
    actor: MayFinishSignIn,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    command: Annotated[FirstCode, Form()],
    suite: str = "/",
) -> Response:
    """Set up the first second factor of a person whose role needs one."""
    enrolment = Enrol(proposal=command.proposal, code=command.code)
    enrolled = service.enrol(db, keyring, actor, enrolment, NOT_COMPARED, hours=settings.session_hours)
    return _codes(request, settings, enrolled, local_path(suite))


def _proposal(request: Request, db: Session, keyring: Keyring, actor: Actor) -> Proposal:
    """Return a second factor to set up: after a refusal the same one, already in the person's application."""
    sent = typed_values(request, "proposal")
    with suppress(Invalid):  # over since: a new one is proposed
        if sent:
            return service.propose_again(db, keyring, actor, sent[0])
    return service.propose(db, keyring, actor)


def _enrolment(request: Request, proposal: Proposal, path: str, *, return_to: str = "/") -> Response:
    """Render the form that sets up a second factor, with its secret as text and as a QR code."""
    # Dark on white whatever the page's colours: cameras need that contrast.
    qr = segno.make(proposal.uri, error="m", micro=False).svg_data_uri(scale=5, border=4, light="#fff", dark="#000")
    return render(
        request,
        "people/security_enrolment.html",
        qr=qr,
        secret=shown_secret(proposal.secret),
        proposal=proposal.proposal,
        action=f"{path}?suite={quote(return_to)}",
        at_sign_in=path != OWN_PATH,
    )


def _codes(request: Request, settings: Settings, enrolled: Enrolled, return_to: str) -> Response:
    """Show the recovery codes and give the browser its new cookie."""
    response = render(request, "people/security_codes.html", codes=enrolled.codes, suite=return_to)
    set_cookie(response, settings, enrolled.token)
    return response


# In one's own account ---------------------------------------------------------------------------


@router.get(OWN_PATH)
def enrolment_page(actor: MayManageSelf, db: SessionDep, keyring: KeyringDep, request: Request) -> Response:
    """Show the form that sets up a second factor, or replaces the present one."""
    return _enrolment(request, _proposal(request, db, keyring, actor), OWN_PATH, return_to=SECURITY_PATH)


@router.post(OWN_PATH, dependencies=[form_on(OWN_PATH)])
def enrol(
    check: Annotated[PasswordCheck, compared(Annotated[Enrol, Form()])],
    actor: MayManageSelf,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    command: Annotated[Enrol, Form()],
) -> Response:
    """Set up the second factor, given its first code and the password."""
    enrolled = service.enrol(db, keyring, actor, command, check, hours=settings.session_hours)
    return _codes(request, settings, enrolled, SECURITY_PATH)
