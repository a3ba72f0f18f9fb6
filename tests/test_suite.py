"""What the suite promises of itself: rules, schemas and curricula are tested without the web and the database."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.platform.locations import ROOT
from tests.unit import FORBIDDEN, TESTS, UNIT, NoWebNorDatabase, is_unit

FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py"))


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_a_forbidden_package_and_what_is_in_it_cannot_be_imported(package: str) -> None:
    for name in (package, f"{package}.engine"):
        with pytest.raises(ImportError, match="without it"):
            NoWebNorDatabase().find_spec(name, None)
    assert NoWebNorDatabase().find_spec("pydantic", None) is None


def test_unit_tests_can_all_be_imported_without_the_web_and_the_database() -> None:
    """In a process of its own, where nothing has imported them before."""
    words = ["-m", "pytest", "--unit", "--collect-only", "-q", "-p", "no:randomly", "-p", "no:xdist"]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    found = {line.split("::")[0].removeprefix("tests/") for line in done.stdout.splitlines() if "::" in line}
    assert found == {name for name in FILES if is_unit(TESTS / name)}


@pytest.mark.parametrize("pattern", UNIT)
def test_each_pattern_of_unit_tests_finds_a_file(pattern: str) -> None:
    assert [name for name in FILES if Path(name).match(pattern)]


@pytest.mark.parametrize("name", [name for name in FILES if "rules" in Path(name).stem])
def test_rules_are_tested_in_unit_tests(name: str) -> None:
    assert is_unit(TESTS / name)
