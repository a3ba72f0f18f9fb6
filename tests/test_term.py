"""A term of one cohort over HTTP: thirty people from a clerk's workbook to the last session."""

import io
import re
from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any

import icalendar
import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook

from app.curricula.enums import ActivityType
from app.curricula.library import default_library
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from tests.factories.codev import CONTRACT
from tests.factories.forms import form_to, forms_of
from tests.factories.network import PARTICIPANTS, PASSWORD, World
from tests.factories.outbox import link_in, messages
from tests.factories.term import API, MONTREAL, Term, hour, plain
from tests.factories.venues import HALIFAX, venue_in

OPENED = today()
FIRST_DAY = OPENED + timedelta(days=21)
TITLE = "Généraliste, hiver"
SEATS, PEOPLE = 28, 30
CURRICULUM = default_library().curriculum("generaliste", "1.0")
WORKSHOPS = [(m, a) for m in CURRICULUM.modules for a in m.activities if a.type is ActivityType.workshop]
DILIGENT, ABSENT, EXCUSED, LEFT_EARLY, LATE = ("person0", "person1"), "person2", "person3", "person4", "nobody"
MIN_ATTENDANCE = 80
NONE: Counter[str] = Counter()
NAMES = [f"{first} {last}" for last in ("Bérubé", "Côté", "Tremblay", "Lœwen", "O’Brien") for first in
         ("Zoé", "Anaïs", "Noël", "Ïsa", "Uapukun", "Émile")]  # fmt: skip


@pytest.fixture
def term(client: TestClient, database: Database, world: World, settings: Settings) -> Term:
    """Return a term at the day on which its cohort is prepared."""
    return Term(client, database, world, settings, OPENED)


def test_term_of_thirty_people(term: Term) -> None:
    prepare(term)
    bring_people(term)
    admit(term)
    leave_a_seat(term)
    start(term)
    attend_until_storm(term)
    join_late(term)
    attend_after_storm(term)
    consult(term)
    read_numbers(term)
    read_feeds_at_the_end(term)
    read_letters(term)


def prepare(term: Term) -> None:
    """Prepare a cohort, its trainer and its six workshops; open it to applications."""
    cohort = term.call(
        "coordinator", "POST", f"/colleges/{term.world.alma}/cohorts", 201,
        project_id=term.world.project, region_code="02", code="GEN-ALM-30", title=TITLE, place="Alma",
        curriculum_slug="generaliste", curriculum_version="1.0", starts_on=FIRST_DAY.isoformat(), capacity=SEATS,
    )  # fmt: skip
    term.cohort = cohort["id"]
    moves = f"/cohorts/{term.cohort}/moves"
    shown = term.call("coordinator", "GET", f"{moves}/open")["shown"]
    term.call("coordinator", "POST", moves, 201, to="open", shown=shown)
    person = {"person_id": term.world.people["trainer"]}
    term.call("coordinator", "POST", f"/cohorts/{term.cohort}/staff", 201, **person)
    for module, activity in WORKSHOPS:
        day = FIRST_DAY + timedelta(weeks=module.week - 1, days=1)
        planned = {"activity_code": activity.code, "starts_at": hour(day, 18).isoformat()}
        session = term.call("coordinator", "POST", f"/cohorts/{term.cohort}/sessions", 201, **planned)
        term.sessions[activity.code] = session["id"]


