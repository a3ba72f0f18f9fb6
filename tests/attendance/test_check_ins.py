"""Self check-in on a real database and over HTTP: codes, who uses them, what they propose and never change."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from html import unescape
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.attendance.calendar.changes import change
from app.attendance.calendar.schemas import ChangeSession, NewSession
from app.attendance.calendar.service import schedule, see_session
from app.attendance.check_ins import service
from app.attendance.check_ins.models import CheckIn, CheckInOpening
from app.attendance.check_ins.schemas import CheckInCommand, CheckInState, OpenCheckIn, OwnCheckIn
from app.attendance.roll_calls.models import RollCallEntry
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.service import see_cohort
from app.curricula.enums import Mode
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Invalid, NotFound, TooMany
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from app.platform.security.rate_limit import LIMIT, Attempt, RateLimitScope, of_address, record_failure
from app.platform.security.slowdown import FREE_FAILURES
from app.progress.models import ProgressRow
from tests.conftest import RING, SITE
from tests.factories.cohorts import called, fields, move, page, set_state
from tests.factories.network import World, acting, as_
from tests.factories.qr_codes import read_qr_code

V1 = "/api/v1"
S = EnrolmentState
MINUTE = timedelta(minutes=1)


def begun(database: Database, world: World, *, minutes: int = -5, mode: Mode = Mode.hybrid) -> int:
    """Return a session of three hours that begins some minutes from now."""
    starts_at = (now() + minutes * MINUTE).replace(second=0, microsecond=0)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        command = NewSession(activity_code="GEN-1.B", starts_at=starts_at, mode=mode)
        return schedule(db, actor, see_cohort(db, actor, world.cohort), command).id


def start_of(database: Database, world: World, session_id: int) -> datetime:
    """Return when a session starts."""
    with database.transaction() as db:
        return see_session(db, acting(db, world, "trainer", P.ROLLCALL_RECORD), session_id).starts_at


def opened(database: Database, world: World, session_id: int, *, grace: int = 10) -> CheckInState:
    """Open the check-in of a session, and return what its page shows."""
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        session = see_session(db, actor, session_id)
        service.open_check_in(db, RING, actor, session, OpenCheckIn(grace_minutes=grace))
        return service.check_in_state(db, RING, session, site=SITE)


def code_of(database: Database, world: World, session_id: int) -> str:
    """Return the code that is shown."""
    with database.transaction() as db:
        session = see_session(db, acting(db, world, "trainer", P.ROLLCALL_RECORD), session_id)
        return service.check_in_state(db, RING, session, site=SITE).code or ""


def checks_in(database: Database, world: World, session_id: int, who: str, code: str, **fields: Any) -> OwnCheckIn:
    """Check someone in."""
    with database.transaction() as db:
        own = service.see_own_check_in(db, acting(db, world, who, P.ACTIVITY_DO), session_id)
        return service.check_in(db, RING, own, CheckInCommand(code=code, **fields), origin="203.0.113.7")


@contextmanager
def refused(error: type[Exception], code: str) -> Iterator[None]:
    """Expect a refusal."""
    with pytest.raises(error, match=code):
        yield


# The code ----------------------------------------------------------------------------------------


def test_code_checks_in_who_is_on_the_roll_once_with_the_hour_of_the_first_time(
    database: Database, world: World
) -> None:
    session_id = begun(database, world)
    start = start_of(database, world, session_id)
    with at(start - 10 * MINUTE):
        code = opened(database, world, session_id).code
        assert code is not None
        first = checks_in(database, world, session_id, "maude", f"{code[:3]} {code[3:]}", mode="video")
    assert (first.checked_in_at, first.status, first.mode) == (start - 10 * MINUTE, "present", "video")
    with at(start + 20 * MINUTE):
        assert checks_in(database, world, session_id, "maude", "000000").checked_in_at == first.checked_in_at
        late = checks_in(database, world, session_id, "karim", code_of(database, world, session_id), mode="phone")
    assert (late.status, late.arrived_at, late.mode) == ("late", start + 20 * MINUTE, "phone")
    with database.transaction(colleges=[world.alma]) as db:
        assert len(db.exec(select(CheckIn)).all()) == 2
        assert db.exec(select(RollCallEntry)).all() == []
        assert db.exec(select(ProgressRow.attended_minutes).distinct()).all() == [0], "nothing counts yet"


def test_code_of_two_minutes_ago_of_another_session_or_of_a_closed_opening_is_refused(
    database: Database, world: World
) -> None:
    session_id, other_id = begun(database, world), begun(database, world, minutes=-6)
    start = start_of(database, world, session_id)
    with at(start):
        old = opened(database, world, session_id).code or ""
        other = opened(database, world, other_id).code or ""
    with at(start + MINUTE):
        checks_in(database, world, session_id, "elise", old)
    with at(start + 2 * MINUTE):
        for code in (old, other):
            with refused(Invalid, "wrong_check_in_code"):
                checks_in(database, world, session_id, "maude", code)
        shown = code_of(database, world, session_id)
        with database.transaction() as db:
            actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
            service.close_check_in(db, actor, see_session(db, actor, session_id))
        with refused(Conflict, "check_in_closed"):
            checks_in(database, world, session_id, "maude", shown)
        again = opened(database, world, session_id).code
        assert again != shown
        with refused(Invalid, "wrong_check_in_code"):
            checks_in(database, world, session_id, "maude", shown)
        assert checks_in(database, world, session_id, "maude", again or "").checked_in_at is not None


def test_codes_go_on_after_the_key_was_rotated(database: Database, world: World) -> None:
    session_id = begun(database, world)
    code = opened(database, world, session_id).code or ""
    with database.transaction() as db:
        own = service.see_own_check_in(db, acting(db, world, "maude", P.ACTIVITY_DO), session_id)
        made = service.check_in(db, RING.rotated(), own, CheckInCommand(code=code), origin="203.0.113.7")
    assert made.checked_in_at is not None


def test_eleventh_wrong_code_of_a_person_is_refused_whatever_it_is_and_nobody_else_is(
    database: Database, world: World
) -> None:
    session_id = begun(database, world)
    code = opened(database, world, session_id).code or ""
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(LIMIT):
        with refused(Invalid, "wrong_check_in_code"):
            checks_in(database, world, session_id, "maude", wrong)
    code = code_of(database, world, session_id)
    with pytest.raises(TooMany):
        checks_in(database, world, session_id, "maude", code)
    assert checks_in(database, world, session_id, "karim", code).checked_in_at is not None
    with database.as_owner() as db:
        assert {a.scope for a in db.exec(select(Attempt)).all()} == {"check_in"}


def test_check_in_outside_its_time_of_a_called_or_cancelled_session_is_refused(
    database: Database, world: World
) -> None:
    session_id = begun(database, world)
    start = start_of(database, world, session_id)
    with at(start - 31 * MINUTE), refused(Conflict, "check_in_not_now"):
        opened(database, world, session_id)
    with at(start):
        code = opened(database, world, session_id).code or ""
    with at(start + 180 * MINUTE):
        assert code_of(database, world, session_id) == ""
        with refused(Conflict, "check_in_not_now"):
            checks_in(database, world, session_id, "maude", code)
    called(database, world, session_id, absent=("maude",))
    with refused(Conflict, "check_in_roll_called"):
        checks_in(database, world, session_id, "maude", code_of(database, world, session_id) or "000000")
    with database.transaction(colleges=[world.alma]) as db:
        entry = select(RollCallEntry.status).where(col(RollCallEntry.enrolment_id) == world.enrolments["maude"])
        assert db.exec(entry).all() == ["absent"], "what a trainer recorded stays"
    archived = begun(database, world, minutes=-7)
    with at(start_of(database, world, archived)):
        code = opened(database, world, archived).code or ""
        set_state(database, world, CohortState.ARCHIVED)
        with refused(Conflict, "cohort_archived"):
            opened(database, world, archived)
        with refused(Conflict, "cohort_archived"):
            checks_in(database, world, archived, "maude", code)


def moved(database: Database, world: World, session_id: int, starts_at: datetime) -> None:
    """Move a session to another time, as the coordinator."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        session = see_session(db, actor, session_id)
        command = ChangeSession(
            sequence=session.sequence, starts_at=starts_at, planned_minutes=180, mode=session.mode, reason="Tempête."
        )
        change(db, actor, see_cohort(db, actor, world.cohort), session, command)


