"""The source distribution and the wheel, built as they are published, from the files that git knows."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from app.platform.locations import ROOT


@dataclass(frozen=True)
class Built:
    """What a build made."""

    sdist: Path
    wheel: Path


def tracked() -> set[str]:
    """Return the repository's files: those that git keeps and those that it would, without what it ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {name for name in told.split("\0") if (ROOT / name).is_file()}


def build(place: Path) -> Built:
    """Build in a copy, so that nothing of an earlier build comes in; the wheel is made from the source distribution.

    The tools are those of the lock: no environment is made for them, and no index is asked.
    """
    source, made = place / "source", place / "made"
    for name in tracked():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    command = [sys.executable, "-W", "error", "-m", "build", "--no-isolation", "--outdir", str(made), str(source)]
    done = subprocess.run(command, cwd=place, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (sdist,), (wheel,) = made.glob("*.tar.gz"), made.glob("*.whl")
    return Built(sdist, wheel)