def workbook_of_a_clerk() -> bytes:
    """Return a workbook as a clerk keeps it: spaces, capitals, a column of their own, an empty row, a name twice."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append([" Prénom", "Nom ", "Adresse courriel", "Embauche"])
    for place, name in enumerate(NAMES):
        first, last = name.split(" ")
        address = f"Personne{place}@Alma.Example.com" if place % 2 else f" personne{place}@alma.example.com "
        sheet.append([f"{first} ", last, address, f"2026-01-{place + 1:02}"])
        if place == 11:
            sheet.append([])
    sheet.append(["Zoé", "Bérubé", "PERSONNE0@ALMA.EXAMPLE.COM", None])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def bring_people(term: Term) -> None:
    """Import the workbook by the page: nothing is sent before it is confirmed, and once; everyone then applies."""
    path = f"/cohortes/{term.cohort}/personnes/ajout"
    with term.browser("coordinator") as browser:
        shown = browser.post(path, files={"file": ("Inscriptions hiver.xlsx", workbook_of_a_clerk())})
        assert shown.status_code == 200, shown.text
        assert messages(term.database) == []
        [unknown] = [f for f in forms_of(shown.text) if any(name == "columns" for name, _ in f.items) and f.choices]
        shown = browser.post(path, data=unknown.data())  # the clerk's own column is left out, as the page proposes
        [(confirm, read)] = [(f, v) for f in forms_of(shown.text) for name, v in f.buttons if name == "confirmed"]
        confirmed = {**confirm.data(), "confirmed": read}
        assert browser.post(path, data=confirmed).text.count("Invitation envoyée") == PEOPLE
        assert len(messages(term.database)) == PEOPLE
        browser.post(path, data=confirmed)
    letters = messages(term.database)
    assert len(letters) == PEOPLE, "a list that is sent twice invites once"
    for place, (email, subject, body) in enumerate(letters):
        who = f"person{place}"
        term.world.emails[who] = email
        term.tell(plain(subject), who)
        open_account(term, who, link_in(body))
        applied = {"motive": "Accompagner les PME d’ici.", "employer": "SADC du Lac", "employer_agrees": True}
        enrolment = term.call(who, "POST", f"/cohorts/{term.cohort}/applications", 201, **applied)
        term.enrolments[who] = term.applied[who] = enrolment["id"]


def open_account(term: Term, who: str, link: str) -> None:
    """Open someone's account by the link of their invitation, with the names that the workbook gave."""
    with term.browser() as browser:
        form = form_to(browser.get(link).text, link)
        opened = browser.post(link, data={**form.data(), "password": PASSWORD})
        assert opened.status_code == 303, opened.text
        signed = browser.post(f"{API}/sign-ins", json={"email": term.world.emails[who], "password": PASSWORD})
        me = browser.get(f"{API}/me", headers={"Authorization": f"Bearer {signed.json()['token']}"}).json()
    assert me["name"] in NAMES
    term.world.people[who] = me["person_id"]


def move(term: Term, who: str, to: str, expected: int = 201, **more: str) -> Any:
    """Change someone's state as the coordinator."""
    return term.call("coordinator", "POST", f"/enrolments/{term.enrolments[who]}/moves", expected, to=to, **more)


def admit(term: Term) -> None:
    """Admit as many people as there are seats; the last two wait."""
    *admitted, first, second = term.enrolments
    for who in admitted:
        move(term, who, "admitted")
    assert move(term, first, "admitted", 409)["code"] == "cohort_full"
    for who in (first, second):
        move(term, who, "waitlisted")
    term.tell(f"Votre candidature est acceptée : {TITLE}", *admitted)
    term.tell(f"Votre inscription a changé : {TITLE}", first, second)
    waiting = term.call("coordinator", "GET", f"/cohorts/{term.cohort}/waitlist")
    assert len(waiting["waiting"]) == 2


