"""Downloads: a file of any name comes down, with a name in ASCII and its own (RFC 6266, RFC 8187)."""

import re
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.web.pages import attachment
from tests.factories.learning import PDF
from tests.factories.network import World, as_

HEADER = re.compile(r"attachment; filename=\"([a-z0-9._-]+)\"; filename\*=UTF-8''([A-Za-z0-9%._~-]+)")
NAMES = {
    "Łukasz – étude.pdf": "Łukasz – étude.pdf",
    "Đặng rapport.pdf": "Đặng rapport.pdf",
    "日本語.pdf": "日本語.pdf",
    "ᐃᓄᒃᑎᑐᑦ.docx": "ᐃᓄᒃᑎᑐᑦ.docx",
    "отчёт.日本": "отчёт.日本",
    "Æneas œuvre ßtraße ıŧħ.pdf": "Æneas œuvre ßtraße ıŧħ.pdf",
    "🎓.pdf": "🎓.pdf",
    'a"; filename="b.exe': 'a"; filename="b.exe',
    "l’été d'O'Neil (1) 100%.pdf": "l’été d'O'Neil (1) 100%.pdf",
    "a\r\nSet-Cookie: pris=1.pdf": "a-Set-Cookie: pris=1.pdf",
    "../../etc/passwd": "etc-passwd",
    "C:\\dossier\\a.pdf": "C:-dossier-a.pdf",
    "\u202efdp.exe": "fdp.exe",
    "a\x00b\ud800c.pdf": "a-b-c.pdf",
    "a.b.tar.gz": "a.b.tar.gz",
    "rapport": "rapport",
    "rapport.": "rapport",
    ".htaccess": "document.htaccess",
    "...": "document",
    "..pdf": "document.pdf",
    " .pdf": "document.pdf",
    "": "document",
    " ": "document",
    "é" * 300 + ".pdf": "é" * 100 + ".pdf",
    "語" * 300 + ".pdf": "語" * 66 + ".pdf",
    "a." + "b" * 300: "a." + "b" * 198,
}


@pytest.mark.parametrize(("name", "whole"), NAMES.items(), ids=[ascii(name)[:30] for name in NAMES])
def test_attachment_names_any_file_in_ascii_and_whole(name: str, whole: str) -> None:
    found = HEADER.fullmatch(attachment(name)["Content-Disposition"])
    assert found is not None, attachment(name)
    assert found[1].strip(".-")
    assert unquote(found[2], errors="strict") == whole
    assert len(whole.encode()) <= 255


@pytest.mark.parametrize("name", [n for n in NAMES if n.strip(" .") and n.isprintable() and len(n) < 100])
def test_file_handed_in_under_any_name_comes_down(
    client: TestClient, database: Database, world: World, name: str
) -> None:
    """A name was taken, and its download answered 500 to everyone: evidence that nobody could open."""
    as_(client, database, world, "maude")
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files"
    named = f"{name}.pdf"
    sent = client.post(path, data={"activity_code": "GEN-1.C"}, files={"file": (named, PDF, "application/pdf")})
    assert sent.status_code == 201
    came = client.get(f"/api/v1/hand-ins/{sent.json()['id']}/file")
    assert (came.status_code, came.content) == (200, PDF)
    assert HEADER.fullmatch(came.headers["content-disposition"])


def test_downloads_are_named_in_one_place() -> None:
    """The middleware of forms reads the header of a part; nothing else of ours writes it."""
    naming = [
        path.relative_to(ROOT / "app").as_posix()
        for path in (ROOT / "app").rglob("*.py")
        if "content-disposition" in path.read_text(encoding="utf-8").lower()
    ]
    assert sorted(naming) == ["platform/web/incoming/multipart.py", "platform/web/pages.py"]
