"""The house, held by machine: who imports whom, what may not exist, how large things are (design rules 1 to 9)."""

import ast
from functools import cache
from pathlib import Path

import pytest

from app.config import ROOT
from app.main import METADATA

APP = ROOT / "app"
ORDER = (
    "network", "people", "curricula", "cohorts", "progress", "learning",
    "accompaniment", "codev", "grading", "certificates", "reports",
)  # fmt: skip
FACES = {"api", "pages"}
ASSEMBLERS = {"main", "cli"}
FORBIDDEN = {"utils", "helpers", "crud", "repository", "repositories", "managers", "misc", "common"}
PURE = {"fastapi", "sqlalchemy", "sqlmodel", "app.db", "app.clock", "datetime.now", "time"}
FILES = sorted(APP.rglob("*.py"))


def is_face(stem: str) -> bool:
    """``api`` and ``pages``, or one of them split by noun (``pages_mandates``)."""
    return stem.split("_")[0] in FACES


@cache
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> frozenset[str]:
    """Dotted names that a file imports."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def own(path: Path) -> str:
    """The room a file is in: a feature, or a core module."""
    return path.relative_to(APP).parts[0].removesuffix(".py")


def test_there_is_something_to_check() -> None:
    assert len(FILES) > 60
    assert {own(p) for p in FILES} >= set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(APP)))
def test_imports_go_one_way(path: Path) -> None:
    mine = own(path)
    if mine in ASSEMBLERS:
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "app" or len(parts) < 2 or parts[1] not in ORDER:
            assert not (mine in ORDER and parts[:2] == ["app", "main"]), f"{name}: only the faces' assembler is main"
            continue
        assert mine in ORDER, f"a core module imports the feature {name}"
        downstream = ORDER.index(parts[1]) > ORDER.index(mine)
        assert not downstream or is_face(path.stem), f"{name} stands downstream"
        assert not (len(parts) > 2 and is_face(parts[2]) and parts[1] != mine), (
            f"{name} is a face: only main imports it"
        )
        if downstream:
            assert parts[2].startswith(("service", "schemas", "rules", "models")), f"{name}: a face uses services"


def test_no_circles() -> None:
    names = {".".join(("app", *p.relative_to(APP).with_suffix("").parts)).removesuffix(".__init__"): p for p in FILES}
    links = {
        name: {m for i in imports(path) for m in (i, i.rsplit(".", 1)[0]) if m in names and m != name}
        for name, path in names.items()
    }
    done: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " → ".join((*above[above.index(name) :], name))
        if name not in done:
            for other in links[name]:
                walk(other, (*above, name))
            done.add(name)

    for name in names:
        walk(name, ())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(APP)))
def test_small_and_honest(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 400
    assert path.stem not in FORBIDDEN
    assert path.parent.name not in FORBIDDEN
    assert "HTTPException" not in source or own(path) in {"web"}
    assert ".commit(" not in source or own(path) in {"db", "cli"}
    if path.stem == "models":
        assert "from __future__ import annotations" not in source
        assert "Relationship(" not in source, "query the children: no lazy links"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
        if isinstance(node, ast.AsyncFunctionDef):
            assert own(path) in {"db", "gate", "web", "main", "cli"}, f"{node.name}: features are synchronous"


@pytest.mark.parametrize("path", [p for p in FILES if p.stem.startswith("rules")], ids=lambda p: p.parent.name)
def test_rules_are_pure(path: Path) -> None:
    for name in imports(path):
        assert not any(name == p or name.startswith(p + ".") for p in PURE), name
        assert ".service" not in name
    source = path.read_text(encoding="utf-8")
    assert ".now(" not in source
    assert "today(" not in source


@pytest.mark.parametrize("path", [p for p in FILES if is_face(p.stem)], ids=lambda p: f"{p.parent.name}.{p.stem}")
def test_tables_never_reach_a_face(path: Path) -> None:
    """A face may name an enum of ``models``, never a table."""
    tables = {m.class_.__name__ for m in _mappers()}
    for name in imports(path):
        if ".models." in name:
            assert name.rsplit(".", 1)[1] not in tables, name


def _mappers() -> list[object]:
    from sqlmodel import SQLModel  # noqa: PLC0415 - the registry is filled by app.main

    return list(SQLModel._sa_registry.mappers)  # type: ignore[attr-defined]


def test_every_college_row_links_within_its_college() -> None:
    """A link between two college-owned tables carries the college: the database refuses the others."""
    owned = {t.name for t in METADATA.tables.values() if "college_id" in t.columns}
    for table in METADATA.tables.values():
        for constraint in table.foreign_key_constraints:
            target = constraint.referred_table.name
            if table.name in owned and target in owned:
                assert "college_id" in {c.name for c in constraint.columns}, f"{table.name} → {target}"
