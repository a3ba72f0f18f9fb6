"""The Nu HTML checker, on many documents at once."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

JAR = Path(__file__).parent / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
WRAPPER = '<!doctype html>\n<html lang="fr-CA"><head><title>Fragment</title></head><body>\n{}\n</body></html>\n'
"""What a part of a page is checked in."""


def errors(documents: Mapping[str, str], folder: Path) -> list[str]:
    """Return one line for each kind of error in documents by name: its message, where it stands, and in how many.

    Warnings count as errors; ``folder`` is an empty one.
    """
    names = {}
    for place, (name, text) in enumerate(documents.items()):
        file = folder / f"{place}.html"
        file.write_text(text, encoding="utf-8")
        names[file.name] = name
    options = ["--format", "json", "--exit-zero-always", "--stdout", "--skip-non-html"]
    command = ["java", "-jar", str(JAR), *options, str(folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode or not done.stdout:
        raise RuntimeError(f"the Nu checker failed: {done.stderr[-2000:]}")
    found: dict[str, list[str]] = {}
    for message in json.loads(done.stdout)["messages"]:
        where = f"{names[message['url'].rsplit('/', 1)[-1]]}: {message.get('extract', '').strip()!r}"
        if message["type"] != "info" or message.get("subType") == "warning":
            found.setdefault(re.sub(r"\d+", "0", message["message"]), []).append(where)
    return [f"{what} ({len(places)} times, as in {places[0]})" for what, places in found.items()]
