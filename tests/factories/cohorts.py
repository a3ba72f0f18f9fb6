"""What tests of cohorts start from: sessions, roll calls, applications, and forms as a browser sends them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import select

from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import NewSession
from app.attendance.roll_calls import service as roll_calls
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import ApplyCommand, MoveCommand
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import TAKES_PEOPLE
from app.cohorts.schemas import CohortRef
from app.cohorts.settings.schemas import CohortChange
from app.cohorts.settings.service import change_cohort
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission
from app.progress.models import ProgressRow
from tests.factories.network import STARTED, World, acting

P = Permission


def page(answer: Response, status: int = 200) -> str:
    """The page's text, spaces made plain."""
    assert answer.status_code == status, answer.text[:2000]
    assert "text/html" in answer.headers["content-type"]
    return unescape(answer.text).replace("\N{NO-BREAK SPACE}", " ")


def fields(html: str, action: str) -> dict[str, list[str]]:
    """What a browser would send for the form of an action, as the page fills it in."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}(?:\?[^"]*)?".*?</form>', html, re.S)
    assert form is not None, action
    found: dict[str, list[str]] = {}
    selects = re.compile(r'<select[^>]*name="([^"]+)".*?</select>', re.S)
    pattern = re.compile(r'<select[^>]*name="[^"]+".*?</select>|<input[^>]*>|<textarea.*?</textarea>', re.S)
    for control in pattern.findall(form.group()):
        if chosen := selects.match(control):
            options = re.findall(r'<option value="([^"]*)"( selected)?', control)
            value = next((v for v, is_chosen in options if is_chosen), options[0][0])
            found.setdefault(chosen.group(1), []).append(value)
        elif name := re.search(r'name="([^"]+)"', control):
            if 'type="checkbox"' in control and " checked" not in control:
                continue
            if 'type="radio"' in control and " checked" not in control:
                continue
            value = re.search(r'value="([^"]*)"', control)
            found.setdefault(name.group(1), []).append(value.group(1) if value else "")
    return found


def meeting(database: Database, world: World, *, days: int = 2, code: str = "GEN-1.B") -> int:
    """A session that began some days after the cohort did."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        starts_at = datetime.combine(STARTED + timedelta(days=days), time(13), UTC)
        return calendar.schedule(db, actor, cohort, NewSession(activity_code=code, starts_at=starts_at)).id


def called(database: Database, world: World, session_id: int, absent: tuple[str, ...] = ()) -> int:
    """Its roll call, everyone present but some; its id."""
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        ref = calendar.see_session(db, actor, session_id)
        gone = {world.enrolments[who] for who in absent}
        entries = tuple(
            EntryCommand(enrolment_id=e.enrolment_id, status="absent", minutes=0)
            if e.enrolment_id in gone
            else EntryCommand(enrolment_id=e.enrolment_id, status="present", minutes=ref.planned_minutes, mode="onsite")
            for e in roll_calls.sheet(db, ref).entries
        )
        closed = roll_calls.close_roll_call(db, actor, ref, RollCallCommand(entries=entries))
        assert closed.roll_call_id is not None
        return closed.roll_call_id


def applied(database: Database, world: World, who: str = "nobody") -> int:
    """An application to Alma's cohort; the enrolment's id."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.COHORT_APPLY)
        cohort = cohorts.see_open_cohort(db, actor, world.cohort)
        return enrolments.apply(db, actor, cohort, ApplyCommand(motive="Aider les commerces d’ici.")).id


def settings_of(cohort: CohortRef | Mapping[str, Any], **fields: object) -> dict[str, Any]:
    """Return a cohort's settings, some of them changed, as its form and its API take them."""
    values = cohort.model_dump(mode="json") if isinstance(cohort, CohortRef) else cohort
    return {name: values[name] for name in CohortChange.model_fields} | fields


def change_settings(client: TestClient, path: str, asked: dict[str, Any]) -> Response:
    """Change a cohort by the API at a path, as a program does: once it has read what that changes."""
    shown = client.post(f"{path}/change-preview", json=asked).json()["shown"]
    return client.put(path, json={**asked, "shown": shown})


def set_capacity(db: Session, cohort: CohortRef, capacity: int) -> CohortRef:
    """Change the number of seats of a cohort."""
    return change_cohort(db, cohort, CohortChange.model_validate(settings_of(cohort, capacity=capacity)))


def set_state(database: Database, world: World, state: CohortState, **dates: date) -> None:
    """Give Alma's cohort a state and dates, without what a move does."""
    with database.as_owner() as db:
        row = db.get_one(Cohort, world.cohort)
        row.state, row.applications_open = state, state in TAKES_PEOPLE
        for name, day in dates.items():
            setattr(row, name, day)
        db.add(row)


def state_of(database: Database, world: World, enrolment_id: int) -> EnrolmentState:
    """An enrolment's state as it is kept."""
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        return db.get_one(Enrolment, enrolment_id).state


def move(
    database: Database, world: World, enrolment_id: int, to: EnrolmentState, who: str = "coordinator", **fields: object
) -> None:
    """One move, in its own transaction."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.ENROLMENT_MANAGE)
        ref = enrolments.see_enrolment(db, actor, enrolment_id)
        enrolments.move(db, actor, ref, MoveCommand.model_validate({"to": to, **fields}))


def attendance(db: Session) -> dict[int, tuple[int, int]]:
    """Minutes attended and their base, by enrolment."""
    rows = db.exec(select(ProgressRow)).all()
    return {r.enrolment_id: (r.attended_minutes, r.attendance_base_minutes) for r in rows}
