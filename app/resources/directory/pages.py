"""Pages of the directory: its search, an entry, the forms of whoever keeps it up."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response

from app.curricula.library import default_library
from app.network.service import reached_open_colleges, regions, see_college
from app.platform.database.session import Session
from app.platform.search import search_key
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render
from app.resources.corrections.enums import CorrectionAbout
from app.resources.corrections.service import own_corrections
from app.resources.directory import service
from app.resources.directory.enums import Freshness, ResourceKind
from app.resources.directory.rules import needs_of
from app.resources.directory.schemas import (
    ChangedResourceForm,
    KeptResource,
    NewResourceForm,
    ResourceHistoryQuery,
    ResourceShown,
    ResourcesQuery,
    VerifyForm,
)
from app.resources.directory.service import see_kept_resource, see_resource

router = page_router()
Keeper = Annotated[Actor, may(P.RESOURCE_MANAGE)]
Kept = Annotated[KeptResource, seen(see_kept_resource, P.RESOURCE_MANAGE)]
LIST, NEW, ENTRY = "/repertoire", "/repertoire/ajouter", "/repertoire/{resource_id}"


def _choices(db: Session) -> dict[str, Any]:
    """Return the regions and the needs that the pages of the directory name, by their names."""
    lexicon = default_library().lexicon
    needs = sorted(needs_of(lexicon), key=lambda slug: search_key(lexicon.by_slug[slug].name.text))
    return {
        "regions": [(region.code, region.name) for region in regions(db)],
        "needs": [(slug, lexicon.by_slug[slug].name.text) for slug in needs],
        "kinds": tuple(ResourceKind),
    }


@router.get(LIST)
def directory(
    request: Request,
    actor: Annotated[Actor, may(P.RESOURCE_READ)],
    db: SessionDep,
    query: Annotated[ResourcesQuery, Query()],
) -> Response:
    """Show the entries that answer a sentence, and the needs that it lets hear."""
    found, heard = service.list_resources(db, actor, query)
    view = ListView(LIST, query, found)
    states = tuple(Freshness)
    return render(request, "resources/directory.html", found=view, heard=heard, states=states, **_choices(db))


@router.get(NEW, dependencies=[keyed_page()])
def new_resource(request: Request, actor: Keeper, db: SessionDep) -> Response:
    """Show the form of a new entry."""
    colleges = [(college.id, college.name) for college in reached_open_colleges(db, actor)]
    return render(request, "resources/new.html", colleges=colleges, **_choices(db))


@router.post(NEW, dependencies=[form_on(NEW, creates=True)])
def add_resource(actor: Keeper, db: SessionDep, form: Annotated[NewResourceForm, Form()]) -> Response:
    """Add an entry, then show it."""
    added = service.add_resource(db, actor, see_college(db, actor, form.college_id), form.content)
    return redirect_after_post(f"{LIST}/{added.id}")


@router.get(ENTRY, dependencies=[keyed_page()])
def resource(
    request: Request,
    actor: Annotated[Actor, may(P.RESOURCE_READ)],
    db: SessionDep,
    resource: Annotated[ResourceShown, seen(see_resource, P.RESOURCE_READ)],
) -> Response:
    """Show an entry, one's own corrections to it, and the form of another one."""
    kept = see_kept_resource(db, actor.using(P.RESOURCE_MANAGE), resource.id) if resource.may_change else None
    return render(
        request,
        "resources/entry.html",
        entry=resource,
        latest=service.history(db, kept, limit=service.LATEST) if kept else None,
        corrections=own_corrections(db, actor, resource),
        abouts=tuple(CorrectionAbout),
        **_choices(db),
    )


@router.get(ENTRY + "/historique")
def resource_history(
    request: Request, resource: Kept, db: SessionDep, query: Annotated[ResourceHistoryQuery, Query()]
) -> Response:
    """Show all that was done to an entry, by whom."""
    acts = ListView(f"{LIST}/{resource.id}/historique", query, service.list_history(db, resource, query))
    return render(request, "resources/history.html", entry=resource, acts=acts)


@router.get(ENTRY + "/modifier")
def change_page(request: Request, resource: Kept, db: SessionDep) -> Response:
    """Show the form that changes an entry."""
    return render(request, "resources/change.html", entry=resource, **_choices(db))


@router.post(ENTRY + "/modifier", dependencies=[form_on(ENTRY + "/modifier")])
def change_resource(
    actor: Keeper, resource: Kept, db: SessionDep, form: Annotated[ChangedResourceForm, Form()]
) -> Response:
    """Change what an entry says, then show it."""
    service.change_resource(db, actor, resource, form.content, version=form.version)
    return redirect_after_post(f"{LIST}/{resource.id}")


@router.post(ENTRY + "/verification", dependencies=[form_on(ENTRY)])
def verify_resource(actor: Keeper, resource: Kept, db: SessionDep, form: Annotated[VerifyForm, Form()]) -> Response:
    """Record that an entry was verified today."""
    service.verify_resource(db, actor, resource, version=form.version)
    return redirect_after_post(f"{LIST}/{resource.id}")


@router.post(ENTRY + "/retrait", dependencies=[form_on(ENTRY)])
def retire_resource(actor: Keeper, resource: Kept, db: SessionDep) -> Response:
    """Take an entry out of use."""
    service.retire_resource(db, actor, resource)
    return redirect_after_post(f"{LIST}/{resource.id}")


@router.post(ENTRY + "/retour", dependencies=[form_on(ENTRY)])
def return_resource(actor: Keeper, resource: Kept, db: SessionDep) -> Response:
    """Take an entry back into use."""
    service.return_resource(db, actor, resource)
    return redirect_after_post(f"{LIST}/{resource.id}")