def leave_a_seat(term: Term) -> None:
    """Let someone withdraw: the seat is offered to the first who waits, who lets it expire, then to the second."""
    gone, (first, second) = "person5", list(term.enrolments)[-2:]
    move(term, gone, "withdrawn", reason="A changé d’emploi.")
    term.tell(f"Votre inscription a changé : {TITLE}", gone)
    term.work()
    term.tell(f"Une place s’est libérée : {TITLE}", first)
    assert term.call(first, "GET", f"/enrolments/{term.enrolments[first]}/application")["state"] == "offered"
    term.wait_until(OPENED + timedelta(days=4))
    term.tell(f"L’offre a expiré : {TITLE}", first)
    term.tell(f"Une place s’est libérée : {TITLE}", second)
    late = term.call(first, "POST", f"/enrolments/{term.enrolments[first]}/offer-answer", 409, accept=True)
    assert late["code"] == "no_offer"
    answer = term.call(second, "POST", f"/enrolments/{term.enrolments[second]}/offer-answer", accept=True)
    assert answer["state"] == "admitted"
    term.tell(f"Votre candidature est acceptée : {TITLE}", second)
    for who in (gone, first):
        del term.enrolments[who]


def start(term: Term) -> None:
    """Start the cohort on its first day: the twenty-eight people admitted follow it."""
    term.wait_until(FIRST_DAY)
    moves = f"/cohorts/{term.cohort}/moves"
    shown = term.call("coordinator", "GET", f"{moves}/running")["shown"]
    moved = term.call("coordinator", "POST", moves, 201, to="running", shown=shown)
    assert moved["people"] == SEATS
    term.tell(f"Votre formation commence : {TITLE}", *term.enrolments)


def hold(term: Term, code: str, presence: dict[str, tuple[str, int]]) -> None:
    """Hold a workshop on its day and record who was there: everyone, the whole of it, but those given."""
    session = session_of(term, code)
    term.wait_until(datetime.fromisoformat(session["starts_at"]).astimezone(MONTREAL).date() + timedelta(days=1))
    path, minutes = f"/sessions/{session['id']}/roll-call", session["planned_minutes"]
    people = {enrolment: who for who, enrolment in term.enrolments.items()}
    entries = []
    for line in term.call("trainer", "GET", path)["entries"]:
        status, attended = presence.get(people[line["enrolment_id"]], ("present", minutes))
        mode = {"mode": "onsite"} if attended else {}
        entries.append({"enrolment_id": line["enrolment_id"], "status": status, "minutes": attended, **mode})
    assert len(entries) == len(term.enrolments)
    term.call("trainer", "POST", path, 201, entries=entries)
    term.tell(f"Demain : {CURRICULUM.activity(code).title.text}", "trainer", *term.enrolments)


def check_in(term: Term, code: str) -> dict[str, tuple[str, int]]:
    """Let people check themselves in to a workshop of six o'clock; return the presence of who was late or never came.

    Someone sends the code to a colleague at home, who types it an hour later: it is another one by then.
    """
    session = term.sessions[code]
    term.wait_until(datetime.fromisoformat(session_of(term, code)["starts_at"]).astimezone(MONTREAL).date())
    path, (late, away) = f"/sessions/{session}", (LEFT_EARLY, ABSENT)
    with term.at_clock(time(17, 50)):
        shown = term.call("trainer", "POST", f"{path}/check-in", 201, grace_minutes=10)["code"]
        for who in term.enrolments:
            if who not in {late, away}:
                term.call(who, "POST", f"{path}/own-check-in", 201, code=shown)
    with term.at_clock(time(18, 50)):
        assert term.call(away, "POST", f"{path}/own-check-in", 422, code=shown)["code"] == "wrong_check_in_code"
        code_of_now = term.call("trainer", "GET", f"{path}/check-in")["code"]
        own = term.call(late, "POST", f"{path}/own-check-in", 201, code=code_of_now)
        state = term.call("trainer", "GET", f"{path}/check-in")
    assert own["status"] == "late"
    assert (len(state["check_ins"]), state["expected"]) == (len(term.enrolments) - 1, len(term.enrolments))
    return {late: ("late", session_of(term, code)["planned_minutes"] - 50), away: ("absent", 0)}


def session_of(term: Term, code: str) -> Any:
    """Return the session of an activity as its trainer reads it."""
    return term.call("trainer", "GET", f"/sessions/{term.sessions[code]}")


