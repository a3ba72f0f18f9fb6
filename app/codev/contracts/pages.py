"""The page of the contract of a group: its text, who has agreed to it, and one's own agreement."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.codev.contracts import service
from app.codev.contracts.schemas import AgreeForm
from app.codev.groups.schemas import GroupRef
from app.codev.groups.service import see_group
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PATH = "/codev/groupes/{group_id}/contrat"


@router.get(PATH)
def contract_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_READ)],
    group: Annotated[GroupRef, seen(see_group, P.CODEV_READ)],
) -> Response:
    """Show the contract, who has agreed to it, and the form to agree while the reader has not."""
    return render(request, "codev/contract.html", group=group, contract=service.contract_of(db, actor, group))


@router.post(PATH, dependencies=[form_on(PATH)])
def agree(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_TAKE_PART)],
    group: Annotated[GroupRef, seen(see_group, P.CODEV_TAKE_PART)],
    form: Annotated[AgreeForm, Form()],
) -> Response:
    """Record the reader's own agreement."""
    service.agree(db, actor, group, form.command, accepted=form.accepted)
    return redirect_after_post(PATH.format(group_id=group.id))
