"""Every reason of curricula has a text in the catalogue, and every such text has a reason."""

import re
from pathlib import Path

from app.curricula.files.loader import FIELD_ERRORS
from app.platform.messages.i18n import catalogue

APP = Path(__file__).parents[2] / "app"
CHECKED = (APP / "curricula", APP / "codev" / "protocols")
SOURCE = "\n".join(path.read_text("utf-8") for folder in CHECKED for path in folder.rglob("*.py"))
PREFIX = "reason.curricula."


def catalogue_codes() -> set[str]:
    return {key.removeprefix(PREFIX) for key in catalogue("fr") if key.startswith(PREFIX)}


def test_every_reason_has_a_text() -> None:
    findings = set(re.findall(r'finding\(\s*"(\w+)"', SOURCE))
    notes = {f"yaml.{code}" for code in re.findall(r'_note\("(\w+)"', SOURCE)}
    problems = set(re.findall(r'roblem\([^"]*"curricula\.([\w.]+)"', SOURCE))
    assert len(findings) > 20
    assert findings | notes | problems | {f"shape.{shape}" for shape in (*FIELD_ERRORS, "other")} <= catalogue_codes()


def test_every_text_has_a_reason() -> None:
    words = set(re.findall(r'"(?:curricula\.)?([\w.]+)"', SOURCE))
    assert {code for code in catalogue_codes() if code not in words and code.partition(".")[2] not in words} == set()
