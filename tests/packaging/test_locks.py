"""Each lock is complete on every Python and system that it is for, and is installed as it stands. No network."""

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.platform.locations import ROOT
from tests.packaging.locks import LOCKS, Pin, asked, environments, pins, requires, this_environment, unmet

INSTALLERS = ("Makefile", ".ci/setup", ".ci/proofs", ".ci/e2e", ".ci/run", ".ci/install")
EXACTLY = ("--no-deps", "--require-hashes", "--only-binary :all:")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_of_every_pin_is_met_by_a_pin(lock: str) -> None:
    """With extras and markers, on Python 3.11 to 3.14 and the systems that the project names."""
    known, lines = requires(), pins(lock)
    found = {
        (where["python_version"], where["sys_platform"], where["platform_machine"]): missing
        for where in environments()
        if (missing := unmet(asked(lock), lines, known, where))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("taken", "who"),
    [
        ("fonttools", "weasyprint==70.0 requires fonttools[woff]"),
        ("brotli", "fonttools==4.68.0 requires brotli"),
        ("psycopg-binary", "psycopg==3.3.9 requires psycopg-binary"),
        ("weasyprint", "the project requires weasyprint"),
    ],
)
def test_a_pin_that_is_taken_away_is_missed_and_by_whom(taken: str, who: str) -> None:
    """Also one that only an extra of another package requires."""
    lines = tuple(pin for pin in pins("requirements.lock") if pin.name != taken)
    for where in environments():
        missing = unmet(asked("requirements.lock"), lines, requires(), where)
        assert any(line.startswith(who) for line in missing), missing


def test_a_pin_that_only_windows_needs_is_missed_there_alone() -> None:
    lines = tuple(pin for pin in pins("requirements-dev.lock") if pin.name != "colorama")
    without = {
        where["sys_platform"]
        for where in environments()
        if unmet(asked("requirements-dev.lock"), lines, requires(), where)
    }
    assert without == {"win32"}


def test_a_pin_of_a_version_that_is_not_allowed_is_missed() -> None:
    other = Pin(Requirement("starlette==0.1"))
    lines = (*(pin for pin in pins("requirements.lock") if pin.name != "starlette"), other)
    (where, *_) = environments()
    missing = unmet(asked("requirements.lock"), lines, {**requires(), other.key: ()}, where)
    assert any(line.startswith("fastapi==0.165.0 requires starlette") for line in missing)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_keeps_the_extras_that_are_required_of_its_pins(lock: str) -> None:
    """So that a pip that resolves takes the pinned file for ``coverage[toml]`` too, and not the newest one."""
    kept = {pin.name: pin.requirement.extras for pin in pins(lock)}
    for pin in pins(lock):
        for line in requires().get(pin.key, ()):
            wanted = Requirement(line)
            name = canonicalize_name(wanted.name)
            if name in kept and not (wanted.marker and "extra" in str(wanted.marker)):
                assert wanted.extras <= kept[name], f"{pin.key} requires {line}"
    for line in asked(lock):
        wanted = Requirement(line)
        assert wanted.extras <= kept[canonicalize_name(wanted.name)], line


def test_what_each_pin_requires_is_known_and_of_no_other() -> None:
    """``make locks`` writes both; a lock changed by hand leaves ``requires.json`` behind."""
    wanted = {pin.key for lock in LOCKS for pin in pins(lock) if any(pin.applies(where) for where in environments())}
    assert set(requires()) == wanted, "run `make locks`"


def test_what_is_known_of_a_pin_is_what_the_installed_package_says() -> None:
    """For the packages of the locks that are installed here, in the pinned version."""
    compared = 0
    for key, lines in requires().items():
        name, _, version = key.partition("==")
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        if found.version == version:
            compared += 1
            assert sorted(map(Requirement, found.requires or ()), key=str) == sorted(
                map(Requirement, lines), key=str
            ), key
    here = this_environment()
    applying = sum(1 for pin in pins("requirements-dev.lock") if pin.applies(here))
    assert compared >= applying


def test_every_install_from_a_lock_takes_exactly_what_is_pinned() -> None:
    """No index is asked what is newest: nothing is resolved, no build tool is fetched."""
    found = 0
    for name in INSTALLERS:
        for line in re.sub(r"\\\n\s*", "", (ROOT / name).read_text(encoding="utf-8")).splitlines():
            if re.search(r"\bpip install\b", line.partition("#")[0]):
                found += 1
                assert [words for words in EXACTLY if words not in line] == [], f"{name}: {line}"
    assert found
    for name in ("Makefile", ".ci/setup", ".ci/proofs", ".ci/e2e"):
        assert "install_lock " in (ROOT / name).read_text(encoding="utf-8"), name
