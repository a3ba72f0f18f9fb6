"""What a process that serves requests loads: none of the libraries that make documents."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from app.platform.locations import ROOT
from tests import server
from tests.access.access_db import Template
from tests.conftest import RING


@pytest.mark.timeout(300)
def test_web_serves_every_route_without_loading_the_libraries_of_documents(records: Template, tmp_path: Path) -> None:
    """A process of its own, as others have loaded them: calling every route takes half a minute."""
    given = tmp_path / "template"
    given.write_bytes(pickle.dumps((records, RING, server._LOGIN)))
    command = [sys.executable, "-c", "from tests.access.light_web import main; main()", str(given)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answered, routes, *loaded = done.stdout.splitlines()[-1].split()
    assert loaded == []
    assert int(answered) > int(routes) // 2
