"""The locations of files: at the top of a checkout, or inside the installed package."""

import os
from importlib.resources import files
from pathlib import Path

PACKAGE = Path(str(files("app")))
SHIPPED = PACKAGE / "shipped"
"""The folder of a wheel with the top-level files of the repository (see ``setup.py``); absent from a checkout."""

ROOT = SHIPPED if SHIPPED.is_dir() else PACKAGE.parent
"""The folder of ``alembic.ini``, ``certificates``, ``curricula`` and ``migrations``."""

SYSTEM_SETTINGS = (Path("/etc/escouade/escouade.env"), Path("/etc/escouade/owner.env"))
"""The settings of all processes, and what those that serve requests may not read: the address of the owner."""


def default_data() -> Path:
    """Return the default data folder: in the checkout, or in the home folder when the package is installed."""
    return (Path.home() if ROOT == SHIPPED else ROOT) / ".escouade"


def settings_files() -> tuple[Path, ...]:
    """Return the settings files, a later one winning: those that ``ESCOUADE_SETTINGS`` names, with colons between them.

    Unset, an installed package reads the system files that it may; a checkout none, so that a trial on a server
    reaches nothing in service there.
    """
    named = os.environ.get("ESCOUADE_SETTINGS")
    if named is not None:
        return tuple(Path(name) for name in named.split(os.pathsep) if name)
    return tuple(path for path in SYSTEM_SETTINGS if os.access(path, os.R_OK)) if ROOT == SHIPPED else ()
