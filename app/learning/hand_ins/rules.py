"""Pure rules of learning: what may be marked done, handed in or declared, and when it came.

Sources: BR-03, BR-06 (recognised hours), S1 (declared moment, grace).
"""

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from app.curricula.enums import ActivityType
from app.learning.activities.rules import ATTEMPTS, CLOCK_SKEW, Desk, day_reasons, locked_reasons, type_reasons
from app.learning.hand_ins.schemas import Punctuality
from app.platform.errors import Reason

# Hand-ins ---------------------------------------------------------------------------------------


def hand_in_reasons(
    desk: Desk, *, attempts: int, completed_at: datetime | None, at: datetime, zone: str
) -> list[Reason]:
    """Why nothing (more) may be handed in for an activity."""
    found = type_reasons(desk, ActivityType.assessment, "not_assessed") or locked_reasons(desk)
    if attempts >= ATTEMPTS:
        found.append(Reason("attempts_used", {"n": ATTEMPTS}, "activity_code"))
    if completed_at is None:
        return found
    if completed_at > at + CLOCK_SKEW:
        return [*found, Reason("date_in_the_future", field="completed_at")]
    day = min(completed_at, at).astimezone(ZoneInfo(zone)).date()
    return found + day_reasons(desk, day, "completed_at")


def punctuality(
    due_on: date, *, zone: str, grace_hours: int, received_at: datetime, declared_at: datetime | None
) -> Punctuality:
    """On time until the end of the due day where the cohort is; finished by then and received within the grace
    hours counts as on time, declared (S1)."""
    end = datetime.combine(due_on + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    if received_at < end:
        return Punctuality.ON_TIME
    if declared_at is not None and declared_at < end and received_at < end + timedelta(hours=grace_hours):
        return Punctuality.ON_TIME_DECLARED
    return Punctuality.LATE


# Files ------------------------------------------------------------------------------------------

MEGABYTE = 1_000_000
NAME_LENGTH = 120
UNPACKED = 500 * MEGABYTE
MEMBERS = 10_000
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
    }
)
"""Accepted files by extension, with the type they are sent back as."""

_PART = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}
_START = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff"}
_TEXT = frozenset({"txt", "md", "csv"})
_BLANK = frozenset("\t\n\r\f")


def extension(name: str) -> str:
    """What follows the last dot, in lower case; empty without a dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def clean_name(name: str) -> str:
    """The last part of a path, without what a system or a reader could take for something else."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    printable = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in last)
    plain = " ".join(re.sub(r'[<>:"|?*]', " ", printable).split()).strip(". ")
    stem, _, end = plain.rpartition(".")
    return f"{stem.strip(' .')[:NAME_LENGTH] or 'document'}.{end.lower()}"


def file_reasons(name: str, content: bytes, megabytes: int) -> list[Reason]:
    """Why a file is not taken: empty, too large, of another type, or not what its name says."""
    kind = extension(name)
    if kind not in TYPES:
        return [Reason("file_type_refused", {"types": ", ".join(TYPES)}, "file")]
    if not content:
        return [Reason("file_empty", field="file")]
    if len(content) > megabytes * MEGABYTE:
        return [Reason("file_too_large", {"megabytes": megabytes}, "file")]
    return [] if _is_what_it_says(kind, content) else [Reason("file_not_its_type", {"type": kind}, "file")]


def _is_what_it_says(kind: str, content: bytes) -> bool:
    if kind in _TEXT:
        return _is_text(content)
    if kind in _START:
        return content.startswith(_START[kind])
    return _is_office(kind, content)


def _is_text(content: bytes) -> bool:
    """UTF-8, or the Windows page that French spreadsheets still write; no control characters."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(unicodedata.category(c) == "Cc" and c not in _BLANK for c in text)
    return False


def _is_office(kind: str, content: bytes) -> bool:
    """A sound archive of a plausible size with what its kind always holds; never unpacked here."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            sound = len(members) <= MEMBERS and sum(m.file_size for m in members) <= UNPACKED
            return sound and _holds(archive, kind)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError):
        return False


def _holds(archive: zipfile.ZipFile, kind: str) -> bool:
    if kind in _PART:
        return _PART[kind] in archive.namelist()
    wanted = TYPES[kind].encode()
    with archive.open("mimetype") as member:
        return member.read(len(wanted) + 1).strip() == wanted
