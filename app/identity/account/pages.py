"""The pages of one's own account (password, second factor, devices, API tokens), and of the suspension of accounts.

What is shown once (recovery codes, a token) is the response to its POST: no page shows it again.
"""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.identity.account import service, suspension
from app.identity.account.present_password import PasswordChange, changed, compared
from app.identity.account.schemas import AccountListQuery, AccountRef, ChangePassword, PasswordProof
from app.identity.account.suspension import see_account
from app.identity.address_change.service import read_address
from app.identity.api_tokens import service as api_tokens
from app.identity.second_factor import service as second_factor
from app.identity.sign_in import devices
from app.identity.sign_in.proofs import PasswordCheck
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]
MaySuspendAccounts = Annotated[Actor, may(P.ACCOUNT_SUSPEND)]
SuspendableAccount = Annotated[AccountRef, seen(see_account, P.ACCOUNT_SUSPEND)]
PATH = "/securite"
CheckOfProof = Annotated[PasswordCheck, compared(Annotated[PasswordProof, Form()])]


# One's own account ------------------------------------------------------------------------------


@router.get(PATH)
def security_page(actor: MayManageSelf, db: SessionDep, settings: SettingsDep, request: Request) -> Response:
    """Show the password form, the second factor, the devices and the API tokens."""
    return render(
        request,
        "people/security.html",
        address=read_address(db, actor),
        factor=second_factor.second_factor_state(db, actor, settings),
        devices=devices.devices(db, actor, settings).items,
        tokens=api_tokens.tokens(db, actor).items,
    )


@router.post(PATH + "/mot-de-passe", dependencies=[form_on(PATH)])
def change_password(
    change: Annotated[PasswordChange, changed(Annotated[ChangePassword, Form()])],
    actor: MayManageSelf,
    db: SessionDep,
    keyring: KeyringDep,
    command: Annotated[ChangePassword, Form()],
) -> Response:
    """Change the password; the other devices must sign in again."""
    service.change_password(db, keyring, actor, command, change)
    return redirect_after_post(PATH)


@router.post(PATH + "/appareils/fin", dependencies=[form_on(PATH)])
def end_other_devices(actor: MayManageSelf, db: SessionDep) -> Response:
    """Sign out on every other device."""
    devices.end_other_devices(db, actor)
    return redirect_after_post(PATH + "#appareils")


@router.post(PATH + "/appareils/{sign_in_id}/fin", dependencies=[form_on(PATH)])
def end_device(actor: MayManageSelf, db: SessionDep, sign_in_id: int) -> Response:
    """Sign out on one device."""
    devices.end_device(db, actor, sign_in_id)
    return redirect_after_post(PATH + "#appareils")


@router.post(PATH + "/second-facteur/codes", dependencies=[form_on(PATH)])
def renew_codes(
    check: CheckOfProof, actor: MayManageSelf, db: SessionDep, keyring: KeyringDep, request: Request
) -> Response:
    """Replace the recovery codes and show the new ones."""
    recovery = second_factor.renew_codes(db, keyring, actor, check)
    return render(request, "people/security_codes.html", codes=recovery.codes, suite=PATH)


@router.post(PATH + "/second-facteur/retrait", dependencies=[form_on(PATH)])
def remove(
    check: CheckOfProof,
    actor: MayManageSelf,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    command: Annotated[PasswordProof, Form()],
) -> Response:
    """Remove the second factor."""
    second_factor.remove(db, keyring, actor, check, command, settings=settings)
    return redirect_after_post(PATH)


# Accounts, for an administrator -----------------------------------------------------------------


@router.get("/comptes")
def accounts_page(
    actor: MaySuspendAccounts, db: SessionDep, request: Request, query: Annotated[AccountListQuery, Query()]
) -> Response:
    """Show everyone who has an account, with a search by name."""
    accounts = ListView("/comptes", query, suspension.list_accounts(db, actor, query))
    return render(request, "people/security_accounts.html", accounts=accounts)


@router.post("/comptes/{person_id}/suspension", dependencies=[form_on("/comptes")])
def suspend(actor: MaySuspendAccounts, account: SuspendableAccount, db: SessionDep) -> Response:
    """Suspend an account at once."""
    suspension.suspend(db, actor, account)
    return redirect_after_post("/comptes")


@router.post("/comptes/{person_id}/retablissement", dependencies=[form_on("/comptes")])
def lift_suspension(account: SuspendableAccount, db: SessionDep) -> Response:
    """Lift the suspension of an account."""
    suspension.lift_suspension(db, account)
    return redirect_after_post("/comptes")
