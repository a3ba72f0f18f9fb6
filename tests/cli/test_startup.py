"""What a command imports before it works: those that need no database load neither the web nor the features."""

import subprocess
import sys

import pytest

from app.cli import COMMANDS
from app.features import FEATURES
from app.platform.locations import ROOT

REPORT = """
import sys
from app.cli import main
try:
    main()
except SystemExit:
    pass
print(*sorted(sys.modules), file=sys.stderr)
"""
HEAVY = {"fastapi", "starlette", "sqlalchemy", "weasyprint", "app.features", "app.main"}


def modules_loaded(*words: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded once the command is done."""
    command = [sys.executable, "-c", REPORT, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", ["--help", "keys --help", "keys check", "curricula check", "--version"])
def test_a_command_without_a_database_loads_neither_the_web_nor_the_features(words: str) -> None:
    loaded = modules_loaded(*words.split())
    assert "app.cli" in loaded
    assert not HEAVY & loaded
    services = {f"app.{feature.name}.service" for feature in FEATURES}
    assert not {name for name in loaded if name.startswith("app.") and name.endswith((".models", ".api", ".pages"))}
    assert not services & loaded


def test_each_command_is_in_the_module_of_its_name() -> None:
    modules = {name: target.partition(":")[0].replace(".", "/") for name, target in COMMANDS.items()}
    assert all(module.rpartition("/")[2] == name for name, module in modules.items())
    places = [ROOT / "app" / "cli" / module for module in modules.values()]
    assert all(place.with_suffix(".py").exists() or (place / "__init__.py").exists() for place in places)


def test_serve_and_worker_load_nothing_of_what_migrates_the_database_or_reads_workbooks() -> None:
    """Alembic brings Mako and Pygments: 8 MB of each deployment, for what a process that ends does; openpyxl, 9 MB."""
    report = "import sys, app.main, app.cli.serve.serving, app.cli.worker; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"alembic", "mako", "pygments", "openpyxl", "lxml"} & set(done.stdout.split())
