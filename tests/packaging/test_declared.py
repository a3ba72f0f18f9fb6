"""Every package that the code imports is declared: none comes along only because another one needs it today."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.platform.locations import ROOT

OURS = frozenset(path.name for path in ROOT.iterdir() if path.is_dir()) | {"generated"}  # a client that a test makes
APART = {
    "tests/fuzz": {"schemathesis"},
    "tests/proofs": {"openbadgeslib", "jpype", "outloud"},
    "tests/e2e": {"playwright"},
}
"""Folders with programs that run in an environment of their own, and the packages of its ``requirements.in`` that these
import."""


def imported(path: Path) -> Iterator[str]:
    """The packages of others that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names and top not in OURS:
                yield top


def declared(*, development: bool) -> set[str]:
    """The distributions that ``pyproject.toml`` names, for people or for those who work on the code."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = [*project["project"]["dependencies"], *(project["dependency-groups"]["dev"] if development else ())]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def undeclared(folder: str, names: set[str]) -> set[str]:
    """Each file of a folder with a package that it imports and no declaration brings."""
    known = {top: {canonicalize_name(name) for name in found} for top, found in packages_distributions().items()}
    missing = set()
    for path in (ROOT / folder).rglob("*.py"):
        place = path.relative_to(ROOT).as_posix()
        if "node_modules" in path.parts:
            continue
        for top in set(imported(path)) - APART.get("/".join(path.relative_to(ROOT).parts[:2]), set()):
            if not known.get(top, set()) & names:
                missing.add(f"{place} imports {top}")
    return missing


@pytest.mark.parametrize("folder", ["app", "migrations"])
def test_every_package_that_the_service_imports_is_declared(folder: str) -> None:
    assert undeclared(folder, declared(development=False)) == set()


@pytest.mark.parametrize("folder", ["tests", "bench", "docs"])
def test_every_package_that_the_tests_import_is_declared(folder: str) -> None:
    assert undeclared(folder, declared(development=True)) == set()


def test_a_package_that_nobody_declares_is_found() -> None:
    """Taking one away from the declarations names the files that import it."""
    without = declared(development=False) - {"pikepdf"}
    found = undeclared("app", without)
    assert found
    assert all(line.startswith("app/") and line.endswith(".py imports pikepdf") for line in found)


def test_programs_that_run_apart_import_what_their_own_environment_has() -> None:
    for folder, names in APART.items():
        assert names <= {top for path in (ROOT / folder).glob("*.py") for top in imported(path)}
        listed = (ROOT / folder / "requirements.in").read_text(encoding="utf-8")
        assert all(re.search(rf"^{name}", listed, re.MULTILINE) for name in names), folder
