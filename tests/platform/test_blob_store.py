"""The blob store: atomic content-addressed writes, the sweep of unreferenced files, streamed ZIP archives."""

import io
import os
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.features import METADATA
from app.platform.audit.data_register import file_columns
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.documents.blob_store import exists, files_before, load, store, sweep, zip_stream
from app.platform.jobs.upkeep import referenced_files, sweep_files
from tests.factories import eligible
from tests.factories.network import World, as_

DAY = timedelta(days=1)


def store_aged(root: Path, content: bytes, age: timedelta) -> str:
    """Store bytes as if that long ago; return their digest."""
    name = store(root, content)
    set_age(root / "files" / name[:2] / name, age)
    return name


def set_age(path: Path, age: timedelta) -> None:
    moment = time.time() - age.total_seconds()
    os.utime(path, (moment, moment))


def partial_file(root: Path, age: timedelta) -> Path:
    """Write what a crash leaves of a file that was being written."""
    path = root / "files" / "ab" / "tmpx3k9_a"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"%PDF-1.")
    set_age(path, age)
    return path


# The worker's sweep ------------------------------------------------------------------------------


def test_sweep_files_deletes_old_unreferenced_files_only(database: Database, world: World, settings: Settings) -> None:
    root = settings.data_dir
    referenced, orphan = store_aged(root, b"remise", 9 * DAY), store_aged(root, b"orphelin", 2 * DAY)
    young = store_aged(root, b"jeune", DAY - timedelta(minutes=1))
    old_partial, young_partial = partial_file(root, 2 * DAY), partial_file(root / "autre", timedelta(0))
    with database.engine.begin() as owner:
        owner.execute(
            text(
                "insert into hand_in (college_id, enrolment_id, activity_code, attempt, file_name, file_sha256, "
                "received_at, received_from) values (:college, :enrolment, 'GEN-1.C', 1, 'carte.pdf', :name, now(), 1)"
            ),
            {"college": world.alma, "enrolment": world.enrolments["maude"], "name": referenced},
        )
    assert sweep_files(database, root) == 2
    assert [exists(root, name) for name in (referenced, young, orphan)] == [True, True, False]
    assert not old_partial.exists()
    assert young_partial.exists()
    assert sweep_files(database, root) == 0


def test_sweep_files_empty_store_deletes_nothing(database: Database, settings: Settings) -> None:
    assert sweep_files(database, settings.data_dir) == 0


# Columns that refer to files ---------------------------------------------------------------------


@pytest.fixture
def issued(client: TestClient, database: Database, world: World) -> None:
    """Create a row in each table that refers to files."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
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
def test_sweep_files_keeps_what_each_column_refers_to(
    database: Database, settings: Settings, table: str, column: str, form: str
) -> None:
    name = store_aged(settings.data_dir, b"contenu", 9 * DAY)
    with database.engine.begin() as owner:
        extra = ", file_name = 'a.pdf', body = null" if table == "hand_in" else ""
        kind = "jsonb" if column == "record" else "text"
        update = f"update {table} set {column} = cast(:value as {kind}){extra}"  # noqa: S608 - names in this file
        changed = owner.execute(text(update), {"value": form.format(name)})
        assert changed.rowcount > 0
    assert referenced_files(database) >= {name}
    assert sweep_files(database, settings.data_dir) == 0
    assert load(settings.data_dir, name) == b"contenu"


NO_FILES = frozenset(
    {
        "audit_entry.digest", "audit_entry.id", "audit_seal.mac", "published_curriculum.sha256",
        "hand_in.file_name", "hand_in.file_type", "hand_in.file_size", "person.document_name",
    }
)  # fmt: skip
"""Columns that look like references to stored files and are not: other digests, names and types of uploads."""


def looks_like_a_file(name: str, length: int | None) -> bool:
    """Return whether a column may refer to a file, by its name or by its length: that of a digest, with or without
    an extension."""
    words = {"sha256", "file", "logo", "image", "picture", "photo", "document", "attachment"}
    return bool(words & set(name.split("_"))) or (length is not None and 64 <= length <= 70)


def test_every_column_that_may_name_a_file_is_declared() -> None:
    """A new column fails here until ``files`` of ``app/platform/audit/data_register.toml`` declares it."""
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


# Concurrent changes ------------------------------------------------------------------------------


def test_sweep_file_stored_again_meanwhile_is_kept(tmp_path: Path) -> None:
    name = store_aged(tmp_path, b"contenu", 9 * DAY)
    candidates = files_before(tmp_path, now() - DAY)
    assert [path.name for path in candidates] == [name]
    store(tmp_path, b"contenu")
    assert sweep(candidates, set(), now() - DAY) == 0
    assert load(tmp_path, name) == b"contenu"


def test_sweep_file_renamed_by_an_interrupted_sweep_is_restored_when_referenced(tmp_path: Path) -> None:
    for content, referenced in ((b"referenced", True), (b"orphan", False)):
        name = store_aged(tmp_path, content, 9 * DAY)
        path = tmp_path / "files" / name[:2] / name
        path.replace(path.with_suffix(".swept"))
        sweep(files_before(tmp_path, now() - DAY), {name} if referenced else set(), now() - DAY)
        assert path.exists() is referenced
        assert [p.name for p in path.parent.iterdir()] == ([name] if referenced else [])


def test_sweep_file_deleted_meanwhile_is_no_error(tmp_path: Path) -> None:
    store_aged(tmp_path, b"contenu", 9 * DAY)
    candidates = files_before(tmp_path, now() - DAY)
    candidates[0].unlink()
    assert sweep(candidates, set(), now() - DAY) == 0


# ZIP archives ------------------------------------------------------------------------------------


def test_zip_stream_pieces_make_a_reproducible_archive() -> None:
    at = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
    members = [(f"{n}.pdf", bytes([n]) * 100_000) for n in range(20)]
    pieces = list(zip_stream(members, at))
    assert len(pieces) == 21
    assert pieces == list(zip_stream(members, at))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as opened:
        assert opened.testzip() is None
        assert [(name, opened.read(name)) for name in opened.namelist()] == members
        assert opened.infolist()[0].date_time == (2026, 11, 22, 14, 2, 0)
