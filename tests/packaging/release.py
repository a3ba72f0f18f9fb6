"""What keeps this version from being tagged: ``make release-check``. The suite itself is run apart, by ``.ci/run``."""

import re
import subprocess
import sys
from pathlib import Path

from app import __version__
from app.platform.locations import ROOT

HEADING = re.compile(r"^## (?P<version>\S+)(?: \((?P<day>\d{4}-\d{2}-\d{2})\))?$", re.MULTILINE)


def changelog_faults(text: str, version: str) -> list[str]:
    """Return what is wrong with the changelog of a version about to be tagged.

    Its first section is the version's, with its day; nothing waits under "Unreleased"; a section that names a migration
    has a heading "Upgrade", for whoever operates the service.
    """
    headings = list(HEADING.finditer(text))
    if not headings:
        return ["CHANGELOG.md has no section"]
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    sections = {h["version"]: (h["day"], text[h.end() : end]) for h, end in zip(headings, ends, strict=True)}
    faults = []
    if sections.pop("Unreleased", (None, ""))[1].strip():
        faults.append(f"CHANGELOG.md: what is under Unreleased belongs to {version}")
    if version not in sections:
        return [*faults, f"CHANGELOG.md has no section {version}"]
    day, body = sections[version]
    if day is None:
        faults.append(f"CHANGELOG.md: the section {version} has no day, as in: ## {version} (2026-11-26)")
    if re.search(r"[Mm]igrations? \d{4}", body) and "### Upgrade" not in body:
        faults.append(f"CHANGELOG.md: {version} migrates the database and has no heading Upgrade")
    return faults


def tree_faults(version: str, *, root: Path = ROOT) -> list[str]:
    """Return what is wrong with the checkout: changes that no commit has, a tag that exists."""
    faults = []
    if _git(root, "status", "--porcelain"):
        faults.append("the checkout has changes that are not committed")
    if _git(root, "tag", "--list", f"v{version}"):
        faults.append(f"the tag v{version} exists: choose another version in pyproject.toml")
    return faults


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Print each fault and exit 1; without one, print the commands that tag the version."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    faults = changelog_faults(changelog, __version__) + tree_faults(__version__)
    for fault in faults:
        print(f"  - {fault}")
    if faults:
        sys.exit(1)
    print(f"Once .ci/run has passed: git tag -s v{__version__} && git push origin v{__version__}")


if __name__ == "__main__":
    main()
