"""Pure rules of hand-ins: when one is accepted, its punctuality (S1), and the types of files accepted."""

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import PurePosixPath
from types import MappingProxyType
from zoneinfo import ZoneInfo

from app.learning.activities.rules import CLOCK_SKEW, ActivityContext, day_reasons, locked_reasons
from app.learning.hand_ins.schemas import Punctuality
from app.platform.errors import Reason
from app.platform.text import is_https


def hand_in_reasons(
    context: ActivityContext, *, attempts: int, opened: int = 0, completed_at: datetime | None, at: datetime, zone: str
) -> list[Reason]:
    """Return why nothing, or nothing more, may be handed in: attempts at an assessment, traces or extracts.

    ``opened`` are the attempts that a coordinator opened beyond those that everybody has. An extract is of what took
    place in a group, whatever its module waits for.
    """
    most = context.most_hand_ins + opened
    if most == 0:
        return [Reason("no_deposit_asked", {"activity": context.activity.code}, "activity_code")]
    reasons = [] if context.is_extract else locked_reasons(context)
    if attempts >= most:
        code = "attempts_used" if context.activity.is_assessment else "traces_used"
        reasons.append(Reason(code, {"n": most}, "activity_code"))
    if completed_at is None:
        return reasons
    if completed_at > at + CLOCK_SKEW:
        return [*reasons, Reason("date_in_the_future", field="completed_at")]
    day = min(completed_at, at).astimezone(ZoneInfo(zone)).date()
    return reasons + day_reasons(context, day, "completed_at")


def link_reasons(link: str | None) -> list[Reason]:
    """Return why an address is no link to hand in: it must open a page over https."""
    return [Reason("link_not_https", field="link")] if link is not None and not is_https(link) else []


def punctuality(
    due_on: date, *, zone: str, grace_hours: int, received_at: datetime, declared_at: datetime | None
) -> Punctuality:
    """Return the punctuality of a hand-in against the end of the due day in the cohort's zone.

    Declared finished by then and received within the grace hours, it counts as on time, declared (S1).
    """
    end = datetime.combine(due_on + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    if received_at < end:
        return Punctuality.ON_TIME
    if declared_at is not None and declared_at < end and received_at < end + timedelta(hours=grace_hours):
        return Punctuality.ON_TIME_DECLARED
    return Punctuality.LATE


MEGABYTE = 1_000_000
NAME_LENGTH = 120
UNPACKED = 500 * MEGABYTE
"""Largest size of an archive's members, unpacked."""

MEMBERS = 10_000
"""Largest number of an archive's members."""

PIECES = 20
PIECES_UNPACKED = 50 * MEGABYTE
"""Largest number of files that are handed in as one archive, and their size, unpacked."""

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "pdf": "application/pdf",
        "docx": OOXML + "wordprocessingml.document",
        "xlsx": OOXML + "spreadsheetml.sheet",
        "pptx": OOXML + "presentationml.presentation",
        "odt": ODF + "text",
        "ods": ODF + "spreadsheet",
        "odp": ODF + "presentation",
        "png": "image/png",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "txt": "text/plain",
        "md": "text/markdown",
        "csv": "text/csv",
        "mp3": "audio/mpeg",
        "m4a": "audio/mp4",
        "zip": "application/zip",
    }
)
"""Media types of the files that are kept, by extension; a download uses them."""

PHOTOS = ("heic", "heif")
"""Extensions of the photos that phones take, which are turned into JPEG."""

ACCEPTED = (*TYPES, *PHOTOS)
"""Extensions of the files accepted."""

