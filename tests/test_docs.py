"""The documents say what the code does."""

import re
import tomllib
from collections.abc import Callable

import pytest

from app import __version__
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from docs import row_security
from docs.write import HEAD, PAGES
from tests.access.matrix import ROWS


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_written_pages_are_fresh(name: str, page: Callable[[], str]) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_page_of_row_security_is_fresh(database: Database) -> None:
    with database.engine.connect() as connection:
        page = HEAD + row_security.page(connection)
    assert (ROOT / "docs" / "row-security.md").read_text(encoding="utf-8") == page, "run `make docs`"


@pytest.mark.parametrize("readme", ["README.md", "LISEZMOI.md", "CONTRIBUTING.md"])
def test_make_targets_named_exist(readme: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(
        re.findall(
            r"(?:^    |`)(?:[A-Z_]+=\S+ )?make ([a-z0-9-]+)", (ROOT / readme).read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    assert {"run", "test"} <= named
    assert named <= targets


@pytest.mark.parametrize("readme", ["README.md", "LISEZMOI.md"])
def test_the_tree_shown_is_the_tree(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    tree = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    assert tree is not None
    for line in tree.group(1).splitlines():
        name = line.split()[0] if line.strip() else ""
        assert not name or (ROOT / name).exists(), name


def test_links_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


GUIDES = ("ARCHITECTURE.md", "CONTRIBUTING.md", "docs/add-a-feature.md", "docs/api.md", "docs/testing.md")


@pytest.mark.parametrize("guide", GUIDES)
def test_files_and_tests_that_a_guide_names_exist(guide: str) -> None:
    text = (ROOT / guide).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:app|bench|curricula|docs|migrations|tests|\.ci)/[\w./-]*)`", text)
    assert [path for path in paths if not (ROOT / path).exists() and path != "app/shipped/"] == []
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert [name for name in re.findall(r"`(test_\w+)`", text) if f"def {name}(" not in written] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_identifiers_that_a_guide_names_exist(guide: str) -> None:
    """Names in backticks that look like ours; those of the guide's own example are declared in its blocks of code."""
    text = (ROOT / guide).read_text(encoding="utf-8")
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("app", "migrations", "tests")
        for path in (ROOT / folder).rglob("*.py")
    )
    known = set(re.findall(r"\w+", code)) | set(re.findall(r"\w+", "".join(re.findall(r"```.*?```", text, re.DOTALL))))
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    known |= {"VEHICLE_MANAGE"} | {f"ESCOUADE_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+|[A-Z][a-z]+[A-Z]\w+|[A-Z]+_[A-Z_]+)(?:\([^`]*\))?`", prose))
    assert sorted(named - known) == []


def test_rows_of_the_matrix_that_a_guide_gives_are_rows_of_it() -> None:
    text = (ROOT / "docs" / "add-a-feature.md").read_text(encoding="utf-8")
    given = re.findall(r"^(GET|POST), (API|page) +(\S+)$", text, re.MULTILINE)
    assert len(given) == 4
    matrix = {(row.split()[0], "/api/" in row, ",".join(cells.values())) for row, cells in ROWS.items()}
    assert {(method, face == "API", cells) for method, face, cells in given} <= matrix


def test_architecture_is_one_page() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 80


def test_decisions_are_short() -> None:
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 40, page.name


def test_locks_name_no_index_and_every_hash() -> None:
    for name, least in {"": 40, "-dev": 40, "-fuzz": 20, "-proofs": 10, "-e2e": 1}.items():
        text = (ROOT / f"requirements{name}.lock").read_text()
        assert "://" not in re.sub(r"# .*", "", text)
        pins = re.findall(r"^[a-z0-9][^\n]*==", text, re.MULTILINE)
        assert len(pins) > least
        assert all("--hash=sha256:" in block for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:])


def test_the_version_is_told_once_and_everywhere_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == __version__


def test_the_tests_that_a_page_names_exist() -> None:
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)", written))
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "security.md").read_text(encoding="utf-8")))
    assert len(named) > 60
    assert named <= known, sorted(named - known)
