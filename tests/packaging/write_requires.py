"""Writes ``requires.json``: what every package that a lock pins requires, as the index says (``make locks``).

pip is asked for each system that a lock is for, one lock at a time: two locks may pin two versions of one package. What
one answer has said is not asked again.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.packaging.locks import LOCKS, REQUIRES, Environment, environments, pins

TAGS = {
    ("linux", "x86_64"): ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    ("linux", "aarch64"): (
        "manylinux_2_28_aarch64",
        "manylinux_2_24_aarch64",
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
    ),
    ("darwin", "arm64"): ("macosx_15_0_arm64",),
    ("win32", "AMD64"): ("win_amd64",),
}
"""The wheels that each system takes, as pip names them."""


def main() -> None:
    """Ask, and write."""
    found: dict[str, list[str]] = {}
    for where in environments():
        for lock in LOCKS:
            wanted = {pin.key for pin in pins(lock) if pin.applies(where) and pin.key not in found}
            if wanted:
                found |= dict(_told(sorted(wanted), where))
    text = json.dumps(dict(sorted(found.items())), indent=1, ensure_ascii=False)
    REQUIRES.write_text(text + "\n", encoding="utf-8")


def _told(wanted: list[str], where: Environment) -> Iterator[tuple[str, list[str]]]:
    platforms = [f"--platform={tag}" for tag in TAGS[where["sys_platform"], where["platform_machine"]]]
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.json"
        command = [
            sys.executable, "-m", "pip", "install", "-qq", "--dry-run", "--ignore-installed", "--no-deps",
            "--only-binary=:all:", "--ignore-requires-python", f"--python-version={where['python_version']}",
            *platforms, f"--target={place}/nowhere", f"--report={report}", *wanted,
        ]  # fmt: skip
        subprocess.run(command, check=True)
        for item in json.loads(report.read_text(encoding="utf-8"))["install"]:
            told = item["metadata"]
            yield f"{canonicalize_name(told['name'])}=={told['version']}", sorted(told.get("requires_dist", []))


if __name__ == "__main__":
    main()