def test_check_in_of_a_session_that_is_moved_is_closed_and_who_checked_in_does_it_again(
    database: Database, world: World, client: TestClient
) -> None:
    session_id = begun(database, world)
    start = start_of(database, world, session_id)
    with at(start):
        checks_in(database, world, session_id, "maude", opened(database, world, session_id).code or "")
    with at(start + MINUTE):
        moved(database, world, session_id, start + timedelta(days=7))
    later = start + timedelta(days=7, minutes=20)
    with at(later):
        as_(client, database, world, "trainer")
        state = client.get(f"{V1}/sessions/{session_id}/check-in").json()
        assert (state["is_open"], state["can_open"], state["check_ins"]) == (False, True, [])
        roll = fields(page(client.get(f"/seances/{session_id}/appel")), f"/seances/{session_id}/appel")
        assert roll["status"] == ["present"] * 4, "as if nobody had checked in"
        made = checks_in(database, world, session_id, "maude", opened(database, world, session_id).code or "")
        assert (made.checked_in_at, made.status) == (later, "late")
        listed = client.get(f"{V1}/sessions/{session_id}/check-in").json()["check_ins"]
        assert [(c["name"], c["status"]) for c in listed] == [("Maude Bérubé", "late")]


def test_first_check_in_of_a_session_moved_there_and_back_counts_alone(database: Database, world: World) -> None:
    session_id = begun(database, world)
    start = start_of(database, world, session_id)
    with at(start - 10 * MINUTE):
        code = opened(database, world, session_id).code or ""
        for who in ("maude", "karim"):
            checks_in(database, world, session_id, who, code)
        moved(database, world, session_id, start + 25 * MINUTE)
    with at(start):
        checks_in(database, world, session_id, "maude", opened(database, world, session_id).code or "")
        moved(database, world, session_id, start)
        assert [(c.name, c.checked_in_at) for c in opened(database, world, session_id).check_ins] == [
            ("Maude Bérubé", start - 10 * MINUTE), ("Karim Haddad", start - 10 * MINUTE),
        ]  # fmt: skip


