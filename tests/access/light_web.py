"""Calls every route in a fresh process, and prints which code has loaded one of the heavy libraries.

Run by ``tests/access/test_memory.py``, with a file that holds a template of the access tests and what opens it.
"""

import pickle
import sys
import traceback
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

from app.platform.config import Settings
from app.platform.database.transaction import Addresses, Database

HEAVY = frozenset({"weasyprint", "pyhanko", "pyld", "fontTools", "pikepdf", "pillow_heif"})


class Importers(MetaPathFinder):
    """Notes which code of the application makes this process import a heavy library."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Find nothing."""
        if fullname in HEAVY:
            ours = [f for f in traceback.extract_stack() if "/app/" in f.filename]
            self.found.append(f"{fullname}:{ours[-1].filename}:{ours[-1].lineno}" if ours else fullname)


def main() -> None:
    """Call every route as each actor whom it answers, reads first, and print what was loaded."""
    importers = Importers()
    sys.meta_path.insert(0, importers)
    from app.main import create_app  # noqa: PLC0415

    sys.meta_path.remove(importers)  # what the tests import is not looked at
    from tests import conftest, server  # noqa: PLC0415
    from tests.access.access_db import AccessDatabase  # noqa: PLC0415
    from tests.access.matrix import MATRIX  # noqa: PLC0415

    for name in [name for name in sys.modules if name.partition(".")[0] in HEAVY]:
        del sys.modules[name]
    sys.meta_path.insert(0, importers)
    template, ring, login = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - our own
    conftest.RING = ring
    server.__dict__["RING"] = ring
    server._LOGIN.update(login)
    nowhere = Database(Addresses("postgresql+psycopg://nowhere/none"))
    site = create_app(Settings(base_url=conftest.SITE), nowhere, ring)
    access = AccessDatabase(template, site, "light")
    access.attach()
    answered = 0
    with access.client:
        for row in sorted(MATRIX, key=lambda row: not row.startswith("GET")):
            allowed = [actor for actor, cell in MATRIX[row].items() if cell[0] in "23"]
            for actor in allowed[:1]:
                answer = access.call(actor, row, access.places["alma"])
                answered += answer.status_code < 400
    access.drop()
    print(answered, len(MATRIX), *importers.found)
