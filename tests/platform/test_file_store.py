"""The store of files, in a folder and in a bucket: whole writes, verified reads, the sweep of unreferenced files."""

import io
import itertools
import os
import socket
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from app.platform.documents.zip_archives import zip_stream
from app.platform.errors import StorageAway
from app.platform.files.bucket import BucketStore
from app.platform.files.folder import FolderStore
from app.platform.files.store import FileStore
from app.platform.jobs.upkeep import referenced_files, sweep_files
from tests.factories import eligible
from tests.factories.network import World, as_
from tests.factories.s3_server import S3Server
from tests.factories.waiting import free_port, wait_until

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Kept:
    """A store, the folder where its files are on the disk, and whether it is a bucket."""

    files: FileStore
    root: Path

    @property
    def is_bucket(self) -> bool:
        return isinstance(self.files, BucketStore)

    def store_aged(self, content: bytes, age: timedelta) -> str:
        """Store bytes as if that long ago; return their digest."""
        name = self.files.store(content)
        self.age("files", name, age)
        return name

    def age(self, folder: str, name: str, age: timedelta) -> None:
        """Let a file have been stored that long ago; the server of buckets looks at its folders a moment later."""
        set_age(self.root / folder / name[:2] / name, age)
        wait_until(lambda: f"{folder}/{name[:2]}/{name}" in self.files.files_before(now() - age + timedelta(minutes=1)))

    def on_disk(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())

    def sweep(self, referenced: set[str]) -> int:
        """Sweep what is a day old, and where it takes two sweeps, again a day later."""
        deleted = self.files.sweep(self.files.files_before(now() - DAY), referenced, now() - DAY)
        if self.is_bucket:
            for path in (self.root / "swept").glob("*/*"):
                self.age("swept", path.name, 2 * DAY)
            deleted += self.files.sweep(self.files.files_before(now() - DAY), referenced, now() - DAY)
        return deleted


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """An empty store of each kind."""
    if request.param == "folder":
        return Kept(FolderStore(tmp_path), tmp_path)
    s3: S3Server = request.getfixturevalue("s3")
    bucket = s3.bucket()
    return Kept(BucketStore(bucket), s3.folder / bucket.name)


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


# Storing and reading -----------------------------------------------------------------------------


def test_stored_file_is_read_back_and_stored_twice_is_one(kept: Kept) -> None:
    name = kept.files.store(b"contenu")
    assert kept.files.store(b"contenu") == name
    assert (kept.files.load(name), kept.files.exists(name)) == (b"contenu", True)
    assert kept.on_disk() == [f"files/{name[:2]}/{name}"]


def test_missing_file_is_missing(kept: Kept) -> None:
    assert not kept.files.exists("a" * 64)
    for read in (kept.files.load, kept.files.load_restricted):
        with pytest.raises(FileNotFoundError):
            read("a" * 64)
    assert not kept.files.restrict("a" * 64)


