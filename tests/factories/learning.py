"""Small files of each accepted kind, sound or not."""

import io
import zipfile

from app.learning.hand_ins.rules import TYPES

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
HEIC = b"\0\0\0\x1cftypheic\0\0\0\0mif1heic"
"""The beginning of a photo of a phone: enough for the rules, and no photo."""
PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}


def archive(**members: bytes) -> bytes:
    """Return a zip file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def office_document(kind: str) -> bytes:
    """Return the smallest document that is recognised as of this kind."""
    if kind in PARTS:
        return archive(**{"[Content_Types].xml": b"<Types/>", PARTS[kind]: b"<x/>"})
    return archive(mimetype=TYPES[kind].encode(), **{"content.xml": b"<x/>"})


VALID_FILES: dict[str, bytes] = {
    "pdf": PDF,
    "png": PNG,
    "jpg": JPEG,
    "jpeg": JPEG,
    "heic": HEIC,
    "heif": HEIC,
    "txt": "Le relevé\r\nd’avril".encode(),
    "md": "# Étude\n\ttabulée".encode(),
    "csv": "nom;heures\nÉlise;1,5".encode("cp1252"),
    "mp3": b"ID3\x04\0\0\0\0\0\0",
    "m4a": b"\0\0\0\x1cftypM4A \0\0\0\0M4A mp42isom",
    "zip": archive(**{"plan.docx": office_document("docx"), "actions.xlsx": office_document("xlsx")}),
    **{kind: office_document(kind) for kind in ("docx", "xlsx", "pptx", "odt", "ods", "odp")},
}
