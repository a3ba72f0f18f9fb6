"""The files of ``deploy/`` name commands, options, settings and packages that exist."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from app.cli import COMMANDS, app
from app.platform.config import Settings
from app.platform.locations import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SETTINGS = {f"ESCOUADE_{field.upper()}" for field in Settings.model_fields} | {"ESCOUADE_SETTINGS"}


def words_are_a_command(words: list[str]) -> bool:
    """Return whether the words after ``escouade`` are one of its commands with options that it has."""
    group = get_command(app)
    command = group.get_command(None, words[0]) if words[0] in COMMANDS else None  # type: ignore[attr-defined]
    options = {option for parameter in command.params for option in parameter.opts} if command else set()
    return command is not None and {word for word in words[1:] if word.startswith("--")} <= options


def test_words_of_no_command_are_recognised() -> None:
    assert words_are_a_command(["serve", "--port", "8000"])
    assert not words_are_a_command(["serve", "--prot", "8000"])
    assert not words_are_a_command(["sevre"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_unit_starts_a_command_that_exists(unit: Path) -> None:
    started = re.findall(r"^ExecStart=/opt/escouade/bin/escouade (.+)$", unit.read_text("utf-8"), re.MULTILINE)
    assert [words_are_a_command(line.split()) for line in started] == [True]


def test_only_the_web_unit_is_kept_from_the_owner_address() -> None:
    hidden = {unit.stem for unit in UNITS if "InaccessiblePaths=-/etc/escouade/owner.env" in unit.read_text("utf-8")}
    assert hidden == {"escouade-web"}


@pytest.mark.parametrize("name", ["escouade.env", "owner.env"])
def test_sample_settings_are_settings(name: str) -> None:
    names = re.findall(r"^([A-Z_]+)=", (DEPLOY / name).read_text("utf-8"), re.MULTILINE)
    assert names
    assert set(names) <= SETTINGS
    assert ("ESCOUADE_DATABASE_OWNER_URL" in names) == (name == "owner.env")


def test_compose_services_start_commands_that_exist_and_web_lacks_the_owner_address() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    commands = {name: service["command"] for name, service in services.items() if "command" in service}
    assert set(commands) == {"worker", "migrate", "backup"}
    assert all(words_are_a_command(words) for words in commands.values())
    assert {name for name, service in services.items() if "owner.env" in service.get("secrets", [])} == set(commands)
    variables = {key for service in services.values() for key in service.get("environment", {})}
    assert {key for key in variables if key.startswith("ESCOUADE_")} <= SETTINGS


def test_container_installs_what_the_documents_need() -> None:
    image, setup = (DEPLOY / "Containerfile").read_text("utf-8"), (ROOT / ".ci" / "setup").read_text("utf-8")
    needed = set(re.findall(r'"(lib[\w.-]+-?\d+)": \(', setup))
    assert needed
    assert all(package in image for package in needed)


def test_proxies_of_compose_and_of_one_machine_differ_in_the_address_alone() -> None:
    alone, composed = ((DEPLOY / name).read_text("utf-8") for name in ("Caddyfile", "Caddyfile.compose"))
    assert composed == alone.replace("127.0.0.1:8000", "web:8000")


def test_wrapper_runs_the_command_as_the_service(tmp_path: Path) -> None:
    """Run with programs in place of ``id`` and ``runuser`` that say who asks and what they were given."""
    wrapper = DEPLOY / "escouade"
    assert os.access(wrapper, os.X_OK)
    program = tmp_path / "program"
    for name, line in {"id": "echo $ACCOUNT", "runuser": 'echo runuser "$@"', "program": 'echo program "$@"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    script = wrapper.read_text("utf-8").replace("/opt/escouade/bin/escouade", str(program))
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def run(account: str) -> str:
        command = ["sh", "-c", script, "escouade", "backup", "a b"]
        variables = environment | {"ACCOUNT": account}
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout.strip()

    assert run("escouade") == "program backup a b"
    assert run("root") == f"runuser -u escouade -- env HOME=/var/lib/escouade {program} backup a b"


def test_files_that_the_guide_installs_exist_and_only_the_wrapper_is_run() -> None:
    guide = (ROOT / "docs" / "install.md").read_text("utf-8")
    commands = re.findall(r"^    (.+)$", guide, re.MULTILINE)
    named = [name for line in commands for name in re.findall(r"deploy/[\w./*-]+", line)]
    assert "deploy/escouade" in named
    assert all(list(ROOT.glob(name)) for name in named)
    assert not [line for line in commands if re.search(r"\bsudo\b|^alias|^/opt/escouade/bin/escouade", line)]