def test_check_in_opened_while_its_session_moves_away_is_refused(database: Database, world: World) -> None:
    """Who opens it read the session before somebody moved it."""
    session_id = begun(database, world)
    start = start_of(database, world, session_id)
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.ROLLCALL_RECORD)
        session = see_session(db, actor, session_id)
    moved(database, world, session_id, start + timedelta(days=7))
    with database.transaction() as db, refused(Conflict, "check_in_not_now"):
        service.open_check_in(db, RING, acting(db, world, "trainer", P.ROLLCALL_RECORD), session, OpenCheckIn())


def test_check_in_is_for_who_is_on_the_roll_alone(database: Database, world: World) -> None:
    session_id = begun(database, world)
    code = opened(database, world, session_id).code or ""
    for who in ("trainer", "coordinator", "nobody", "other_participant"):
        with refused(NotFound, "not_found"):
            checks_in(database, world, session_id, who, code)
    with database.as_owner() as db:
        row = db.get_one(Enrolment, world.enrolments["karim"])
        row.joined_on = today() + timedelta(days=2)
        db.add(row)
    with refused(NotFound, "not_found"):
        checks_in(database, world, session_id, "karim", code)
    move(database, world, world.enrolments["yves"], S.ON_LEAVE, reason="Congé.")
    with refused(NotFound, "not_found"):
        checks_in(database, world, session_id, "yves", code)