def test_changed_byte_is_refused_and_reported(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    name = kept.files.store(b"contenu")
    (kept.root / "files" / name[:2] / name).write_bytes(b"cOntenu")
    with pytest.raises(ValueError, match="altered"):
        kept.files.load(name)
    assert f"files/{name[:2]}/{name}" in caplog.text


def test_restricted_file_is_served_no_more_and_read_for_the_record(kept: Kept) -> None:
    name = kept.files.store(b"contenu")
    assert [kept.files.restrict(name), kept.files.restrict(name)] == [True, False]
    assert not kept.files.exists(name)
    with pytest.raises(FileNotFoundError):
        kept.files.load(name)
    assert kept.files.load_restricted(name) == b"contenu"
    assert kept.on_disk() == [f"restricted/{name[:2]}/{name}"]


def test_check_writes_and_leaves_nothing(kept: Kept) -> None:
    kept.files.check()
    assert kept.on_disk() == []


def test_files_are_copied_out_and_back(kept: Kept, tmp_path: Path) -> None:
    served, ended = kept.files.store(b"x" * 3_000_000), kept.files.store(b"autre")
    kept.files.restrict(ended)
    listed = {stored.path: stored.bytes for stored in kept.files.listed()}
    assert listed == {f"files/{served[:2]}/{served}": 3_000_000, f"restricted/{ended[:2]}/{ended}": 5}
    for path in listed:
        copy = tmp_path / path.rpartition("/")[2]
        kept.files.copy_out(path, copy)
        kept.files.remove(path)
        assert [stored for stored in kept.files.listed() if stored.path == path] == []
        kept.files.put_back(path, copy)
    kept.files.sync()
    assert kept.files.load(served) == b"x" * 3_000_000
    assert kept.files.load_restricted(ended) == b"autre"


# A bucket that is away ---------------------------------------------------------------------------

VERBS: dict[str, Callable[[FileStore], object]] = {
    "store": lambda files: files.store(b"contenu"),
    "load": lambda files: files.load("a" * 64),
    "exists": lambda files: files.exists("a" * 64),
    "restrict": lambda files: files.restrict("a" * 64),
    "files_before": lambda files: files.files_before(now()),
    "remove": lambda files: files.remove("files/aa/a"),
    "check": lambda files: files.check(),
}


HOW = ("ended", "silent", "another key", "without the bucket")
UNSAID = {("exists", "without the bucket"), ("remove", "without the bucket")}
"""What is answered there does not say what is missing."""


@pytest.mark.parametrize(("verb", "how"), sorted(set(itertools.product(VERBS, HOW)) - UNSAID))
def test_bucket_that_is_away_is_said_by_each_verb(s3: S3Server, verb: str, how: str) -> None:
    """A silent server keeps a verb waiting for half a second; a missing bucket is no missing file."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bucket = s3.bucket(seconds=0.5)
        given = {
            "ended": {"endpoint": f"http://127.0.0.1:{free_port()}"},
            "silent": {"endpoint": f"http://127.0.0.1:{silent.getsockname()[1]}"},
            "without the bucket": {"name": "no-such-bucket"},
            "another key": {"access_key": "another"},
        }
        files = BucketStore(replace(bucket, **given[how]))  # type: ignore[arg-type]
        with pytest.raises(StorageAway) as away:
            VERBS[verb](files)
    assert away.value.params["retry_after"] == 5
    assert bucket.secret_key not in str(away.value)


def test_address_of_a_bucket_shows_no_key(s3: S3Server) -> None:
    bucket = s3.bucket()
    shown = f"{bucket!r} {BucketStore(bucket).place}"
    assert bucket.name in shown
    assert bucket.access_key not in shown
    assert bucket.secret_key not in shown


# The worker's sweep ------------------------------------------------------------------------------


def refer_to(database: Database, world: World, name: str) -> None:
    with database.engine.begin() as owner:
        owner.execute(
            text(
                "insert into hand_in (college_id, enrolment_id, activity_code, attempt, file_name, file_sha256, "
                "received_at, received_from) values (:college, :enrolment, 'GEN-1.C', 1, 'carte.pdf', :name, now(), 1)"
            ),
            {"college": world.alma, "enrolment": world.enrolments["maude"], "name": name},
        )


def test_sweep_files_deletes_old_unreferenced_files_only(database: Database, world: World, kept: Kept) -> None:
    referenced, orphan = kept.store_aged(b"remise", 9 * DAY), kept.store_aged(b"orphelin", 2 * DAY)
    young = kept.store_aged(b"jeune", DAY - timedelta(minutes=1))
    refer_to(database, world, referenced)
    deleted = sweep_files(database, kept.files)
    if kept.is_bucket:  # the first sweep moves, and a file that was moved is still read
        assert (deleted, kept.files.load(orphan)) == (0, b"orphelin")
        kept.age("swept", orphan, 2 * DAY)
        deleted = sweep_files(database, kept.files)
    assert deleted == 1
    assert [kept.files.exists(name) for name in (referenced, young, orphan)] == [True, True, False]
    assert sweep_files(database, kept.files) == 0


def test_sweep_files_deletes_what_a_crash_left_of_a_file(database: Database, settings: Settings) -> None:
    root = settings.data_dir
    old_partial, young_partial = partial_file(root, 2 * DAY), partial_file(root / "autre", timedelta(0))
    assert sweep_files(database, FolderStore(root)) == 1
    assert not old_partial.exists()
    assert young_partial.exists()


def test_sweep_files_empty_store_deletes_nothing(database: Database, kept: Kept) -> None:
    assert sweep_files(database, kept.files) == 0


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
    kept = Kept(FolderStore(settings.data_dir), settings.data_dir)
    name = kept.store_aged(b"contenu", 9 * DAY)
    with database.engine.begin() as owner:
        extra = ", file_name = 'a.pdf', body = null" if table == "hand_in" else ""
        kind = "jsonb" if column == "record" else "text"
        update = f"update {table} set {column} = cast(:value as {kind}){extra}"  # noqa: S608 - names in this file
        changed = owner.execute(text(update), {"value": form.format(name)})
        assert changed.rowcount > 0
    assert referenced_files(database) >= {name}
    assert sweep_files(database, kept.files) == 0
    assert kept.files.load(name) == b"contenu"


NO_FILES = frozenset(
    {
        "audit_entry.digest", "audit_entry.id", "audit_seal.mac", "published_curriculum.sha256",
        "hand_in.file_name", "hand_in.file_type", "hand_in.file_size", "person.document_name",
        "cohort_document.file_name", "cohort_document.file_type", "cohort_document.file_size",
        "prior_learning_piece.file_name", "prior_learning_piece.file_type", "prior_learning_piece.file_size",
        "upload.file_name", "upload.file_size", "upload.file_sha256",  # of the whole file, which is stored in parts
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


def test_sweep_file_stored_again_meanwhile_is_kept(kept: Kept) -> None:
    name = kept.store_aged(b"contenu", 9 * DAY)
    candidates = kept.files.files_before(now() - DAY)
    assert candidates == [f"files/{name[:2]}/{name}"]
    kept.files.store(b"contenu")
    assert kept.files.sweep(candidates, set(), now() - DAY) == 0
    assert kept.on_disk() == candidates


def test_sweep_file_of_a_bucket_referenced_while_it_was_moved_comes_back(s3: S3Server) -> None:
    """What was stored again and moved at once is read where the sweep put it, and served again after the next."""
    bucket = s3.bucket()
    kept = Kept(BucketStore(bucket), s3.folder / bucket.name)
    name = kept.store_aged(b"contenu", 9 * DAY)
    kept.files.sweep(kept.files.files_before(now() - DAY), set(), now() - DAY)
    assert kept.on_disk() == [f"swept/{name[:2]}/{name}"]
    assert (kept.files.load(name), kept.files.exists(name)) == (b"contenu", True)
    assert [stored.path for stored in kept.files.listed()] == [f"files/{name[:2]}/{name}"]
    kept.age("swept", name, 2 * DAY)
    assert kept.sweep({name}) == 0
    assert kept.on_disk() == [f"files/{name[:2]}/{name}"]


def test_sweep_file_renamed_by_an_interrupted_sweep_is_restored_when_referenced(tmp_path: Path) -> None:
    kept = Kept(FolderStore(tmp_path), tmp_path)
    for content, referenced in ((b"referenced", True), (b"orphan", False)):
        name = kept.store_aged(content, 9 * DAY)
        path = tmp_path / "files" / name[:2] / name
        path.replace(path.with_suffix(".swept"))
        kept.sweep({name} if referenced else set())
        assert path.exists() is referenced
        assert [p.name for p in path.parent.iterdir()] == ([name] if referenced else [])


def test_sweep_file_deleted_meanwhile_is_no_error(kept: Kept) -> None:
    name = kept.store_aged(b"contenu", 9 * DAY)
    candidates = kept.files.files_before(now() - DAY)
    (kept.root / "files" / name[:2] / name).unlink()
    assert kept.files.sweep(candidates, set(), now() - DAY) == 0


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


def test_folder_that_is_gone_is_503_and_the_service_is_not_ready(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    """Something else stands where files are kept, as when a network folder is lost."""
    (settings.data_dir / "files").write_bytes(b"")
    as_(client, database, world, "maude")
    path, form = f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files", {"activity_code": "GEN-1.C"}
    answer = client.post(path, data=form, files={"file": ("carte.txt", b"Ma carte")})
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "storage_away", "5")
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["failing"]) == (503, ["files"])
    with pytest.raises(StorageAway):
        FolderStore(settings.data_dir).load("0" * 64)
