"""Where files are: in a checkout as the repository has them, in an installed package all inside it."""

from importlib.resources import files
from pathlib import Path

PACKAGE = Path(str(files("app")))
SHIPPED = PACKAGE / "shipped"
"""Where a wheel carries what stands at the top of the repository (see ``setup.py``); a checkout has no such folder."""

ROOT = SHIPPED if SHIPPED.is_dir() else PACKAGE.parent
"""The folder of ``alembic.ini``, ``certificates``, ``curricula`` and ``migrations``."""


def default_data() -> Path:
    """Return where data goes when nobody chose: into the checkout, else into the home folder, never into a package."""
    return (Path.home() if ROOT == SHIPPED else ROOT) / ".escouade"
