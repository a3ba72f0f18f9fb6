"""The house rules that a machine can hold: who imports whom, what stays pure, where statements may look, sizes."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from app.features import FEATURES, METADATA
from app.platform.locations import ROOT

APP = ROOT / "app"
FILES = sorted(APP.rglob("*.py"))
ORDER = ("platform", *(feature.name for feature in FEATURES))
FACES = {"api", "pages"}
PURE = {"rules", "enums", "schemas"}
FORBIDDEN_NAMES = {"utils", "helpers", "crud", "repository", "repositories", "managers", "misc", "common"}
SIDE_BY_SIDE = 14

TO_ANOTHER_COLLEGE = {("transfer", "to_cohort_id"), ("transfer", "to_enrolment_id")}
"""The columns that name a row of another college, by the college that the row names beside them."""

TABLES_NAMED_EARLY = {
    ("audit/access_log.py", "role_held"): "the role that opened the file is read where the log is written",
    ("people/directory/service.py", "role_held"): "a person is visible through the roles they hold",
    ("people/directory/service.py", "enrolment"): "a person is visible through their enrolments",
    ("people/legal_names/service.py", "role_held"): "a person is visible through the roles they hold",
    ("people/legal_names/service.py", "enrolment"): "a person is visible through their enrolments",
    (
        "identity/roles/service.py",
        "codev_membership",
    ): "whoever returns has the roles of their groups again",
    ("identity/roles/service.py", "enrolment"): "whoever returns has the roles of their groups again",
    ("identity/roles/held.py", "cohort"): "a role may be held in a cohort",
    ("identity/invitations/service.py", "cohort"): "an invitation may name the cohort to train",
    ("identity/invitations/answers.py", "cohort"): "an invitation may name the cohort to train",
    ("identity/imports/service.py", "cohort"): "an imported row may name the cohort to train",
}
"""Statements that name a table of a later feature, each with its reason."""

KEYS_TO_LATER_TABLES = {
    ("idempotent_request", "person"): "a key belongs to the person who sent it",
    ("view_log", "person"): "the access log is about people of colleges",
    ("view_log", "college"): "the access log is about people of colleges",
    ("role_held", "cohort"): "a role may be held in a cohort",
    ("role_held", "codev_group"): "a role may be held in a codevelopment group",
    ("invitation", "cohort"): "an invitation may name the cohort to train",
}
"""Foreign keys to a table of a later feature, each with its reason."""


@cache
def tree(path: Path) -> ast.Module:
    """Return the parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the dotted names that a file imports."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def feature_of(path: Path) -> str:
    """Return the package that a file is in: a feature, the platform, or an assembler such as ``cli``."""
    return path.relative_to(APP).parts[0].removesuffix(".py")


def relative(path: Path) -> str:
    return str(path.relative_to(APP))


def test_files_of_every_feature_are_checked() -> None:
    assert len(FILES) > 300
    assert {feature_of(path) for path in FILES} >= set(ORDER)


def test_import_contracts_hold() -> None:
    """The contracts stand in ``pyproject.toml``: order of the features, purity of the rules."""
    # In another process: the linter configures logging and disables the loggers that other tests read.
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_layers_of_the_contract_are_the_features_in_their_order() -> None:
    source = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.findall(r'^  "app\.(\w+)",$', source, flags=re.M)
    assert [name for name in layers if name in ORDER] == list(reversed(ORDER))


def test_pure_modules_load_neither_the_web_nor_the_database() -> None:
    """In a fresh interpreter: a package's ``__init__`` and lazy imports escape the import graph."""
    modules = sorted(dotted(path) for path in FILES if is_pure(path))
    assert len(modules) > 60
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        "    bad = {'fastapi', 'starlette', 'sqlalchemy', 'sqlmodel', 'psycopg'} & set(sys.modules)\n"
        "    assert not bad, f'{name} loads {sorted(bad)}'\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *modules], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def is_pure(path: Path) -> bool:
    """Rules, enums, schemas, and progress's vocabulary of facts."""
    if feature_of(path) not in ORDER or feature_of(path) == "platform":
        return False
    return bool(PURE & {path.stem, *path.relative_to(APP).parts}) or relative(path) == "progress/facts.py"


def dotted(path: Path) -> str:
    """Return the module's name."""
    return ".".join(("app", *path.relative_to(APP).with_suffix("").parts)).removesuffix(".__init__")


