"""Every single check of access that the application makes, by place: what ``make soak`` takes away one at a time.

A check is a call of ``scoped`` in a query, a call of a ``see_…`` by whoever shows or changes a thing, or a ``seen``
guard that loads what a path names. Routes' own guards and a few others are listed in ``soak_checks``.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from app.platform.locations import ROOT
from app.platform.security.guards import SeenGuard

Site = tuple[str, int, str]
"""A file of the application, a line in it, the function called there."""

WITHOUT_REQUESTS = (ROOT / "app" / "cli", ROOT / "app" / "demo", ROOT / "app" / "certificates" / "batches" / "jobs.py")
"""Commands, the demo and the worker, which no request goes through: their own tests hold them."""

SEEN_BY_ALL = frozenset({"see_letter", "see_failed_job"})
"""They load what the guard of the route has let someone see, whoever it is: they check nobody."""


def is_check(path: Path, name: str) -> bool:
    """Return whether a call in a file stands between someone and a record."""
    is_served = not any(path.is_relative_to(place) for place in WITHOUT_REQUESTS)
    return is_served and (name == "scoped" or name.startswith("see_"))


def checks(site: FastAPI) -> dict[Site, str]:
    """Return every check by place, named by file, function and check: a second one in a function is ``… 2``."""
    names: dict[Site, str] = {}
    for path in sorted((ROOT / "app").rglob("*.py")):
        within = {line: name for name, lines in _functions(path) for line in lines}
        calls = Counter[str]()
        for line, name in sorted(_calls(path)):
            if is_check(path, name):
                label = f"{path.relative_to(ROOT)} {within.get(line, '')} {name}"
                calls[label] += 1
                names[str(path), line, name] = label if calls[label] == 1 else f"{label} {calls[label]}"
    seen = {place: label for place, label in seen_sites(site).values() if place[2] not in SEEN_BY_ALL}
    return names | seen


def seen_sites(site: FastAPI) -> dict[tuple[int, str], tuple[Site, str]]:
    """Return the place and the label of each ``seen`` guard, by its identity and the route (``METHOD path``)."""
    places: dict[tuple[int, str], tuple[Site, str]] = {}
    for context in iter_route_contexts(site.routes):
        dependant = getattr(context, "dependant", None)
        if dependant is None or dependant.call is None:
            continue
        code = dependant.call.__code__
        for guard in _seen_guards(dependant):
            file = Path(code.co_filename).relative_to(ROOT)
            label = f"{file} {code.co_name} {guard.see.__name__}"
            for method in context.methods or ():
                place = (code.co_filename, code.co_firstlineno, guard.see.__name__)
                places[id(guard), f"{method} {context.path}"] = (place, label)
    return places


def _seen_guards(dependant: Dependant) -> Iterator[SeenGuard]:
    if isinstance(dependant.call, SeenGuard):
        yield dependant.call
    for child in dependant.dependencies:
        yield from _seen_guards(child)


def _functions(path: Path) -> Iterator[tuple[str, range]]:
    """Yield the functions of a file with their lines, outer ones before those inside."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node.name, range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _calls(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node.lineno, getattr(node.func, "id", getattr(node.func, "attr", ""))
