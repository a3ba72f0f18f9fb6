"""The pages of invitations: the college's list, and the page that the link of an invitation opens."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.identity.account.passwords import hash_of
from app.identity.invitations import answers, correction, service
from app.identity.invitations.rules import InvitationState
from app.identity.invitations.schemas import (
    AcceptInvitation,
    CorrectedAddress,
    InvitationRef,
    InvitationsQuery,
    NewInvitation,
)
from app.identity.invitations.service import see_invitation
from app.identity.sign_in import service as sign_in
from app.identity.sign_in.authentication import needs_second_factor
from app.identity.sign_in.enums import SignInKind
from app.network import service as network
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.errors import Conflict
from app.platform.security.actor import Actor, RoleGrant
from app.platform.security.guards import OptionalActor, may, seen
from app.platform.security.hashing_lane import in_lane
from app.platform.security.permissions import P, Role
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
MayManagePeople = Annotated[Actor, may(P.PEOPLE_MANAGE)]
ManagedCollege = Annotated[CollegeShown, seen(see_college, P.PEOPLE_MANAGE)]
ManagedInvitation = Annotated[InvitationRef, seen(see_invitation, P.PEOPLE_MANAGE)]

PRIVATE_HEADERS = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""Headers of a page whose address holds a secret: no indexing, no referrer."""


# For the college ---------------------------------------------------------------------------------


@router.get("/invitations")
def choose_college(actor: MayManagePeople, db: SessionDep, request: Request) -> Response:
    """Show the colleges that the person may invite to; with a single one, redirect to its page."""
    everywhere = actor.has(Role.ADMIN)
    own = {grant.college_id for grant in actor.grants if grant.role is Role.REGISTRAR}
    colleges = [c for c in network.colleges(db) if everywhere or c.id in own]
    if len(colleges) == 1:
        return redirect_after_post(f"/colleges/{colleges[0].id}/invitations")
    return render(request, "people/invitations_colleges.html", colleges=colleges)


@router.get("/colleges/{college_id}/invitations", dependencies=[keyed_page()])
def invitations_page(
    actor: MayManagePeople,
    college: ManagedCollege,
    db: SessionDep,
    request: Request,
    query: Annotated[InvitationsQuery, Query()],
) -> Response:
    """Show the invitations with their states, and the form of a new one."""
    return render(
        request,
        "people/invitations.html",
        college=college,
        invitations=ListView(
            f"/colleges/{college.id}/invitations", query, service.list_invitations(db, college, query)
        ),
        states=tuple(InvitationState),
        roles=[role for role in Role if role in service.grantable_roles(actor, college.id)],
        cohorts=service.cohorts_to_train(db, college),
    )


@router.post(
    "/colleges/{college_id}/invitations", dependencies=[form_on("/colleges/{college_id}/invitations", creates=True)]
)
def invite(
    actor: MayManagePeople,
    college: ManagedCollege,
    db: SessionDep,
    settings: SettingsDep,
    command: Annotated[NewInvitation, Form()],
) -> Response:
    """Invite someone, then show the list again."""
    service.invite(db, actor, college, command, site=settings.base_url)
    return redirect_after_post(f"/colleges/{college.id}/invitations")


@router.get("/colleges/{college_id}/invitations/{invitation_id}")
def invitation_sent_page(
    actor: MayManagePeople, college: ManagedCollege, invitation: ManagedInvitation, db: SessionDep, request: Request
) -> Response:
    """Show an invitation, where its letter stands, and the form that corrects its address."""
    return render(
        request,
        "people/invitation_sent.html",
        college=college,
        invitation=service.load_invitation(db, invitation),
        roles=service.grantable_roles(actor, college.id),
    )


@router.post(
    "/colleges/{college_id}/invitations/{invitation_id}/adresse",
    dependencies=[form_on("/colleges/{college_id}/invitations/{invitation_id}")],
)
def correct_address(
    actor: MayManagePeople,
    invitation: ManagedInvitation,
    db: SessionDep,
    settings: SettingsDep,
    command: Annotated[CorrectedAddress, Form()],
) -> Response:
    """Send the invitation to another address, then show it again."""
    correction.correct_address(db, actor, invitation, command, site=settings.base_url)
    return redirect_after_post(f"/colleges/{invitation.college_id}/invitations/{invitation.id}")


@router.post(
    "/colleges/{college_id}/invitations/{invitation_id}/retrait",
    dependencies=[form_on("/colleges/{college_id}/invitations")],
)
def withdraw(actor: MayManagePeople, invitation: ManagedInvitation, db: SessionDep) -> Response:
    """Withdraw an invitation: its link is refused from now on."""
    service.withdraw(db, actor, invitation)
    return redirect_after_post(f"/colleges/{invitation.college_id}/invitations")


@router.post(
    "/colleges/{college_id}/invitations/{invitation_id}/renvoi",
    dependencies=[form_on("/colleges/{college_id}/invitations")],
)
def send_again(
    actor: MayManagePeople, invitation: ManagedInvitation, db: SessionDep, settings: SettingsDep
) -> Response:
    """Send the invitation again with a new link."""
    service.send_again(db, actor, invitation, site=settings.base_url)
    return redirect_after_post(f"/colleges/{invitation.college_id}/invitations")


# For the person invited --------------------------------------------------------------------------


@router.get("/invitation/{token}", dependencies=[slowed(RateLimitScope.INVITATION)])
def invitation_page(
    reader: OptionalActor, db: SessionDep, *, settings: SettingsDep, keyring: KeyringDep, request: Request, token: str
) -> Response:
    """Show the invitation and what to do next; opening the page does not use the link up."""
    offer = answers.read_invitation(db, keyring, reader, token, origin=origin_of(request))
    page = render(
        request,
        "people/invitation.html",
        offer=offer,
        needs_factor=needs_second_factor((RoleGrant(o.role) for o in offer.offers if o.role is not None), settings),
        address=f"/invitation/{token}",
    )
    page.headers.update(PRIVATE_HEADERS)
    return page


@router.post("/invitation/{token}", dependencies=[slowed(RateLimitScope.INVITATION), form_on("/invitation/{token}")])
def open_account(
    new_hash: Annotated[str, in_lane(Annotated[AcceptInvitation, Form()], hash_of)],
    reader: OptionalActor,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    token: str,
    command: Annotated[AcceptInvitation, Form()],
) -> Response:
    """Open the account and sign in at once; the link works only once."""
    origin = origin_of(request)
    if reader is not None:
        raise Conflict("invitation_of_another")
    account_id = answers.open_account(db, keyring, token, command, new_hash, origin=origin)
    sign_in.end_current_sign_in(db, request)
    secret, _expires_at = sign_in.create_sign_in(
        db,
        account_id,
        kind=SignInKind.COOKIE,
        hours=settings.session_hours,
        user_agent=request.headers.get("user-agent", ""),
        origin=origin,
    )
    response = redirect_after_post("/")
    sign_in.set_cookie(response, settings, secret)
    return response


@router.post(
    "/invitation/{token}/acceptation", dependencies=[slowed(RateLimitScope.INVITATION), form_on("/invitation/{token}")]
)
def accept(
    actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, keyring: KeyringDep, request: Request, token: str
) -> Response:
    """Add the role to the account that the invitation was sent to."""
    answers.accept(db, keyring, actor, token, origin=origin_of(request))
    return redirect_after_post("/")
