"""The methods of a path, where a word stands beside a parameter: ``/cohorts/open`` and ``/cohorts/{cohort_id}``.

The framework hands a request to the first route whose path and method fit, and a parameter fits any word: PUT
``/cohorts/open`` would be read as that of a cohort called "open". The path that is written out owns the word.
"""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from weakref import WeakKeyDictionary

from fastapi import HTTPException, Request
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.applications import Starlette

PARAMETER = re.compile(r"\{[^}]*\}")

_SHADOWED: WeakKeyDictionary[Starlette, Sequence[re.Pattern[str]]] = WeakKeyDictionary()
"""The paths of each application that a less literal one fits too: derived once."""


def _routes(site: Starlette) -> Iterator[RouteContext]:
    return (context for context in iter_route_contexts(site.routes) if getattr(context, "methods", None))


def methods_of(request: Request) -> set[str]:
    """Return every method of the path: the framework's error has only those of the first route."""
    matching = [c for c in _routes(request.app) if c.path_regex.match(request.scope["path"])]
    literal = min((_parameters(c) for c in matching), default=0)
    return {method for c in matching if _parameters(c) == literal for method in c.methods or ()}


def shadowed(site: Starlette) -> Sequence[re.Pattern[str]]:
    """Return the paths that a path with more parameters fits too."""
    found = _SHADOWED.get(site)
    if found is None:
        paths = {str(c.path_format): c.path_regex for c in _routes(site)}
        found = _SHADOWED[site] = [
            regex
            for path, regex in paths.items()
            if any(
                other.match(PARAMETER.sub("0", path))
                for name, other in paths.items()
                if name.count("/") == path.count("/") and name.count("{") > path.count("{")
            )
        ]
    return found


async def check_method(request: Request) -> None:
    """Raise a 405 where the path is another route's, which does not have the method.

    HEAD is that of a GET (see ``RequestGuard``).
    """
    path = request.scope["path"]
    is_shadowed = request.path_params and any(regex.match(path) for regex in shadowed(request.app))
    if is_shadowed and request.method not in methods_of(request):
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)


def _parameters(context: RouteContext) -> int:
    return str(context.path_format).count("{")
