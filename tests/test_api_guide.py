"""Each example of docs/api.md, run in order by the real curl against the application on a loopback port.

An example is a block of ``bash``; below it, ``Answers `201` with `Header`:`` and what the answer holds. A sentence
``Keep `a.0.b` as `$NAME`.`` gives a variable to the examples that follow.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.platform.locations import ROOT
from tests.factories.network import PASSWORD, World

PAGE = ROOT / "docs" / "api.md"
EXAMPLE = re.compile(
    r"^```bash\n(?P<script>.*?)^```\n"
    r"(?:\nAnswers `(?P<status>\d{3})`(?: with (?P<headers>`[\w-]+`(?:, `[\w-]+`)*))?"
    r"(?::\n\n```json\n(?P<body>.*?)^```|\.)(?P<after>.*?))?(?=^```bash|\Z)",
    re.DOTALL | re.MULTILINE,
)
KEEP = re.compile(r"Keep (?P<header>the header )?`(?P<path>[^`]+)` as `\$(?P<name>[A-Z_]+)`")
RECORD = 'curl() { command curl -D "$RECORDED/head" -o "$RECORDED/body" "$@"; }\n'
"""What ``curl`` is to the examples: itself, with its answer written to two files."""


@dataclass(frozen=True)
class Example:
    """A block of the page with what the page says of its answer."""

    script: str
    status: int
    headers: tuple[str, ...]
    body: Any
    kept: tuple[tuple[str, str, bool], ...]


def examples() -> list[Example]:
    """Return the examples of the page in order; each block of ``bash`` must be followed by its status."""
    read = []
    for found in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")):
        assert found["status"], f"no status below: {found['script']}"
        read.append(
            Example(
                found["script"],
                int(found["status"]),
                tuple(re.findall(r"`([\w-]+)`", found["headers"] or "")),
                json.loads(found["body"]) if found["body"] else None,
                tuple((k["path"], k["name"], bool(k["header"])) for k in KEEP.finditer(found["after"])),
            )
        )
    return read


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve the application on a free loopback port inside the context; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def run(script: str, variables: dict[str, str], folder: Path) -> tuple[int, Message, Any]:
    """Run a block in bash; return the status, headers and JSON of the last answer that curl got."""
    for name in ("head", "body"):
        (folder / name).write_bytes(b"")
    done = subprocess.run(
        ["bash", "-euc", RECORD + script],
        env={**os.environ, **variables, "RECORDED": str(folder), "NO_PROXY": "127.0.0.1"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n{done.stderr}"
    last = (folder / "head").read_text().strip().replace("\r", "").split("\n\n")[-1]
    line, _, rest = last.partition("\n")
    body = (folder / "body").read_text(encoding="utf-8")
    return int(line.split()[1]), message_from_string(rest), json.loads(body) if body else None


def missing(shown: Any, answer: Any, path: str = "") -> Iterator[str]:
    """Yield what the page shows and the answer lacks: keys at any depth, the first item of a list, other codes."""
    if isinstance(shown, dict):
        for key, value in shown.items():
            place = f"{path}.{key}"
            if not isinstance(answer, dict) or key not in answer:
                yield place
            elif key in {"code", "status", "type"} and isinstance(value, str | int) and "status" in shown:
                yield from [] if answer[key] == value else [f"{place} = {value}, not {answer[key]}"]
            else:
                yield from missing(value, answer[key], place)
    elif isinstance(shown, list) and shown:
        yield from missing(shown[0], answer[0], f"{path}.0") if isinstance(answer, list) and answer else [f"{path}.0"]
    elif isinstance(shown, list) and not isinstance(answer, list):
        yield path


def at(answer: Any, path: str) -> str:
    """Return a value of an answer by its path, such as ``items.0.id``."""
    for part in path.split("."):
        answer = answer[int(part) if part.isdecimal() else part]
    return str(answer)


def test_page_has_examples_of_each_status_that_it_can_show() -> None:
    shown = {example.status for example in examples()}
    assert len(examples()) > 20
    assert {200, 201, 204, 304, 401, 403, 404, 409, 413, 422, 429} <= shown


@pytest.mark.parametrize("bad", [{"a": 1}, {"a": {"b": 1}}, {"code": "x", "status": 400}, {"items": [{"id": 1}]}, [1]])
def test_a_key_or_code_that_is_not_in_the_answer_is_found(bad: Any) -> None:
    assert list(missing(bad, {"b": {}, "code": "y", "status": 400, "items": []})) != []


def test_each_example_answers_what_the_page_says(client: TestClient, world: World, tmp_path: Path) -> None:
    """About three seconds: a server and a process of curl for each request, as a reader of the page starts them."""
    assert shutil.which("bash"), "the examples of docs/api.md are run by bash, which this machine lacks"
    assert shutil.which("curl"), "the examples of docs/api.md are run by curl, which this machine lacks"
    assert isinstance(client.app, FastAPI)
    with served(client.app) as base:
        variables = {"BASE": base, "EMAIL": world.emails["coordinator"], "PASSWORD": PASSWORD}
        for example in examples():
            status, headers, answer = run(example.script, variables, tmp_path)
            assert status == example.status, f"{example.script}\n{status} {answer}"
            assert [name for name in example.headers if name not in headers] == [], example.script
            assert list(missing(example.body, answer)) == [], f"{example.script}\n{answer}"
            for path, name, is_header in example.kept:
                variables[name] = headers[path] if is_header else at(answer, path)
