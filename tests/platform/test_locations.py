"""The locations of files in a checkout and in an installed package, and the default data folder."""

from pathlib import Path

import pytest

from app.platform import locations


def test_checkout_has_its_files_at_the_top_and_its_data_inside() -> None:
    names = {path.name for path in locations.ROOT.iterdir()}
    assert {"alembic.ini", "certificates", "curricula", "migrations"} <= names
    assert locations.default_data() == Path(__file__).parents[2] / ".escouade"


def test_data_of_an_installed_package_goes_into_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(locations, "ROOT", locations.SHIPPED)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locations.default_data() == tmp_path / ".escouade"
    assert locations.PACKAGE not in locations.default_data().parents
