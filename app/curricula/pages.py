"""What anyone may read of the paths: what a certificate asked for, and the framework that it was judged on.

Credentials name these addresses: an employer follows them years later. Drafts are shown to nobody.
"""

from fastapi import APIRouter, Request, Response

from app.curricula.library import default_library
from app.platform.errors import NotFound
from app.platform.security.guards import OptionalActor
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/parcours-publies/{slug}/{version}")
def published_path(_: OptionalActor, request: Request, slug: str, version: str) -> Response:
    """A published version of a path: its object, its modules, what each kind of certificate asks for."""
    library = default_library()
    found = library.curriculum(slug, version)
    if not library.is_published(slug, version):
        raise NotFound
    return render(request, "curricula/path.html", path=found, framework=library.framework_of(found))


@router.get("/referentiel/{version}")
def framework(_: OptionalActor, request: Request, version: str) -> Response:
    """A version of the framework that a published path uses: its scale, its competencies and their alignments."""
    library = default_library()
    published = (library.curriculum(*name.split("/", 1)) for name in library.published)
    if version not in {path.framework.version for path in published}:
        raise NotFound
    return render(request, "curricula/framework.html", framework=library.framework(version))
