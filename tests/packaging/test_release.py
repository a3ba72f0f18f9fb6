"""What keeps a version from being tagged."""

import subprocess
from pathlib import Path

import pytest

from tests.packaging.release import changelog_faults, tree_faults

VERSION = "1.2.0"
READY = f"# Changelog\n\n## {VERSION} (2026-11-26)\n\n- Une ligne.\n\n## 1.1.0 (2026-10-01)\n\n- Migration 0003.\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (READY, []),
        (READY.replace(f"## {VERSION}", f"## Unreleased\n\n## {VERSION}"), []),
        ("# Changelog\n", ["no section"]),
        (READY.replace(f"## {VERSION}", f"## Unreleased\n\n- Encore.\n\n## {VERSION}"), ["Unreleased"]),
        (READY.replace(VERSION, "1.3.0"), ["no section 1.2.0"]),
        (READY.replace(" (2026-11-26)", ""), ["no day"]),
        (READY.replace("- Une ligne.", "- Plus vite. Migrations 0004 et 0005."), ["no heading Upgrade"]),
        (READY.replace("- Une ligne.", "- Migration 0004.\n\n### Upgrade\n\nRien."), []),
    ],
)
def test_changelog_faults_of_a_version(text: str, words: list[str]) -> None:
    faults = changelog_faults(text, VERSION)
    assert len(faults) == len(words)
    assert all(word in fault for word, fault in zip(words, faults, strict=True))


def test_checkout_with_changes_or_an_existing_tag_is_refused(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        author = ["-c", "user.name=Zoé", "-c", "user.email=zoe@example.com"]
        subprocess.run(["git", "-C", str(tmp_path), *author, *words], check=True, capture_output=True)

    git("init")
    git("commit", "--allow-empty", "-m", "Begin")
    assert tree_faults(VERSION, root=tmp_path) == []
    (tmp_path / "new.txt").write_text("x", encoding="utf-8")
    git("tag", f"v{VERSION}")
    assert [fault.split(" ")[1] for fault in tree_faults(VERSION, root=tmp_path)] == ["checkout", "tag"]