def test_mode_that_is_not_of_the_session_is_refused_and_the_usual_one_is_the_first(
    database: Database, world: World
) -> None:
    session_id = begun(database, world, mode=Mode.online)
    code = opened(database, world, session_id).code or ""
    with refused(Invalid, "invalid"):
        checks_in(database, world, session_id, "maude", code, mode="onsite")
    assert checks_in(database, world, session_id, "maude", code).mode == "video"


def test_check_ins_and_openings_at_once_leave_one(database: Database, world: World) -> None:
    session_id = begun(database, world)
    together = Barrier(4)

    def run(n: int) -> str:
        together.wait()
        if n % 2:
            return opened(database, world, session_id).code or ""
        together_code = opened(database, world, session_id).code or ""
        return str(checks_in(database, world, session_id, "maude", together_code).checked_in_at)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(run, range(4)))
    with database.transaction(colleges=[world.alma]) as db:
        assert len(db.exec(select(CheckInOpening)).all()) == 1
        assert len(db.exec(select(CheckIn)).all()) == 1


# Over HTTP ---------------------------------------------------------------------------------------


def shown_code(text: str) -> tuple[str, str]:
    """Return the code that a page shows, and what a telephone reads in its QR code."""
    match = re.search(r'class="display-code">(\d{3}) (\d{3})<', text)
    drawn = re.search(r'src="(data:image/svg\+xml[^"]+)"', text)
    assert match is not None
    assert drawn is not None
    return match[1] + match[2], read_qr_code(unescape(drawn[1]))


def test_session_is_checked_in_to_from_its_pages_and_its_roll_confirms_it(
    client: TestClient, database: Database, world: World
) -> None:
    """The whole of it without a script: open, show, type, confirm."""
    session_id = begun(database, world, minutes=-20)
    path = f"/seances/{session_id}"
    as_(client, database, world, "maude")
    assert f"{path}/presence" not in page(client.get(path))
    as_(client, database, world, "trainer")
    assert f'href="{path}/code"' in page(client.get(path))
    sent = fields(page(client.get(f"{path}/code")), f"{path}/code")
    assert client.post(f"{path}/code", data={**sent, "grace_minutes": "15"}).headers["location"] == f"{path}/code"
    shown = client.get(f"{path}/code")
    assert 1 <= int(shown.headers["refresh"]) <= 61
    assert shown.headers["cache-control"] == "no-store"
    assert "Maude" not in shown.text, "a whole room reads this page"
    code, address = shown_code(shown.text)
    assert urlsplit(address).path == f"{path}/presence"
    assert parse_qs(urlsplit(address).query) == {"code": [code]}

    as_(client, database, world, "maude")
    assert f'href="{path}/presence"' in page(client.get(path))
    scanned = page(client.get(address))
    typed = fields(scanned, f"{path}/presence")
    assert typed["code"] == [code]
    wrong = client.post(f"{path}/presence", data={"code": "12", "mode": "phone"})
    again = fields(page(wrong, 422), f"{path}/presence")
    assert "n’est pas celui qui est affiché" in wrong.text
    assert (again["code"], again["mode"]) == (["12"], ["phone"])
    assert client.post(f"{path}/presence", data={"code": code, "mode": "phone"}).status_code == 303
    done = page(client.get(f"{path}/presence"))
    assert "Votre arrivée est enregistrée" in done
    assert "proposée comme un retard" in done

    as_(client, database, world, "trainer")
    assert "1 personne enregistrée sur 4" in page(client.get(f"{path}/code"))
    assert client.post(f"{path}/code/fin").headers["location"] == f"{path}/appel"
    html = page(client.get(f"{path}/appel"))
    assert "S’est enregistrée à" in html
    roll = fields(html, f"{path}/appel")
    place = roll["enrolment_id"].index(str(world.enrolments["maude"]))
    assert (roll["status"][place], roll["mode"][place]) == ("late", "phone")
    assert sorted(roll["status"]) == ["absent", "absent", "absent", "late"]
    assert client.post(f"{path}/appel", data=roll).status_code == 303
    with database.transaction(colleges=[world.alma]) as db:
        entries = {e.enrolment_id: e for e in db.exec(select(RollCallEntry)).all()}
    maude = entries[world.enrolments["maude"]]
    assert (maude.status, maude.mode) == ("late", "phone")
    assert 155 <= maude.minutes <= 160
    assert page(client.get(f"{path}/code")).count("Les présences de cette séance sont notées") == 1
    state = client.get(f"{V1}{path.replace('seances', 'sessions')}/check-in").json()
    assert (state["can_open"], [o["code"] for o in state["obstacles"]]) == (False, ["check_in_roll_called"])


