"""Which tests need neither the web framework nor the database, and the check that they do without."""

from collections.abc import Sequence
from fnmatch import fnmatch
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

TESTS = Path(__file__).parent
FORBIDDEN = frozenset({"fastapi", "starlette", "sqlalchemy", "sqlmodel", "psycopg"})

UNIT = (
    "*/test_*rules*.py",
    "*/test_schema*.py",
    "curricula/test_catalogue.py",
    "curricula/test_changes.py",
    "curricula/test_library.py",
    "curricula/test_loader.py",
    "curricula/test_strict_yaml.py",
    "platform/test_i18n.py",
    "platform/test_keyring.py",
    "platform/test_verifiable_credentials.py",
)
"""What ``make test-unit`` runs: patterns of paths in ``tests``."""


def is_unit(path: Path) -> bool:
    """Whether a file, or a file of a folder, holds tests that run without the web and the database."""
    if path.is_dir():
        return any(is_unit(file) for file in path.rglob("test_*.py"))
    relative = path.relative_to(TESTS).as_posix()
    return path.name == "__init__.py" or any(fnmatch(relative, pattern) for pattern in UNIT)


class NoWebNorDatabase(MetaPathFinder):
    """Refuses the packages that pure code does not import."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise :class:`ImportError` for a package that is forbidden, and for what is in it."""
        if fullname.partition(".")[0] in FORBIDDEN:
            raise ImportError(f"{fullname} is imported by a test that is to run without it (tests/unit.py)")
        return None
