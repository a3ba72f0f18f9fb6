"""The documents say what the code does."""

import re
import tomllib
from collections.abc import Callable

import pytest

from app import __version__
from app.platform.locations import ROOT
from docs.write import PAGES


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_written_pages_are_fresh(name: str, page: Callable[[], str]) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("readme", ["README.md", "LISEZMOI.md", "CONTRIBUTING.md"])
def test_make_targets_named_exist(readme: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(
        re.findall(
            r"(?:^    |`)(?:[A-Z_]+=\S+ )?make ([a-z]+)", (ROOT / readme).read_text(encoding="utf-8"), re.MULTILINE
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


def test_decisions_are_short() -> None:
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 40, page.name


def test_locks_name_no_index_and_every_hash() -> None:
    for name, least in {"": 40, "-dev": 40, "-fuzz": 20, "-proofs": 10}.items():
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