def study(term: Term, number: int) -> None:
    """Have the diligent read and hand in all of a module; each of the others will be late for its work."""
    module = CURRICULUM.modules[number]
    for activity in module.activities:
        for who in DILIGENT:
            path = f"/enrolments/{term.enrolments[who]}"
            if activity.type is ActivityType.self_study:
                term.call(who, "POST", f"{path}/completions", 201, activity_code=activity.code)
            elif activity.type is ActivityType.assessment:
                term.call(who, "POST", f"{path}/hand-ins", 201, activity_code=activity.code, body="Mon travail.")
    if not module.prerequisites:  # a module that follows another stays closed to who has not finished that one
        late = [who for who in term.enrolments if who not in DILIGENT]
        term.tell(f"En retard : {module.activities[-1].title.text}", *late)


def attend_until_storm(term: Term) -> None:
    """Hold the two first workshops: someone is absent, someone leaves early, someone is excused."""
    hold(term, "GEN-1.B", {ABSENT: ("absent", 0), LEFT_EARLY: ("left_early", 120)})
    study(term, 0)
    hold(term, "GEN-2.B", {ABSENT: ("absent", 0), EXCUSED: ("excused", 0)})
    study(term, 1)


def join_late(term: Term) -> None:
    """Add a seat and admit someone in week 4, before the limit; one workshop is made up, the other waived."""
    shown = term.call("coordinator", "GET", f"/cohorts/{term.cohort}")
    change = {name: shown[name] for name in ("title", "place", "starts_on", "ends_on", "late_join_pct", "grace_hours")}
    change["capacity"] = SEATS + 1
    preview = term.call("coordinator", "POST", f"/cohorts/{term.cohort}/change-preview", **change)
    term.call("coordinator", "PUT", f"/cohorts/{term.cohort}", shown=preview["shown"], **change)
    applied = term.call(LATE, "POST", f"/cohorts/{term.cohort}/applications", 201, motive="Embauché en semaine 4.")
    term.enrolments[LATE] = term.applied[LATE] = applied["id"]
    move(term, LATE, "admitted")
    move(term, LATE, "active", joined_on=term.day.isoformat())
    term.tell(f"Votre candidature est acceptée : {TITLE}", LATE)
    term.tell(f"Votre formation commence : {TITLE}", LATE)
    term.tell(f"En retard : {CURRICULUM.modules[1].activities[-1].title.text}", LATE)
    missed = term.call(LATE, "GET", f"/enrolments/{term.enrolments[LATE]}/missed")
    assert [m["activity_code"] for m in missed] == ["GEN-1.B", "GEN-2.B"]
    path = f"/enrolments/{term.enrolments[LATE]}"
    items = [
        {"activity_code": "GEN-1.B", "due_on": (term.day + timedelta(days=14)).isoformat()},
        {"activity_code": "GEN-2.B", "waived_because": "A donné cet atelier lui-même."},
    ]
    decided = term.call("coordinator", "PUT", f"{path}/catch-up-list", items=items)
    assert (decided["to_decide"], decided["assigned_minutes"], decided["waived_minutes"]) == (0, 180, 180)
    term.tell(f"Votre liste de rattrapage : {TITLE}", LATE)
    [caught] = [c for c in term.call("trainer", "GET", f"{path}/catch-ups") if c["activity_code"] == "GEN-1.B"]
    term.call("trainer", "POST", f"{path}/catch-ups/{caught['id']}/done", 201, done_on=term.day.isoformat())


