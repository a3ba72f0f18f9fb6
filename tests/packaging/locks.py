"""The locks as data, and whether each is complete: every requirement of every pinned package met by a pin.

What a pinned package requires is in ``requires.json``, which ``make locks`` writes from the index (see
``write_requires.py``): most tests need no network that way, and packages that only another system installs
are checked too. A lock names its packages by the hashes of their files, so what one requires cannot change.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from app.platform.locations import ROOT

REQUIRES = Path(__file__).with_name("requires.json")
LOCKS = tuple(f"requirements{part}.lock" for part in ("", "-otel", "-dev", "-fuzz", "-proofs", "-e2e"))
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64"))
SYSTEMS = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}

Environment = Mapping[str, str]
Requires = Mapping[str, tuple[str, ...]]
"""What each ``name==version`` requires, as its metadata says."""


@dataclass(frozen=True)
class Pin:
    """One line of a lock: a package, its version, and where it is installed."""

    requirement: Requirement

    @property
    def name(self) -> str:
        """The package, in the spelling that all compare by."""
        return str(canonicalize_name(self.requirement.name))

    @property
    def version(self) -> Version:
        """The one version that this line allows."""
        (specifier,) = self.requirement.specifier
        return Version(specifier.version)

    @property
    def key(self) -> str:
        """How ``requires.json`` names it."""
        return f"{self.name}=={self.version}"

    def applies(self, environment: Environment) -> bool:
        """Whether this line is installed there."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(dict(environment))


def environment(python: str, system: str, machine: str) -> Environment:
    """Return what markers see on the first release of a Python, on a system."""
    os_name, platform_system = SYSTEMS[system]
    return {
        "implementation_name": "cpython", "implementation_version": f"{python}.0", "os_name": os_name,
        "platform_machine": machine, "platform_python_implementation": "CPython", "platform_release": "",
        "platform_system": platform_system, "platform_version": "", "python_full_version": f"{python}.0",
        "python_version": python, "sys_platform": system, "extra": "",
    }  # fmt: skip


def this_environment() -> Environment:
    """Return what markers see here."""
    return {name: str(value) for name, value in default_environment().items()} | {"extra": ""}


def environments() -> Iterator[Environment]:
    """Every Python and system that the locks are for."""
    for python in PYTHONS:
        for system, machine in MACHINES:
            yield environment(python, system, machine)


def pins(lock: str) -> tuple[Pin, ...]:
    """Return the lines of a lock, without their hashes."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return tuple(Pin(Requirement(line.removesuffix("\\").strip())) for line in lines if re.match(r"[a-zA-Z0-9]", line))


def asked(lock: str) -> tuple[str, ...]:
    """Return what a lock was made for: the dependencies of the project, or the lines of a ``requirements.in``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed: list[str] = project["project"]["dependencies"]
    if lock == "requirements.lock":
        return tuple(needed)
    if lock == "requirements-otel.lock":
        return (*needed, *project["project"]["optional-dependencies"]["otel"])
    if lock == "requirements-dev.lock":
        return (*needed, *project["dependency-groups"]["dev"])
    source = ROOT / "tests" / lock.removeprefix("requirements-").removesuffix(".lock") / "requirements.in"
    lines = (line.partition("#")[0].strip() for line in source.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line)


def requires() -> Requires:
    """Return what every pinned package requires, as ``make locks`` found it."""
    found: dict[str, list[str]] = json.loads(REQUIRES.read_text(encoding="utf-8"))
    return {key: tuple(lines) for key, lines in found.items()}


def unmet(wanted: tuple[str, ...], lines: tuple[Pin, ...], known: Requires, where: Environment) -> set[str]:
    """Return what nothing in a lock provides in an environment, each with who requires it; empty for a whole lock.

    Extras are followed: ``a`` that requires ``b[c]`` requires what ``b`` asks for ``c``.
    """
    here = {pin.name: pin for pin in lines if pin.applies(where)}
    missing: set[str] = set()
    waiting = [("the project", Requirement(line)) for line in wanted]
    seen: set[tuple[str, str]] = set()
    while waiting:
        who, requirement = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate(dict(where)):
            continue
        pin = here.get(canonicalize_name(requirement.name))
        if pin is None or not requirement.specifier.contains(pin.version, prereleases=True):
            missing.add(f"{who} requires {requirement}")
            continue
        for extra in {"", *requirement.extras}:
            if (pin.name, extra) not in seen:
                seen.add((pin.name, extra))
                waiting += [(pin.key, inner) for inner in _required(pin, extra, known, where)]
    return missing


def _required(pin: Pin, extra: str, known: Requires, where: Environment) -> Iterator[Requirement]:
    """What a pinned package requires for one of its extras, or for none (``""``)."""
    for line in known[pin.key]:
        requirement = Requirement(line)
        marker, requirement.marker = requirement.marker, None
        if marker is None or marker.evaluate(dict(where) | {"extra": extra}):
            yield requirement
