"""The locks install in empty environments with an old pip, the one that Pythons carry, and the current one.

Run by ``make soak`` (long, and it needs the package index).
"""

import json
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from app.platform.locations import ROOT
from tests.packaging.locks import LOCKS, asked, pins, this_environment, unmet

PIPS = ("22.3", "23.2.1", None)
"""``None``: the current one. 23.2.1 is what Python 3.11.7 and 3.12.1 carry."""

OLDEST = {"22.3": (3, 12)}
"""The first Python that a pip no longer runs on."""

TELL = """
import json
from importlib.metadata import distributions
print(json.dumps({d.name: [d.version, d.requires or []] for d in distributions()}))
"""
"""Run by the environment's own Python: what is installed there, and what each package requires."""


def install(place: Path, lock: str, pip: str | None) -> Path:
    """Make an empty environment with a pip, and install a lock as the project's scripts do; return its Python."""
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    quiet: list[str | Path] = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*quiet, f"pip=={pip}"] if pip else [*quiet, "--upgrade", "pip"], check=True)
    subprocess.run(["sh", "-euc", '. .ci/install; install_lock "$0" "$1"', place, lock], cwd=ROOT, check=True)
    return python


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("pip", PIPS, ids=lambda pip: f"pip {pip or 'current'}")
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_installs_in_an_empty_environment_and_is_complete(lock: str, pip: str | None) -> None:
    """Every pin for this system is there in its version and nothing else, and what the packages require is met."""
    if pip in OLDEST and sys.version_info >= OLDEST[pip]:
        pytest.skip(f"pip {pip} does not run on this Python")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        python = install(Path(place), lock, pip)
        told = json.loads(subprocess.run([python, "-c", TELL], check=True, capture_output=True, text=True).stdout)
        subprocess.run([python, "-m", "pip", "check"], check=True, stdout=subprocess.DEVNULL)
    installed = {str(canonicalize_name(name)): (version, lines) for name, (version, lines) in told.items()}
    here = this_environment()
    wanted = {pin.name: pin for pin in pins(lock) if pin.applies(here)}
    versions = {name: version for name, (version, _) in installed.items() if name in wanted}
    assert versions == {name: str(pin.version) for name, pin in wanted.items()}
    assert set(installed) - set(wanted) <= {"pip", "setuptools"}, "what venv itself brings"
    known = {pin.key: tuple(installed[name][1]) for name, pin in wanted.items()}
    assert unmet(asked(lock), pins(lock), known, here) == set()
    took, carried = time.monotonic() - begun, installed["pip"][0]
    sys.stderr.write(f"{lock} with pip {carried}: {len(wanted)} packages, {took:.0f} s\n")
