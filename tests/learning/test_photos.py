"""Photos that are handed in: HEIC becomes JPEG, the place is taken out, what cannot be read is refused."""

import os
import struct
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.learning.hand_ins import photos
from app.learning.hand_ins.photos import SIDE, read_photo, rewrite_photo
from app.platform.database.transaction import Database
from app.platform.documents.document_process import DocumentProcess
from app.platform.errors import Reason
from tests.factories.activities import row_counts
from tests.factories.cohorts import fields, page
from tests.factories.network import World, as_
from tests.factories.photos import PLACE, heic, jpeg

RED, WHITE = (254, 0, 0), (255, 255, 255)
UNREADABLE = Reason("photo_unreadable", field="file")


def opened(content: bytes | Reason) -> Image.Image:
    assert isinstance(content, bytes)
    image = Image.open(BytesIO(content))
    assert image.format == "JPEG"
    return image


def is_near(image: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = image.getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(a - b) < 20 for a, b in zip(found, colour, strict=True))


def test_photo_in_heic_becomes_a_jpeg_without_what_the_phone_wrote() -> None:
    photo = opened(read_photo(heic()))
    assert (photo.size, dict(photo.getexif())) == ((64, 32), {})
    assert is_near(photo, (4, 4), RED)
    assert is_near(photo, (60, 28), WHITE)


def test_photo_in_heic_that_was_turned_is_shown_upright() -> None:
    """Exif 6: the phone was held upright, and the picture is turned a quarter clockwise."""
    photo = opened(read_photo(heic(orientation=6)))
    assert photo.size == (32, 64)
    assert is_near(photo, (28, 4), RED)
    assert is_near(photo, (4, 4), WHITE)


def test_photo_in_heic_is_read_the_same_each_time() -> None:
    """So that one sent again is the same hand-in."""
    content = heic()
    assert read_photo(content) == read_photo(content)


def test_large_photo_in_heic_is_reduced() -> None:
    assert max(opened(read_photo(heic(SIDE + 400, 600))).size) == SIDE


def test_jpeg_that_names_a_place_loses_it_and_keeps_how_it_is_turned() -> None:
    photo = opened(read_photo(jpeg()))
    assert dict(photo.getexif()) == {0x0112: 6}
    assert not photo.getexif().get_ifd(PLACE)
    assert is_near(photo, (4, 4), RED)


def test_jpeg_that_names_no_place_is_kept_as_it_is() -> None:
    content = jpeg(with_place=False)
    assert read_photo(content) == content


@pytest.mark.parametrize("content", [heic()[:400], heic()[:28] + bytes(300), heic()[:28], jpeg()[:300]])
def test_photo_that_is_cut_or_damaged_is_refused(content: bytes) -> None:
    assert read_photo(content) == UNREADABLE


def test_photo_of_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "PIXELS", 64 * 32 - 1)
    refused = Reason("photo_too_large", {"megapixels": 0}, "file")
    assert [read_photo(content) for content in (heic(), jpeg())] == [refused, refused]


def test_small_file_that_claims_a_huge_picture_is_refused() -> None:
    """A bomb: its header says 60 000 by 60 000 pixels, four billion bytes once decoded."""
    content = heic()
    size = content.index(b"ispe") + 8
    bomb = content[:size] + struct.pack(">II", 60_000, 60_000) + content[size + 8 :]
    refused = read_photo(bomb)
    assert isinstance(refused, Reason)
    assert refused.code in {"photo_too_large", "photo_unreadable"}  # libheif has limits of its own


def test_photo_that_takes_too_long_is_refused_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is killed at the first; another is started for the second."""
    for seconds, taken in ((0, False), (20, True)):
        process = DocumentProcess(seconds=seconds)
        monkeypatch.setattr(photos, "_process", process)
        try:
            assert (rewrite_photo(heic()) != UNREADABLE) is taken
        finally:
            process.close()


def send(client: TestClient, world: World, name: str, content: bytes) -> tuple[int, dict[str, Any]]:
    answer = client.post(
        f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files",
        data={"activity_code": "GEN-1.B"},
        files={"file": (name, content, "image/heic")},
    )
    return answer.status_code, answer.json()


def test_photo_of_a_phone_is_handed_in_once_and_downloaded_as_jpeg(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    content = heic()
    status, made = send(client, world, "IMG_0412.HEIC", content)
    assert (status, made["file_name"], made["file_type"]) == (201, "IMG_0412.jpg", "image/jpeg")
    assert send(client, world, "IMG_0412.HEIC", content) == (200, made)
    assert send(client, world, "photo.jpg", content) == (200, made)
    kept = client.get(f"/api/v1/hand-ins/{made['id']}/file").content
    assert (opened(kept).size, len(kept)) == ((64, 32), made["file_size"])


def test_photo_whose_turn_does_not_come_is_given_back_to_be_sent_again(
    client: TestClient, database: Database, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    process, pipe = DocumentProcess(patience=0.01), tmp_path / "pipe"
    monkeypatch.setattr(photos, "_process", process)
    as_(client, database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}/activites/GEN-1.B/fichiers"
    typed = {"completed_at": "2026-11-20T10:00"}
    photo = {"file": ("IMG_0412.HEIC", heic(), "image/heic")}
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as another:
        before = another.submit(process.call, Path.read_bytes, pipe)
        with pipe.open("wb"):  # once the process reads it: another photo has its turn
            answer = client.post(path, data=typed, files=photo)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert fields(page(answer, 503), path)["completed_at"] == ["2026-11-20T10:00"]
            assert send(client, world, "IMG_0412.HEIC", heic())[1]["code"] == "busy"
            assert row_counts(database, world)["hand_in"] == 0
        assert before.result() == b""
    assert client.post(path, data=typed, files=photo).status_code == 303
    process.close()


NO_PHOTOS = [
    ("plan.heic", b"%PDF-1.7\n", "file_not_its_type"),
    ("carte.heic", jpeg(), "file_not_its_type"),
    ("coupe.heic", heic()[:400], "photo_unreadable"),
    ("coupe.jpg", jpeg()[:300], "photo_unreadable"),
]


def test_what_is_no_photo_is_refused_with_its_reason_and_writes_nothing(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    for name, content, code in NO_PHOTOS:
        status, problem = send(client, world, name, content)
        assert (status, [(e["field"], e["code"]) for e in problem["errors"]]) == (422, [("file", code)]), name
    assert row_counts(database, world)["hand_in"] == 0