@pytest.mark.parametrize("path", [p for p in FILES if is_pure(p) and p.stem == "rules"], ids=relative)
def test_rules_ask_no_clock(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert ".now(" not in source
    assert "today(" not in source
    assert "app.platform.clock" not in source


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_faces_are_imported_by_routes_alone(path: Path) -> None:
    """``api`` and ``pages`` are joined by their feature's ``routes``; a page may use what a sibling page exports."""
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "app" or parts[1] not in ORDER or parts[1] == "platform" or not FACES & set(parts[2:]):
            continue
        assert parts[1] == feature_of(path), f"{name} belongs to another feature"
        assert path.stem in {"routes", *FACES}, f"{name} is a face"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_one_way_to_reach_the_state_to_name_columns_and_to_know_ids(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    if relative(path) not in {"platform/web/deps.py", "main.py", "cli/serve/serving.py"}:
        assert "app.state" not in source, "ask for it: platform/web/deps.py"
    assert not re.search(r"\b(?:getattr|hasattr)\([A-Z]\w*,", source), "name the column"
    assert not re.search(r"\bid_? or 0\b", source), "a row has its id once it is flushed"
    assert "import select as" not in source, "sqlmodel's select for objects, sa.select for columns"


@pytest.mark.parametrize("path", [p for p in FILES if p.stem in FACES], ids=relative)
def test_tables_never_reach_a_face(path: Path) -> None:
    tables = {mapper.class_.__name__ for mapper in SQLModel._sa_registry.mappers}
    for name in imports(path):
        if ".models." in name:
            assert name.rsplit(".", 1)[1] not in tables, name


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_files_stay_small_and_in_their_place(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    inside = relative(path)
    assert len(source.splitlines()) <= 400
    assert not FORBIDDEN_NAMES & {path.stem, path.parent.name}
    assert path.stem.split("_")[0] not in {"service", "pages", "api", "schemas"} or "_" not in path.stem
    assert "HTTPException" not in source or inside.startswith("platform/web/")
    commits = inside.startswith(("platform/database/", "cli/", "demo/"))
    assert ".commit(" not in source or commits
    if path.stem == "models":
        assert "from __future__ import annotations" not in source
        assert "Relationship(" not in source, "query the children: no lazy links"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
        if isinstance(node, ast.AsyncFunctionDef):
            is_place = inside.startswith(("platform/", "cli/", "main.py", "cli/serve/serving.py"))
            assert is_place, f"{node.name}: features are synchronous"


@pytest.mark.parametrize("folder", sorted({p.parent for p in FILES}), ids=relative)
def test_packages_say_what_they_are_for_and_hold_few_files(folder: Path) -> None:
    assert ast.get_docstring(tree(folder / "__init__.py"))
    assert len([p for p in folder.glob("*.py") if p.name != "__init__.py"]) <= SIDE_BY_SIDE


# Statements and keys follow the order too --------------------------------------------------------


@cache
def feature_of_table() -> dict[str, str]:
    """Return the feature of each table, by name."""
    mappers = SQLModel._sa_registry.mappers
    return {str(mapper.local_table): mapper.class_.__module__.split(".")[1] for mapper in mappers}


NAMED = re.compile(r"\b(?:from|join|into|update)\s+(?:only\s+)?([a-z_]+)\b")


def statements(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the tables that the SQL texts of a file name, with their line."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.JoinedStr | ast.Constant):
            continue
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = " ".join(str(part.value) for part in parts if isinstance(part, ast.Constant)).lower()
        if re.search(r"\b(?:select|insert|update|delete)\b", text):
            yield from ((node.lineno, table) for table in NAMED.findall(text) if table in feature_of_table())


@pytest.mark.parametrize("path", [p for p in FILES if feature_of(p) in ORDER], ids=relative)
def test_statements_name_tables_of_their_feature_or_of_one_before(path: Path) -> None:
    mine = ORDER.index(feature_of(path))
    for line, table in statements(path):
        if not any(relative(path).endswith(file) and table == name for file, name in TABLES_NAMED_EARLY):
            assert ORDER.index(feature_of_table()[table]) <= mine, f"{relative(path)}:{line}: {table} stands downstream"


def test_foreign_keys_point_to_tables_of_their_feature_or_of_one_before() -> None:
    later = {
        (table.name, key.column.table.name)
        for table in METADATA.tables.values()
        for key in table.foreign_keys
        if ORDER.index(feature_of_table()[table.name]) < ORDER.index(feature_of_table()[key.column.table.name])
    }
    assert later == set(KEYS_TO_LATER_TABLES)


def test_exceptions_to_the_order_of_statements_are_needed() -> None:
    used = {
        (file, name)
        for path in FILES
        if feature_of(path) in ORDER
        for _, table in statements(path)
        for file, name in TABLES_NAMED_EARLY
        if relative(path).endswith(file) and table == name
    }
    assert used == set(TABLES_NAMED_EARLY)


def test_links_between_rows_of_colleges_stay_within_a_college() -> None:
    """A link between two college-owned tables carries the college: the database refuses the others."""
    owned = {table.name for table in METADATA.tables.values() if "college_id" in table.columns}
    for table in METADATA.tables.values():
        for constraint in table.foreign_key_constraints:
            target = constraint.referred_table.name
            if table.name in owned and target in owned:
                names = {column.name for column in constraint.columns}
                crosses = any((table.name, name) in TO_ANOTHER_COLLEGE for name in names)
                assert ("to_college_id" if crosses else "college_id") in names, f"{table.name} → {target}"


def test_engines_are_made_in_one_place() -> None:
    """Where they hide the values of statements (``hide_parameters``) and count them for the log."""
    makers = {path.relative_to(APP).as_posix() for path in APP.rglob("*.py") if "create_engine(" in path.read_text()}
    assert makers == {"platform/database/connections.py"}
