"""Attendance sheets of invented people, without a database."""

from datetime import UTC, date, datetime, timedelta

from app.attendance.calendar.schemas import SessionRow
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.schemas import EntryShown, PastRollCall
from app.attendance.sheets.schemas import SheetRecord
from app.curricula.enums import Mode
from app.network.venues.schemas import VenueAddress

STARTS_AT = datetime(2026, 12, 1, 14, tzinfo=UTC)
NAMES = ("Maude Bérubé", "Élise Tremblay-Desrochers de la Haute-Mauricie", "Kaʼnahsohon Ḱarihwá", "Nguyễn Thị Hồng")
ABSENT = (PresenceStatus.EXCUSED, PresenceStatus.ABSENT)


def sheet_record(people: int, *, is_called: bool) -> SheetRecord:
    """Return the sheet of a session in Alma, to sign or as it was recorded and then corrected."""
    venue = VenueAddress(id=1, name="Centre des congrès", address="1, rue du Lac", city="Alma", accessibility="")
    session = SessionRow(
        id=1, activity_code="GEN-1.B", starts_at=STARTS_AT, planned_minutes=180, mode=Mode.hybrid, place="Local 3",
        venue=venue, timezone="America/Toronto", cancelled=False, cancel_reason=None, closed=is_called, sequence=0,
    )  # fmt: skip
    calls = tuple(
        PastRollCall(
            id=n, closed_at=STARTS_AT + timedelta(hours=4 * n), closed_by=by, reason="Erreur." if n > 1 else None,
            corrected=(),
        )
        for n, by in ((1, "Théo Formation"), (2, "Corinne Coordination"))
    )  # fmt: skip
    return SheetRecord(
        college_name="Cégep d'Alma", cohort_code="GEN-ALM-1", cohort_title="Généraliste", activity_title="Atelier",
        session=session, day=date(2026, 12, 1), entries=tuple(_entry(n, is_called=is_called) for n in range(people)),
        calls=calls if is_called else (),
    )  # fmt: skip


def _entry(n: int, *, is_called: bool) -> EntryShown:
    name = f"{NAMES[n % len(NAMES)]} {n:02}"
    if not is_called:
        return EntryShown(
            enrolment_id=n, name=name, status=None, minutes=None, mode=None, arrived_at=None, left_at=None
        )
    status = tuple(PresenceStatus)[n % len(PresenceStatus)]
    return EntryShown(
        enrolment_id=n,
        name=name,
        status=status,
        minutes=0 if status in ABSENT else 155,
        mode=None if status in ABSENT else PresenceMode.PHONE,
        arrived_at=STARTS_AT + timedelta(minutes=25) if status is PresenceStatus.LATE else None,
        left_at=STARTS_AT + timedelta(minutes=155) if status is PresenceStatus.LEFT_EARLY else None,
    )
