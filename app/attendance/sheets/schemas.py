"""What an attendance sheet says, and the file that it is."""

from datetime import date

from app.attendance.calendar.schemas import SessionRow
from app.attendance.roll_calls.schemas import ClosedRollCall, EntryShown
from app.platform.schema import Read


class SheetRecord(Read):
    """What the sheet of a session says; ``calls`` are its roll calls, oldest first: none while it is to be signed."""

    college_name: str
    cohort_code: str
    cohort_title: str
    activity_title: str
    session: SessionRow
    day: date
    entries: tuple[EntryShown, ...]
    calls: tuple[ClosedRollCall, ...]


class SheetFile(Read):
    """An attendance sheet as a file."""

    name: str
    content: bytes