def shift(term: Term, code: str, starts_at: datetime, **change: object) -> None:
    """Move a workshop because of the storm; everyone is told, but who moves it."""
    session = term.call("coordinator", "GET", f"/sessions/{term.sessions[code]}")
    same = {name: session[name] for name in ("sequence", "planned_minutes", "mode", "place")}
    moved = {**same, "starts_at": starts_at.isoformat(), "reason": "Tempête : routes fermées.", **change}
    term.call("coordinator", "POST", f"/sessions/{session['id']}/changes", 201, **moved)
    shown = term.call("coordinator", "GET", f"/sessions/{session['id']}")
    assert [past["starts_at"] for past in shown["changes"]] == [session["starts_at"]]
    term.tell(f"Séance déplacée : {CURRICULUM.activity(code).title.text}", "trainer", *term.enrolments)


def attend_after_storm(term: Term) -> None:
    """Move two workshops, one to a venue of the Islands in its own time, then hold the four that are left."""
    islands = venue_in(term.database, term.world.alma, "Centre des Îles", HALIFAX)
    third, fourth = (FIRST_DAY + timedelta(weeks=m.week - 1, days=1) for m, _ in WORKSHOPS[2:4])
    term.wait_until(third - timedelta(days=1))
    shift(term, "GEN-3.B", hour(third + timedelta(days=2), 18), venue_id=islands, place="")
    shift(term, "GEN-4.B", hour(fourth + timedelta(days=1), 18), meeting_link="https://visio.example/j/815")
    read_feed(term)
    for number, (_, activity) in enumerate(WORKSHOPS[2:], start=2):
        presence = {LEFT_EARLY: ("left_early", activity.minutes // 2)} if number == 2 else {}
        hold(term, activity.code, check_in(term, activity.code) if activity.code == "GEN-5.B" else presence)
        study(term, number)


def consult(term: Term) -> None:
    """Hold a codevelopment session in each of the four groups, everyone on the telephone for an hour."""
    people = list(term.enrolments.values())
    activity = next(a for a in CURRICULUM.activities if a.type is ActivityType.codev)
    for number in range(4):
        members: dict[str, object] = {"name": f"Groupe {number + 1}", "enrolment_ids": people[number::4]}
        members |= {"joined_on": term.day.isoformat(), "facilitator_id": term.world.people["facilitator"]}
        group = term.call("coordinator", "POST", f"/cohorts/{term.cohort}/codev-groups", 201, **members)
        term.tokens.pop("facilitator", None)
        for who in (*list(term.enrolments)[number::4], "facilitator"):
            term.call(who, "POST", f"/codev/groups/{group['id']}/agreements", 201, **CONTRACT)
            term.tell(f"Contrat de votre groupe à lire et à accepter : {TITLE}", who)
        planned = {
            "activity_code": activity.code,
            "starts_at": hour(term.day + timedelta(days=number + 1), 18).isoformat(),
        }
        path = f"/codev/groups/{group['id']}/sessions"
        session = term.call("coordinator", "POST", path, 201, **planned)["id"]
        for who in (*list(term.enrolments)[number::4], "facilitator"):
            term.tell(f"Séance de codéveloppement ajoutée : {activity.title.text}", who)
        term.wait_until(term.day + timedelta(days=number + 2))
        path = f"/codev/sessions/{session}"
        [turn] = term.call("facilitator", "GET", f"{path}/rotation?consultations=1")
        roles = [
            {"position": turn["position"], "membership_id": turn[f"{role}_id"], "role": role}
            for role in ("client", "reserve")
        ]
        term.call("facilitator", "PUT", f"{path}/roles", roles=roles)
        entries = [
            {"membership_id": m["membership_id"], "status": "present", "minutes": 60, "mode": "phone"}
            for m in group["members"]
        ]
        turns = [{"position": turn["position"], "client_id": turn["client_id"], "status": "held"}]
        term.call("facilitator", "POST", f"{path}/records", 201, entries=entries, turns=turns)


def read_numbers(term: Term) -> None:
    """Compare minutes attended and their base with what was recorded, for each kind of person (BR-08)."""
    workshops = sum(a.minutes for _, a in WORKSHOPS)
    codev = 180
    expected = {
        "person0": (workshops + 60, workshops + codev),
        ABSENT: (workshops - 540 + 60, workshops + codev),
        EXCUSED: (workshops - 180 + 60, workshops + codev),
        LEFT_EARLY: (workshops - 60 - 120 - 50 + 60, workshops + codev),
        LATE: (workshops - 180 + 60, workshops - 180 + codev),
    }
    for who, minutes in expected.items():
        progress = term.call(who, "GET", f"/enrolments/{term.enrolments[who]}/progress")
        assert (progress["attended_minutes"], progress["attendance_base_minutes"]) == minutes, who
    board = {row["enrolment_id"]: row for row in term.call("coordinator", "GET", f"/cohorts/{term.cohort}/board")}
    recognised = {who: board[enrolment]["recognised_minutes"] for who, enrolment in term.enrolments.items()}
    assert recognised == {who: recognised_of(who) for who in term.enrolments}
    modules = {who: board[enrolment]["modules_done"] for who, enrolment in term.enrolments.items()}
    assert modules == {who: len(WORKSHOPS) if who in DILIGENT else 0 for who in term.enrolments}
    at_risk = {who for who, enrolment in term.enrolments.items() if board[enrolment]["at_risk"]}
    assert at_risk == term.enrolments.keys() - set(DILIGENT), "the others handed nothing in"
    waiting = {part["kind"]: part["lines"] for part in term.call("coordinator", "GET", "/me/waiting")["parts"]}
    [risks] = [line for line in waiting.pop("risks") if line["id"] == term.cohort]
    below = [who for who in term.enrolments if board[term.enrolments[who]]["attendance_pct"] < MIN_ATTENDANCE]
    assert (risks["count"], risks["long_late"], risks["attendance_low"]) == (len(at_risk), len(at_risk), len(below))
    assert sorted(below) == sorted((ABSENT, EXCUSED, LEFT_EARLY))
    assert not any(waiting.values()), "nothing else waits for the coordinator"
    assert lacking(term, "person0") == {"hours_low"}
    assert lacking(term, ABSENT) == {"hours_low", "attendance_low"}
    assert not any(row["eligible"] for row in board.values())
    states = Counter(e["state"] for e in term.call("coordinator", "GET", f"/cohorts/{term.cohort}/enrolments"))
    assert states == {"active": SEATS + 1, "withdrawn": 1, "declined": 1}
    [cohort] = [c for c in term.call("coordinator", "GET", "/cohorts")["items"] if c["id"] == term.cohort]
    assert (cohort["seated"], cohort["capacity"]) == (SEATS + 1, SEATS + 1)


def recognised_of(who: str) -> int:
    """Return the minutes recognised at the end: workshops attended or made up, work alone, an hour of codevelopment."""
    missed = {ABSENT: 540, EXCUSED: 180, LEFT_EARLY: 60 + 120 + 50, LATE: 180}
    done = [a for m, _ in WORKSHOPS for a in m.activities] if who in DILIGENT else [a for _, a in WORKSHOPS]
    return sum(a.minutes for a in done) - missed.get(who, 0) + 60


def lacking(term: Term, who: str) -> set[str]:
    """Return why someone may not have the certificate of participation yet."""
    progress = term.call(who, "GET", f"/enrolments/{term.enrolments[who]}/progress")
    [participation] = [e for e in progress["eligibility"] if e["kind"] == "attestation_participation"]
    return {why["code"] for why in participation["why"]}


def read_letters(term: Term) -> None:
    """Compare every letter of the term with what each person should have been told, once each."""
    term.work()
    elsewhere = {term.world.emails[who] for who in (*PARTICIPANTS, "other_participant")}  # of the network's cohorts
    letters: dict[str, Counter[str]] = {email: Counter() for email in term.told}
    for email, subject, body in messages(term.database):
        if email not in elsewhere:
            letters.setdefault(email, Counter())[plain(subject)] += 1
            assert_letter(term, email, plain(subject), plain(body))
    differing = {email: (letter - term.told.get(email, NONE), term.told.get(email, NONE) - letter)
                 for email, letter in letters.items()}  # fmt: skip
    assert {email: difference for email, difference in differing.items() if any(difference)} == {}


def assert_letter(term: Term, email: str, subject: str, body: str) -> None:
    """Check that a letter names its cohort or its college, has the page to open, and names nobody else's file."""
    assert body.startswith("Bonjour,"), subject
    assert not re.search(r"[{}]|None|\bmsgid\b", body), subject
    if subject.startswith("Invitation"):
        assert "/invitation/" in link_in(body)
        assert "Collège d’Alma" in body
        return
    assert f"« {TITLE} »" in body, subject
    page = re.search(r"http://testserver(/\S+)", body)
    assert page is not None, subject
    who = next(name for name, address in term.world.emails.items() if address == email)
    named = re.fullmatch(r"/(?:parcours|candidatures|inscriptions)/(\d+)(?:/.*)?", page[1])
    assert named is None or int(named[1]) == term.applied[who], subject
    if subject.startswith(("Demain", "Séance déplacée", "Séance de codéveloppement")):
        assert re.search(r"\d{1,2}(?:er)? \w+ 20\d\d, \d{1,2} h", body), subject
        assert "Lieu : " in body, subject


def read_feeds_at_the_end(term: Term) -> None:
    """Read the feeds on the last day: the person's codevelopment and due dates, the cohort's sessions for all."""
    own = events_of(term, "person1", None)
    due = {f"due-{term.enrolments['person1']}-{code}": CURRICULUM.module(code).week for code in ("GEN-7", "GEN-8")}
    assert {uid for uid in own if uid.startswith("due-")} == due.keys(), "what is done has no due date any more"
    assert all(own[uid].decoded("dtstart") == FIRST_DAY + timedelta(weeks=week, days=-1) for uid, week in due.items())
    [meeting] = [event for uid, event in own.items() if uid.startswith("codev-")]
    assert meeting.decoded("dtstart").hour == 18
    sessions = {f"session-{id_}" for id_ in term.sessions.values()}
    cohort = events_of(term, "person0", term.cohort)
    of_cohort = {uid for uid in cohort if uid.startswith("session-")}
    assert of_cohort == {uid for uid in own if uid.startswith("session-")} <= sessions
    assert not [uid for uid in cohort if uid.startswith("codev-")], "a group's sessions are its members' alone"
    assert len([uid for uid in cohort if uid.startswith("cohort-due-")]) >= len(due)
    assert cohort[f"session-{term.sessions['GEN-3.B']}"].decoded("dtstart").hour == 19


def events_of(term: Term, who: str, cohort: int | None) -> dict[str, icalendar.Event]:
    """Return the events of a new feed of someone, by the first part of their identifier."""
    feed = term.call(who, "POST", "/me/calendar-feeds", 201, cohort_id=cohort)
    with term.browser() as browser:
        content = browser.get(feed["address"][feed["address"].index("/calendriers/") :]).content
    return {str(e["uid"]).partition("@")[0]: e for e in icalendar.Calendar.from_ical(content).events}


def read_feed(term: Term) -> None:
    """Read someone's calendar as Outlook does: of the four workshops to come, two were moved, one to other clocks."""
    events = events_of(term, "person0", None)
    sequences = {a.code: int(str(events[f"session-{term.sessions[a.code]}"]["sequence"])) for _, a in WORKSHOPS[2:]}
    assert sequences == {"GEN-3.B": 1, "GEN-4.B": 1, "GEN-5.B": 0, "GEN-6.B": 0}
    islands = events[f"session-{term.sessions['GEN-3.B']}"]
    assert islands["dtstart"].params["TZID"] == HALIFAX
    assert islands.decoded("dtstart").hour == 19, "six in the evening in Quebec"
