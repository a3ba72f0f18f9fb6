"""A college's logo, colours and signatures: checked, stored without metadata, used on the next documents only."""

import hashlib
import io
import struct
import zlib
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin

from app.certificates.branding.images import (
    END_MARKERS,
    MAX_BYTES,
    MAX_SIZE,
    contrast_ratio,
    reencode_picture,
    refuse_ink,
)
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.errors import Reason
from app.platform.files.folder import FolderStore
from tests.factories import certificates as samples
from tests.factories import eligible
from tests.factories.network import World, as_

API = "/api/v1"


def refusal_code(content: bytes) -> str:
    reason = reencode_picture(content)
    assert isinstance(reason, Reason)
    assert reason.field == "file"
    return reason.code


def reencoded(content: bytes) -> Image.Image:
    png = reencode_picture(content)
    assert isinstance(png, bytes), png
    return Image.open(io.BytesIO(png))


def png_of_declared_size(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that declares this size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + head
        + struct.pack(">I", zlib.crc32(head))
        + b"\0\0\0\0IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )


class TestPictures:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG"])
    def test_png_and_jpeg_become_png(self, kind: str) -> None:
        assert reencoded(samples.picture(kind=kind)).format == "PNG"

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_png_of_any_mode_is_accepted_and_only_transparency_kept(self, mode: str) -> None:
        assert reencoded(samples.picture(mode=mode)).mode == ("RGBA" if mode in {"LA", "RGBA"} else "RGB")

    @pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "WEBP", "ICO", "PDF", "EPS"])
    def test_other_formats_are_refused(self, kind: str) -> None:
        assert refusal_code(samples.picture(kind=kind)) == "picture_not_readable"

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"\x89PNG\r\n\x1a\n",
            samples.PNG[:-8],
            samples.picture(kind="JPEG")[:-40],
            png_of_declared_size(0, 9),
        ],
        ids=["nothing", "drawing", "signature", "cut png", "cut jpeg", "no width"],
    )
    def test_content_that_is_no_picture_is_refused(self, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as the PDF engine sets it for all
        assert refusal_code(content) == "picture_not_readable"

    def test_decompression_bomb_is_refused_before_decoding(self) -> None:
        assert refusal_code(png_of_declared_size(3000, 3000) + END_MARKERS["PNG"]) == "picture_too_many_pixels"
        assert refusal_code(png_of_declared_size(60_000, 60_000)) == "picture_not_readable"
        assert refusal_code(png_of_declared_size(12_000, 12_000)) == "picture_not_readable"

    def test_large_file_or_small_picture_is_refused(self) -> None:
        assert refusal_code(samples.PNG + b"x" * MAX_BYTES) == "picture_too_large"
        assert refusal_code(samples.picture(8, 400)) == "picture_too_small"

    def test_only_pixels_are_kept(self) -> None:
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Author", "Quelqu’un")
        exif = Image.Exif()
        exif[0x010F] = "Appareil"
        content = samples.picture(pnginfo=notes, exif=exif, icc_profile=b"profil" * 40)
        png = reencode_picture(content)
        assert isinstance(png, bytes)
        for hidden in (b"Quelqu", b"Appareil", b"iCCP", b"eXIf", b"tEXt", b"iTXt"):
            assert hidden not in png
        assert b"eXIf" in content

    def test_a_turned_photograph_is_upright(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        assert reencoded(samples.picture(60, 40, "JPEG", exif=exif)).size == (40, 60)

    def test_large_picture_is_reduced_to_the_printed_size(self) -> None:
        width, height = reencoded(samples.picture(2600, 2600)).size
        assert width <= MAX_SIZE[0]
        assert height <= MAX_SIZE[1]

    @given(st.binary(max_size=300), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", samples.PNG[:40]]))
    def test_any_bytes_are_read_or_refused(self, tail: bytes, head: bytes) -> None:
        assert isinstance(reencode_picture(head + tail), bytes | Reason)


class TestInk:
    @pytest.mark.parametrize("ink", [None, "#000000", "#0b4f5c", "#7a4a21", "#1c2c4c", "#767676"])
    def test_dark_ink_is_accepted(self, ink: str | None) -> None:
        assert refuse_ink(ink) == []

    @pytest.mark.parametrize("ink", ["#777777", "#ffffff", "#c0a000", "#00aaff"])
    def test_pale_ink_is_refused(self, ink: str) -> None:
        assert [r.code for r in refuse_ink(ink)] == ["ink_too_pale"]

    def test_contrast_ratio_matches_wcag(self) -> None:
        assert contrast_ratio("#000000", "#ffffff") == pytest.approx(21)
        assert contrast_ratio("#ffffff", "#ffffff") == 1
        assert contrast_ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_branding_applies_to_the_next_document_only(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    eligible.sign(database, world)
    for who in ("maude", "karim"):
        eligible.attend(database, world, who)
    as_(client, database, world, "registrar")
    before = issue_record(client, world, "maude")
    url = f"{API}/colleges/{world.alma}/certificate-branding"
    answer = client.put(f"{url}/logo", files={"file": ("x.svg", samples.PNG, "image/svg+xml")})
    assert answer.status_code == 200, answer.text
    [signatory] = client.get(f"{API}/colleges/{world.alma}/signatories").json()["items"]
    signature = samples.picture(300, 90, "JPEG")
    answer = client.put(
        f"{API}/signatories/{signatory['id']}/signature", files={"file": ("s.jpg", signature, "image/jpeg")}
    )
    assert answer.status_code == 200, answer.text
    assert client.put(f"{url}/colours", json={"ink": "#0B4F5C", "accent": None}).json()["ink"] == "#0b4f5c"
    after = issue_record(client, world, "karim")
    assert (before["logo"], before["ink"], before["signatories"][0]["image"]) == (None, None, None)
    assert (after["ink"], after["accent"]) == ("#0b4f5c", None)
    for name in (after["logo"], after["signatories"][0]["image"]):
        stored = FolderStore(settings.data_dir).load(name.removesuffix(".png"))
        assert hashlib.sha256(stored).hexdigest() + ".png" == name
    [certificate] = client.get(f"{API}/enrolments/{world.enrolments['karim']}/certificates").json()["items"]
    assert client.get(f"{API}/certificates/{certificate['id']}/pdf").content.startswith(b"%PDF-")


def test_lost_picture_is_said_and_comes_back_with_the_same_upload(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    logo = f"{API}/colleges/{world.alma}/certificate-branding/logo"
    name = client.put(logo, files={"file": ("l.png", samples.PNG)}).json()["logo"].removesuffix(".png")
    issue_record(client, world, "maude")
    [file] = [path for path in settings.data_dir.rglob(name) if path.is_file()]
    file.unlink()
    [certificate] = client.get(f"{API}/enrolments/{world.enrolments['maude']}/certificates").json()["items"]
    lost = client.get(f"{API}/certificates/{certificate['id']}/pdf")
    assert (lost.status_code, lost.json()["code"]) == (503, "picture_lost")
    client.put(logo, files={"file": ("l.png", samples.PNG)})
    assert client.get(f"{API}/certificates/{certificate['id']}/pdf").status_code == 200


def issue_record(client: TestClient, world: World, who: str) -> dict[str, Any]:
    path = f"{API}/enrolments/{world.enrolments[who]}/certificates"
    answer = client.post(path, json={"kind": "attestation_participation"})
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()["record"]
    return record


def test_refusal_names_its_field(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "registrar")
    url = f"{API}/colleges/{world.alma}/certificate-branding"
    for answer, field in (
        (client.put(f"{url}/logo", files={"file": ("logo.png", b"GIF89a", "image/png")}), "file"),
        (client.put(f"{url}/colours", json={"ink": "#eeeeee"}), "ink"),
        (client.put(f"{url}/colours", json={"ink": "red; }"}), "ink"),
        (client.put(f"{url}/colours", json={"accent": "#12"}), "accent"),
    ):
        assert answer.status_code == 422, answer.text
        assert [e["field"].rsplit(".", 1)[-1] for e in answer.json()["errors"]] == [field]


def test_page_uploads_and_replaces_branding(client: TestClient, database: Database, world: World) -> None:
    eligible.sign(database, world)
    as_(client, database, world, "registrar")
    page = f"/colleges/{world.alma}/attestations"
    assert "Ajouter le logo du collège" in client.get(page).text
    answer = client.post(f"/colleges/{world.alma}/presentation/logo", files={"file": ("l.png", samples.PNG)})
    assert answer.status_code == 303, answer.text
    client.post(f"/colleges/{world.alma}/presentation/couleurs", data={"ink": "#0b4f5c", "accent": ""})
    shown = client.get(page).text
    assert "Remplacer le logo du collège" in shown
    assert 'value="#0b4f5c"' in shown
