"""Kept files: the same bytes once, and gone a day after nobody names them, never sooner."""

import io
import os
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cli.worker import named_files, sweep_files
from app.features import METADATA
from app.platform.audit.data_register import file_columns
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.documents.blob_store import is_kept, load, store, strays, sweep, zipped
from tests.factories import eligible as story
from tests.factories.network import World, as_

DAY = timedelta(days=1)


def put(root: Path, content: bytes, age: timedelta) -> str:
    """Keep bytes as if that long ago."""
    name = store(root, content)
    grow_old(root / "files" / name[:2] / name, age)
    return name


def grow_old(path: Path, age: timedelta) -> None:
    moment = time.time() - age.total_seconds()
    os.utime(path, (moment, moment))


def half(root: Path, age: timedelta) -> Path:
    """What a crash leaves of a file that was being written."""
    path = root / "files" / "ab" / "tmpx3k9_a"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"%PDF-1.")
    grow_old(path, age)
    return path


# One after the other, by the worker --------------------------------------------------------------


def test_an_orphan_goes_a_young_one_and_a_named_one_stay(database: Database, world: World, settings: Settings) -> None:
    root = settings.data_dir
    named, orphan = put(root, b"remise", 9 * DAY), put(root, b"orphelin", 2 * DAY)
    young = put(root, b"jeune", DAY - timedelta(minutes=1))
    old_half, young_half = half(root, 2 * DAY), half(root / "autre", timedelta(0))
    with database.engine.begin() as owner:
        owner.execute(
            text(
                "insert into hand_in (college_id, enrolment_id, activity_code, attempt, file_name, file_sha256, "
                "received_at, received_from) values (:college, :enrolment, 'GEN-1.C', 1, 'carte.pdf', :name, now(), 1)"
            ),
            {"college": world.alma, "enrolment": world.enrolments["maude"], "name": named},
        )
    assert sweep_files(database, root) == 2
    assert [is_kept(root, name) for name in (named, young, orphan)] == [True, True, False]
    assert not old_half.exists()
    assert young_half.exists()
    assert sweep_files(database, root) == 0


def test_nothing_is_kept_yet(database: Database, settings: Settings) -> None:
    assert sweep_files(database, settings.data_dir) == 0


# Whoever names a file ----------------------------------------------------------------------------


@pytest.fixture
def issued(client: TestClient, database: Database, world: World) -> None:
    """A row in each table that names files."""
    story.sign(database, world)
    story.attend(database, world, "maude")
    answer = as_(client, database, world, "registrar").post(
        f"/api/v1/enrolments/{world.enrolments['maude']}/certificates", json={"kind": "attestation_participation"}
    )
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("table", "column", "form"),
    [
        ("college", "logo", "{}.png"),
        ("college", "logo", "{}"),
        ("signatory", "image", "{}.png"),
        ("certificate", "pdf_sha256", "{}"),
        ("certificate", "record", '{{"logo": "{}.png"}}'),
        ("certificate", "record", '{{"signatories": [{{"name": "A"}}, {{"image": "{}.png"}}]}}'),
        ("hand_in", "file_sha256", "{}"),
    ],
)
@pytest.mark.usefixtures("issued")
def test_each_column_keeps_what_it_names(
    database: Database, settings: Settings, table: str, column: str, form: str
) -> None:
    name = put(settings.data_dir, b"contenu", 9 * DAY)
    with database.engine.begin() as owner:
        extra = ", file_name = 'a.pdf', body = null" if table == "hand_in" else ""
        kind = "jsonb" if column == "record" else "text"
        given = f"update {table} set {column} = cast(:value as {kind}){extra}"  # noqa: S608 - our own names
        changed = owner.execute(text(given), {"value": form.format(name)})
        assert changed.rowcount > 0
    assert named_files(database) >= {name}
    assert sweep_files(database, settings.data_dir) == 0
    assert load(settings.data_dir, name) == b"contenu"


NO_FILES = frozenset(
    {
        "audit_entry.digest", "audit_entry.id", "audit_seal.mac", "published_curriculum.sha256",
        "hand_in.file_name", "hand_in.file_type", "hand_in.file_size",
    }
)  # fmt: skip
"""Columns that look as if they named a file and do not: other digests, what a file was called."""


def looks_like_a_file(name: str, length: int | None) -> bool:
    """By its name, or by its length: a digest in hexadecimal, with or without an ending."""
    words = {"sha256", "file", "logo", "image", "picture", "photo", "document", "attachment"}
    return bool(words & set(name.split("_"))) or (length is not None and 64 <= length <= 70)


def test_every_column_that_may_name_a_file_is_declared() -> None:
    """A new one fails here until ``files`` of ``app/platform/audit/data_register.toml`` tells the sweep of it."""
    suspects = {
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        for column in table.columns
        if looks_like_a_file(column.name, getattr(column.type, "length", None)) and not column.name.endswith("_hash")
    }
    declared = {f"{table}.{column}" for table, column in file_columns()}
    assert suspects - NO_FILES <= declared
    assert NO_FILES.isdisjoint(declared)
    assert declared - {"certificate.record"} <= suspects


# At the same moment ------------------------------------------------------------------------------


def test_what_is_stored_again_is_young_again(tmp_path: Path) -> None:
    name = put(tmp_path, b"contenu", 9 * DAY)
    found = strays(tmp_path, now() - DAY)
    assert [path.name for path in found] == [name]
    store(tmp_path, b"contenu")
    assert sweep(found, set(), now() - DAY) == 0
    assert load(tmp_path, name) == b"contenu"


def test_what_a_sweep_had_put_aside_comes_back_when_it_is_named(tmp_path: Path) -> None:
    for content, named in ((b"named", True), (b"orphan", False)):
        name = put(tmp_path, content, 9 * DAY)
        path = tmp_path / "files" / name[:2] / name
        path.replace(path.with_suffix(".swept"))
        sweep(strays(tmp_path, now() - DAY), {name} if named else set(), now() - DAY)
        assert path.exists() is named
        assert [p.name for p in path.parent.iterdir()] == ([name] if named else [])


def test_a_file_that_goes_by_itself_is_no_error(tmp_path: Path) -> None:
    put(tmp_path, b"contenu", 9 * DAY)
    found = strays(tmp_path, now() - DAY)
    found[0].unlink()
    assert sweep(found, set(), now() - DAY) == 0


# Many in one -------------------------------------------------------------------------------------


def test_an_archive_comes_in_pieces_and_is_whole() -> None:
    at = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
    given = [(f"{n}.pdf", bytes([n]) * 100_000) for n in range(20)]
    pieces = list(zipped(given, at))
    assert len(pieces) == 21
    assert pieces == list(zipped(given, at))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as opened:
        assert opened.testzip() is None
        assert [(name, opened.read(name)) for name in opened.namelist()] == given
        assert opened.infolist()[0].date_time == (2026, 11, 22, 14, 2, 0)
