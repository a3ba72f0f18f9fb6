"""The reasons of this feature: each has its sentence, and no sentence is left over."""

import re
from pathlib import Path

from app.curricula.files.loader import SHAPES
from app.platform.messages.i18n import catalogue

SOURCE = "\n".join(path.read_text("utf-8") for path in (Path(__file__).parents[2] / "app/curricula").rglob("*.py"))
PREFIX = "reason.curricula."


def said() -> set[str]:
    return {key.removeprefix(PREFIX) for key in catalogue("fr") if key.startswith(PREFIX)}


def test_every_reason_has_a_sentence() -> None:
    findings = set(re.findall(r'_finding\(\s*"(\w+)"', SOURCE))
    notes = {f"yaml.{code}" for code in re.findall(r'_note\("(\w+)"', SOURCE)}
    problems = set(re.findall(r'roblem\([^"]*"curricula\.([\w.]+)"', SOURCE))
    assert len(findings) > 20
    assert findings | notes | problems | {f"shape.{shape}" for shape in (*SHAPES, "other")} <= said()


def test_no_sentence_is_left_over() -> None:
    words = set(re.findall(r'"(?:curricula\.)?([\w.]+)"', SOURCE))
    assert {code for code in said() if code not in words and code.partition(".")[2] not in words} == set()
