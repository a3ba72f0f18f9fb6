"""Public HTML pages of the published paths and of the competency frameworks that they use.

Credentials name these addresses, which employers may follow years later. Drafts are never shown.
"""

from fastapi import APIRouter, Request, Response

from app.curricula.library import default_library
from app.curricula.mappings.service import list_mappings, show_mapping
from app.platform.errors import NotFound
from app.platform.security.guards import OptionalActor
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/parcours-publies/{slug}/{version}")
def published_path(_: OptionalActor, request: Request, slug: str, version: str) -> Response:
    """Show a published version of a path: its object, its modules, the requirements of each certificate."""
    library = default_library()
    path = library.curriculum(slug, version)
    if not library.is_published(slug, version):
        raise NotFound
    mappings = list_mappings((slug, version))
    framework = library.framework_of(path)
    return render(request, "curricula/path.html", path=path, framework=framework, mappings=mappings)


@router.get("/parcours-publies/{slug}/{version}/vers/{target_slug}/{target_version}")
def mapping(
    _: OptionalActor, request: Request, slug: str, version: str, target_slug: str, target_version: str
) -> Response:
    """Show what becomes of each activity and competency of a published version in another."""
    shown = show_mapping((slug, version), (target_slug, target_version))
    return render(request, "curricula/mapping.html", mapping=shown)


@router.get("/referentiel/{version}")
def framework(_: OptionalActor, request: Request, version: str) -> Response:
    """Show a framework version that a published path uses: its scale, competencies and alignments."""
    library = default_library()
    published = (library.curriculum(*name.split("/", 1)) for name in library.published)
    if version not in {path.framework.version for path in published}:
        raise NotFound
    return render(request, "curricula/framework.html", framework=library.framework(version))
