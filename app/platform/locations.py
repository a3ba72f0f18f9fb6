"""The locations of files: at the top of a checkout, or inside the installed package."""

from importlib.resources import files
from pathlib import Path

PACKAGE = Path(str(files("app")))
SHIPPED = PACKAGE / "shipped"
"""The folder of a wheel with the top-level files of the repository (see ``setup.py``); absent from a checkout."""

ROOT = SHIPPED if SHIPPED.is_dir() else PACKAGE.parent
"""The folder of ``alembic.ini``, ``certificates``, ``curricula`` and ``migrations``."""


def default_data() -> Path:
    """Return the default data folder: in the checkout, or in the home folder when the package is installed."""
    return (Path.home() if ROOT == SHIPPED else ROOT) / ".escouade"
