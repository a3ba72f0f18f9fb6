"""What ``pyproject.toml`` cannot say: folders at the top of the repository that a wheel carries inside the package."""

from pathlib import Path
from shutil import copy2, copytree, ignore_patterns, rmtree

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("alembic.ini", "certificates", "curricula", "migrations")
"""Found again through ``app/platform/locations.py``."""


class BuildWithShipped(build_py):
    """Build the package, then lay into it what stands at the top."""

    def run(self) -> None:
        """An editable installation uses the checkout's own folders."""
        super().run()
        if self.editable_mode:
            return
        place = Path(self.build_lib) / "app" / "shipped"
        rmtree(place, ignore_errors=True)  # what an earlier build left may be gone from the repository
        place.mkdir(parents=True)
        for name in SHIPPED:
            if Path(name).is_dir():
                copytree(name, place / name, ignore=ignore_patterns("__pycache__"))
            else:
                copy2(name, place / name)


setup(cmdclass={"build_py": BuildWithShipped})