def test_check_in_by_the_api_of_a_program_and_of_a_person(client: TestClient, database: Database, world: World) -> None:
    session_id = begun(database, world)
    base = f"{V1}/sessions/{session_id}"
    as_(client, database, world, "trainer")
    before = client.get(f"{base}/check-in").json()
    assert (before["is_open"], before["can_open"], before["code"], before["expected"]) == (False, True, None, 4)
    bad = client.post(f"{base}/check-in", json={"grace_minutes": 61})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "grace_minutes")
    state = client.post(f"{base}/check-in", json={}).json()
    assert (state["is_open"], state["grace_minutes"], state["address"]) == (
        True, 10, f"{SITE}/seances/{session_id}/presence",
    )  # fmt: skip
    assert client.post(f"{base}/check-in", json={"grace_minutes": 0}).json()["grace_minutes"] == 10

    as_(client, database, world, "maude")
    assert client.get(f"{base}/check-in").status_code == 403
    own = client.get(f"{base}/own-check-in").json()
    assert (own["is_open"], own["checked_in_at"], own["modes"]) == (True, None, ["onsite", "video", "phone"])
    refusal = client.post(f"{base}/own-check-in", json={"code": "x"})
    assert (refusal.status_code, refusal.json()["code"]) == (422, "wrong_check_in_code")
    assert refusal.json()["errors"][0]["field"] == "code"
    made = client.post(f"{base}/own-check-in", json={"code": state["code"], "mode": "onsite"})
    assert (made.status_code, made.json()["status"]) == (201, "present")

    as_(client, database, world, "trainer")
    listed = client.get(f"{base}/check-in").json()["check_ins"]
    assert [(c["name"], c["mode"], c["status"]) for c in listed] == [("Maude Bérubé", "onsite", "present")]
    closed = client.post(f"{base}/check-in/closing").json()
    assert (closed["is_open"], closed["code"], len(closed["check_ins"])) == (False, None, 1)


def test_wrong_codes_of_an_address_slow_its_attempts(
    client: TestClient, database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the page and by the API, whoever types them; the waits are noted, and nobody waits."""
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("app.platform.security.slowdown.anyio.sleep", note)
    session_id = begun(database, world)
    opened(database, world, session_id)
    with database.transaction() as db:
        for _ in range(FREE_FAILURES - 1):
            record_failure(db, RING, RateLimitScope.CHECK_IN, of_address("testclient"))
    as_(client, database, world, "maude")
    for _ in range(2):
        assert client.post(f"{V1}/sessions/{session_id}/own-check-in", json={"code": "x"}).status_code == 422
        assert client.post(f"/seances/{session_id}/presence", data={"code": "x", "mode": "onsite"}).status_code == 422
    assert waits == pytest.approx([0.1, 0.2])
