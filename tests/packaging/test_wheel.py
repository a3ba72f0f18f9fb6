"""What the built wheel and source distribution carry; ``prove_wheel.py`` installs and runs them (``make package``)."""

import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.packaging.building import Built, build, tracked

SHIPPED = ("certificates/", "curricula/", "migrations/")
"""At the top of the repository, and inside the package once installed."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both, built once for these tests."""
    return build(tmp_path_factory.mktemp("built"))


def place_in_wheel(name: str) -> str | None:
    """Where the wheel has a file of the repository; ``None`` for what it leaves out."""
    if name.startswith("app/"):
        return name
    return f"app/shipped/{name}" if name.startswith(SHIPPED) or name == "alembic.ini" else None


def test_the_source_distribution_carries_every_file_of_the_repository(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        found = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    made = {name for name in found if name.startswith("escouade.egg-info/")} | {"PKG-INFO", "setup.cfg"}
    assert found - made == tracked()


def test_the_wheel_carries_the_package_and_the_folders_it_reads_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        found = set(archive.namelist())
    wanted = {place for name in tracked() if (place := place_in_wheel(name))}
    assert {name for name in found if not name.startswith("escouade-")} == wanted
    for sample in (
        "templates/base.html", "static/escouade.css", "contexts/credentials-v2.json", "contexts/NOTICE",
        "shipped/alembic.ini", "shipped/migrations/env.py", "shipped/curricula/published.sha256",
        "shipped/certificates/escouade/template.html",
    ):  # fmt: skip
        assert any(name.endswith(f"/{sample}") for name in found), sample
    assert any(re.search(r"/locale/fr/\w+\.po$", name) for name in found)


def test_the_wheel_says_what_it_needs_and_under_which_licences(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        names = archive.namelist()
        told = {Path(name).name: archive.read(name).decode() for name in names if ".dist-info/" in name}
    assert "escouade = app.cli:main" in told["entry_points.txt"]
    assert "License-Expression: Apache-2.0" in told["METADATA"]
    assert "Requires-Python: >=3.11" in told["METADATA"]
    assert "Requires-Dist: fastapi==0.165.0" in told["METADATA"]
    licences = {Path(name).name for name in names if "/licenses/" in name}
    assert {"LICENSE", "NOTICE", "htmx.LICENSE", "figtree.LICENSE", "LICENSE-source-serif-4.txt"} <= licences
