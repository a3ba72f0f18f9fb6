"""PostgreSQL's own programs: the version nearest to the server's, what they report, how they end."""

from pathlib import Path

import pytest

from app.platform.backup.programs import Program, find_program, run_program
from app.platform.errors import Unavailable


def program_on_path(folder: Path, version: str, body: str = "") -> Path:
    """Write a program that says its version."""
    folder.mkdir()
    path = folder / "pg_dump"
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) {version}" && exit\n{body}\n')
    path.chmod(0o755)
    return path


def test_program_of_the_servers_version_is_chosen_then_the_nearest_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact, newest = program_on_path(tmp_path / "a", "97.3"), program_on_path(tmp_path / "b", "99.1")
    monkeypatch.setenv("PATH", f"{exact.parent}:{newest.parent}:/bin:/usr/bin")
    assert find_program("pg_dump", oldest=97, server=97) == Program(exact, 97)
    assert find_program("pg_dump", oldest=98, server=98) == Program(newest, 99)


def test_wheel_of_the_embedded_server_has_them_for_every_supported_server() -> None:
    for server in (15, 16, 17, 18):
        for name in ("pg_dump", "pg_restore"):
            assert find_program(name, oldest=server, server=server).major >= server


def test_program_that_is_missing_is_named_with_its_package() -> None:
    with pytest.raises(Unavailable) as refusal:
        find_program("pg_dump", oldest=98, server=98)
    assert (refusal.value.code, refusal.value.params["oldest"]) == ("program_missing", 98)


def test_program_gets_the_password_apart_and_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCOUADE_KEYRING", "/secret")
    body = 'echo "$*" >&2; env >&2; echo "error: no such thing" >&2; exit 1'
    path = program_on_path(tmp_path / "a", "97", body)
    lines: list[str] = []
    url = "postgresql+psycopg://owner:phrase@host/db?sslmode=require"
    with pytest.raises(Unavailable) as refusal:
        run_program(Program(path, 97), "--file=x", url=url, on_line=lines.append)
    assert refusal.value.params == {"program": "pg_dump", "detail": "error: no such thing"}
    assert lines[0] == "--dbname=host=host dbname=db user=owner sslmode=require --no-password --verbose --file=x\n"
    assert "PGPASSWORD=phrase\n" in lines
    assert not [line for line in lines if line.startswith("ESCOUADE_")]