_REQUIRED_PART = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}
_SIGNATURE = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff"}
_TEXT = frozenset({"txt", "md", "csv"})
_AUDIO = frozenset({"mp3", "m4a"})
_JPEG = frozenset({"jpg", "jpeg"})
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B ", b"mp42", b"mp41", b"isom", b"iso2", b"dash"})
_SYSTEM = {"._": b"\0\5\x16\7", ".DS_Store": b"\0\0\0\1Bud1"}
"""What some systems add to the archives that they make: how its name begins, and its content."""
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_METADATA = (b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/")
"""What the parts of a JPEG begin with in which a phone writes the place, among others."""
_BLANK = frozenset("\t\n\r\f")


def extension(name: str) -> str:
    """Return what follows the last dot, in lower case; empty without a dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def clean_name(name: str) -> str:
    """Return the last part of a path, without characters that could mislead a system or a reader."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    printable = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in last)
    plain = " ".join(re.sub(r'[<>:"|?*]', " ", printable).split()).strip(". ")
    stem, _, end = plain.rpartition(".")
    return f"{stem.strip(' .')[:NAME_LENGTH] or 'document'}.{end.lower()}"


def file_reasons(name: str, content: bytes, megabytes: int) -> list[Reason]:
    """Return why a file is refused: empty, too large, of another type, or not of its extension's type."""
    kind = extension(name)
    reasons = declared_reasons(name, len(content), megabytes, "file", "file")
    if reasons:
        return reasons
    if not _has_type(kind, content):
        return [Reason("file_not_its_type", {"type": kind}, "file")]
    return archive_reasons(content) if kind == "zip" else []


def declared_reasons(name: str, size: int, megabytes: int, name_field: str, size_field: str) -> list[Reason]:
    """Return why a file is refused by its name or size, before any of it is read."""
    if extension(name) not in ACCEPTED:
        return [Reason("file_type_refused", {"types": ", ".join(ACCEPTED)}, name_field)]
    if size == 0:
        return [Reason("file_empty", field=size_field)]
    if size > megabytes * MEGABYTE:
        return [Reason("file_too_large", {"megabytes": megabytes}, size_field)]
    return []


def is_heif(content: bytes) -> bool:
    """Whether the content begins as a HEIF file does (ISO/IEC 23008-12): a ``ftyp`` box of one of its brands."""
    return content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS


def is_rewritten(name: str, content: bytes) -> bool:
    """Whether an accepted file is a photo in HEIC, or a JPEG beside whose picture a place may be written."""
    if extension(name) not in _JPEG:
        return extension(name) in PHOTOS
    return is_heif(content) or any(start in content for start in _METADATA)


def name_as_jpeg(name: str) -> str:
    """Return the name of a photo once it is a JPEG: that of a JPEG already stays."""
    stem, _, kind = name.rpartition(".")
    return name if kind in _JPEG else f"{stem}.jpg"


def _has_type(kind: str, content: bytes) -> bool:
    if kind in _TEXT:
        return _is_text(content)
    if kind in PHOTOS or (kind in _JPEG and is_heif(content)):  # applications send photos in HEIC as .jpg
        return is_heif(content)
    if kind in _SIGNATURE:
        return content.startswith(_SIGNATURE[kind])
    if kind in _AUDIO:
        return _is_audio(kind, content)
    return _is_archive(content) if kind == "zip" else _is_office(kind, content)


def archive_reasons(content: bytes) -> list[Reason]:
    """Return why an archive of several files is refused: each is of an accepted type by its content, none an archive.

    A photo that would be rewritten is sent by itself, so that the place where it was taken is removed.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
        if not 0 < len(members) <= PIECES or sum(m.file_size for m in members) > PIECES_UNPACKED:
            return [Reason("archive_too_large", {"n": PIECES, "megabytes": PIECES_UNPACKED // MEGABYTE}, "file")]
        for member in members:
            if code := _piece_refusal(member.filename, archive.read(member)):
                return [Reason(code, {"name": clean_name(member.filename)}, "file")]
    return []


def _piece_refusal(name: str, content: bytes) -> str | None:
    """Return why a file of an archive is refused, if it is."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        return "archive_piece_refused"
    if any(path.name.startswith(start) and content.startswith(magic) for start, magic in _SYSTEM.items()):
        return None
    kind = extension(name)
    if kind == "zip" or kind not in ACCEPTED or not _has_type(kind, content):
        return "archive_piece_refused"
    return "archive_photo" if is_rewritten(name, content) else None


def _is_archive(content: bytes) -> bool:
    """Whether the content is an archive that reads whole, each member by its checksum; sizes are bounded first."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MEMBERS or sum(m.file_size for m in members) > PIECES_UNPACKED:
                return True  # refused by its size, before anything is unpacked
            return archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError):
        return False


def _is_audio(kind: str, content: bytes) -> bool:
    """Whether the content begins as a recording does: MPEG audio, or sound in an MP4 file (ISO/IEC 14496-12)."""
    if kind == "mp3":
        return content.startswith(b"ID3") or (content[:1] == b"\xff" and content[1:2] >= b"\xe0")
    return content[4:8] == b"ftyp" and content[8:12] in _AUDIO_BRANDS


def _is_text(content: bytes) -> bool:
    """Whether the content is text without control characters, in UTF-8 or Windows-1252 (French spreadsheets)."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(unicodedata.category(c) == "Cc" and c not in _BLANK for c in text)
    return False


def _is_office(kind: str, content: bytes) -> bool:
    """Whether the content is a sound archive of a plausible size with the part of its type; nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            sound = len(members) <= MEMBERS and sum(m.file_size for m in members) <= UNPACKED
            return sound and _has_required_part(archive, kind)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError):
        return False


def _has_required_part(archive: zipfile.ZipFile, kind: str) -> bool:
    if kind in _REQUIRED_PART:
        return _REQUIRED_PART[kind] in archive.namelist()
    media_type = TYPES[kind].encode()
    with archive.open("mimetype") as member:
        return member.read(len(media_type) + 1).strip() == media_type
