"""A version published while a process runs: it rereads the folder, and keeps what it has after a problem (S8)."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from app.curricula import library
from app.curricula.library import DEFAULT_ROOT, default_library, find_curriculum, publish, reread, use_folder
from app.curricula.models import PublishedCurriculum
from app.curricula.publishing.service import following
from app.platform.database.transaction import Database
from app.platform.errors import NotFound
from tests.factories import curricula as samples
from tests.factories.waiting import wait_until


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a published version, which this process reads, and a draft of its patch."""
    former = default_library()
    samples.write_folder(tmp_path)
    publish(tmp_path, "essai", "1.0")
    use_folder(tmp_path)
    default_library()
    samples.write_folder(tmp_path, samples.curriculum_data() | {"version": "1.0.1"})
    yield tmp_path
    use_folder(DEFAULT_ROOT)
    library._InUse.library = former


def test_folder_is_read_again_once_something_is_published_in_it(folder: Path) -> None:
    before = default_library()
    assert not reread()
    with pytest.raises(NotFound):
        find_curriculum("essai", "1.0.1")
    assert default_library() is before
    publish(folder, "essai", "1.0.1")
    assert find_curriculum("essai", "1.0.1").version == "1.0.1"
    assert default_library().is_published("essai", "1.0.1")
    assert not reread()


def test_version_published_while_a_process_follows_may_be_followed_by_a_cohort(
    folder: Path, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """A problem in the folder is logged, and the version in use stays offered, until something is published again."""

    def known() -> set[str]:
        with database.transaction() as db:
            return set(db.exec(select(PublishedCurriculum.version).where(PublishedCurriculum.slug == "essai")))

    with caplog.at_level(logging.INFO, "escouade.curricula"), following(database, seconds=0.02):
        page = folder / "essai/1.0/ESS-1.A.md"
        text = page.read_text("utf-8")
        page.write_text(f"{text}\n", "utf-8")
        (folder / "published.sha256").touch()
        wait_until(lambda: "curricula not reread" in caplog.text)
        assert not known()
        page.write_text(text, "utf-8")
        publish(folder, "essai", "1.0.1")
        wait_until(lambda: known() == {"1.0", "1.0.1"})
    assert default_library().versions("essai") == ("1.0", "1.0.1")
