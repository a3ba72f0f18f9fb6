"""From application to a certificate verified by anyone, over HTTP alone, in each role."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pikepdf
import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from app.curricula.enums import ActivityType
from app.curricula.library import default_library
from app.curricula.schemas import Activity, Curriculum
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from tests.factories.codev import CONTRACT
from tests.factories.network import PASSWORD, World, token
from tests.factories.outbox import link_in, messages

API = "/api/v1"
WEEKS = 18
STARTED = today() - timedelta(weeks=WEEKS)
NEWCOMERS = ("Zoé Lœwen-Côté", "Anaïs Bérubé", "Noël Tremblay", "Ïsa Diallo", "Uapukun Picard")


@dataclass
class Journey:
    """The state of a journey: one client for everyone, each with their own token."""

    client: TestClient
    database: Database
    world: World
    tokens: dict[str, str] = field(default_factory=dict)
    cohort: int = 0
    mandate: int = 0
    enrolments: list[int] = field(default_factory=list)

    def call(self, who: str, method: str, path: str, expected: int = 200, **body: Any) -> Any:
        """Send a request as someone; return the answer, decoded when it is JSON."""
        if who not in self.tokens and who in self.world.people:
            self.tokens[who] = token(self.database, self.world, who)
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        answer = self.client.request(method, path, headers=headers, json=body or None)
        assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.content

    @property
    def curriculum(self) -> Curriculum:
        """The curriculum that the cohort follows."""
        return default_library().curriculum("generaliste", "1.0")

    def activities(self, test: Callable[[Activity], bool]) -> list[Activity]:
        """Return the activities of the curriculum that pass a test, in order."""
        return [a for a in self.curriculum.activities if test(a)]


@pytest.fixture
def journey(client: TestClient, database: Database, world: World) -> Journey:
    """A journey at its beginning."""
    return Journey(client, database, world)


def test_from_application_to_a_verified_certificate(journey: Journey) -> None:
    admit(journey)
    learn(journey)
    meet(journey)
    accompany(journey)
    judge(journey)
    number, code = certify(journey)
    verify(journey, code)
    report(journey, number)


def admit(journey: Journey) -> None:
    """Create accounts and a cohort, apply, and admit the applicants."""
    for place, name in enumerate(NEWCOMERS):
        first, last = name.split(" ", 1)
        email = f"personne{place}@escouade.example.com"
        journey.call("registrar", "POST", f"{API}/colleges/{journey.world.alma}/invitations", 201, email=email)
        link = link_in(messages(journey.database)[-1][2])
        opened = {"legal_first_name": first, "legal_last_name": last, "chosen_name": "", "password": PASSWORD}
        assert TestClient(journey.client.app, follow_redirects=False).post(link, data=opened).status_code == 303
        signed = journey.call("", "POST", f"{API}/sign-ins", 201, email=email, password=PASSWORD)
        journey.tokens[str(place)] = signed["token"]
    cohort = journey.call(
        "coordinator",
        "POST",
        f"{API}/colleges/{journey.world.alma}/cohorts",
        201,
        project_id=journey.world.project,
        region_code="02",
        phase="prototype",
        code="GEN-ALM-9",
        title="Cohorte du voyage",
        curriculum_slug="generaliste",
        curriculum_version="1.0",
        starts_on=STARTED.isoformat(),
        ends_on=(today() + timedelta(days=7)).isoformat(),
        place="Alma",
        capacity=5,
    )
    journey.cohort = cohort["id"]
    for state in ("open", "running"):
        moves = f"{API}/cohorts/{journey.cohort}/moves"
        shown = journey.call("coordinator", "GET", f"{moves}/{state}")["shown"]
        journey.call("coordinator", "POST", moves, 201, to=state, shown=shown)
    staff = {"person_id": journey.world.people["trainer"]}
    journey.call("coordinator", "POST", f"{API}/cohorts/{journey.cohort}/staff", 201, **staff)
    for place in range(len(NEWCOMERS)):
        application: dict[str, object] = {
            "motive": "Accompagner les PME d’ici.",
            "employer": "SADC du Lac",
            "employer_agrees": True,
        }
        path = f"{API}/cohorts/{journey.cohort}/applications"
        journey.enrolments.append(journey.call(str(place), "POST", path, 201, **application)["id"])
        move = f"{API}/enrolments/{journey.enrolments[-1]}/moves"
        refused = journey.call("coordinator", "POST", move, 409, to="admitted")
        assert refused["code"] == "too_late_to_join"
        body = {"to": "admitted", "reason": "Arrivée convenue avec l’employeur.", "joined_on": STARTED.isoformat()}
        journey.call("coordinator", "POST", move, 201, **body)
        journey.call("coordinator", "POST", move, 201, to="active", joined_on=STARTED.isoformat())


def moment(week: int, hour: int = 14) -> str:
    """Return a moment of a week of the cohort, in ISO 8601."""
    return datetime.combine(STARTED + timedelta(weeks=week - 1, days=1), time(hour), UTC).isoformat()


def learn(journey: Journey) -> None:
    """Complete each module: sessions and roll calls, study, hand-ins, countersigned field hours."""
    for module in journey.curriculum.modules:
        for activity in module.activities:
            if activity.type is ActivityType.codev:
                continue
            if activity.is_group:
                attend(journey, activity, module.week)
            elif activity.type is ActivityType.field_mandate:
                declare(journey, activity)
            else:
                study(journey, activity)
        if module.code == "GEN-1":
            progress = journey.call("0", "GET", f"{API}/enrolments/{journey.enrolments[0]}/progress")
            assert progress["modules"][0]["state"] == "done"


def attend(journey: Journey, activity: Activity, week: int) -> None:
    """Hold a session with everyone present but the last person."""
    path = f"{API}/cohorts/{journey.cohort}/sessions"
    meeting = journey.call("coordinator", "POST", path, 201, activity_code=activity.code, starts_at=moment(week))
    sheet = journey.call("trainer", "GET", f"{API}/sessions/{meeting['id']}/roll-call")
    assert {e["enrolment_id"] for e in sheet["entries"]} == set(journey.enrolments)
    entries = [
        {"enrolment_id": e, "status": "present", "minutes": activity.minutes, "mode": "onsite"}
        for e in journey.enrolments[:-1]
    ]
    entries.append({"enrolment_id": journey.enrolments[-1], "status": "absent", "minutes": 0})
    journey.call("trainer", "POST", f"{API}/sessions/{meeting['id']}/roll-call", 201, entries=entries)


def study(journey: Journey, activity: Activity) -> None:
    """Complete an individual activity as the first person; the others only attend the sessions."""
    enrolment_path = f"{API}/enrolments/{journey.enrolments[0]}"
    if activity.type is ActivityType.self_study:
        journey.call("0", "POST", f"{enrolment_path}/completions", 201, activity_code=activity.code)
    else:
        body = {"activity_code": activity.code, "body": f"Remise de {activity.title.fr} : é, œ, ç, « »."}
        journey.call("0", "POST", f"{enrolment_path}/hand-ins", 201, **body)


def declare(journey: Journey, activity: Activity) -> None:
    """Declare field hours: those above plan are refused, the right ones countersigned."""
    path = f"{API}/enrolments/{journey.enrolments[0]}/field-hours"
    body: dict[str, Any] = {"activity_code": activity.code, "worked_on": (today() - timedelta(days=2)).isoformat()}
    above = journey.call("0", "POST", path, 422, minutes=activity.minutes + 1, **body)
    assert above["errors"][0]["code"] == "hours_above_plan"
    declared = journey.call("0", "POST", path, 201, minutes=activity.minutes, **body)
    waiting = journey.call("coordinator", "GET", f"{API}/colleges/{journey.world.alma}/field-hours/pending")
    assert declared["id"] in {h["id"] for h in waiting["items"]}
    journey.call("coordinator", "POST", f"{API}/field-hours/{declared['id']}/countersignature", 201, accepted=True)


def meet(journey: Journey) -> None:
    """Hold the four sessions of a codevelopment group; everyone is present, and client in turn."""
    body = {
        "name": "Boussole", "enrolment_ids": journey.enrolments, "joined_on": STARTED.isoformat(),
        "facilitator_id": journey.world.people["facilitator"],
    }  # fmt: skip
    group = journey.call("coordinator", "POST", f"{API}/cohorts/{journey.cohort}/codev-groups", 201, **body)
    journey.tokens.pop("facilitator", None)
    for who in (*(str(place) for place in range(len(NEWCOMERS))), "facilitator"):
        journey.call(who, "POST", f"{API}/codev/groups/{group['id']}/agreements", 201, **CONTRACT)
    for week, activity in enumerate(journey.activities(lambda a: a.type is ActivityType.codev), start=4):
        path = f"{API}/codev/groups/{group['id']}/sessions"
        meeting = journey.call(
            "coordinator", "POST", path, 201, activity_code=activity.code, starts_at=moment(week, 19)
        )
        session_path = f"{API}/codev/sessions/{meeting['id']}"
        proposed = journey.call("facilitator", "GET", f"{session_path}/rotation?consultations=2")
        consultations = proposed["items"] if isinstance(proposed, dict) else proposed
        roles = [
            {"position": p["position"], "membership_id": p[f"{key}_id"], "role": role}
            for p in consultations
            for key, role in (("client", "client"), ("reserve", "reserve"))
        ]
        journey.call("facilitator", "PUT", f"{session_path}/roles", roles=roles)
        members = [m["membership_id"] for m in group["members"]]
        entries = [{"membership_id": m, "status": "present", "minutes": 180, "mode": "phone"} for m in members]
        turns = [{"position": p["position"], "client_id": p["client_id"], "status": "held"} for p in consultations]
        journey.call("facilitator", "POST", f"{session_path}/records", 201, entries=entries, turns=turns)
    journey.call("trainer", "GET", f"{API}/codev/groups/{group['id']}", 403)


def accompany(journey: Journey) -> None:
    """Open a mandate and record its three milestones, in order; the coordinator confirms them."""
    enterprise = {"name": "Boulangerie du Quai", "neq": "1170000017", "sector": "Agroalimentaire", "size": "5-49", "region_code": "02"}  # fmt: skip  # noqa: E501
    path = f"{API}/enrolments/{journey.enrolments[0]}/mandates"
    opened = (today() - timedelta(days=30)).isoformat()
    body = {"kind": "orientation", "title": "Orientation numérique", "opened_on": opened, "enterprise": enterprise}
    mandate = journey.call("0", "POST", path, 201, **body)
    journey.mandate = mandate["id"]
    milestones_path = f"{API}/mandates/{mandate['id']}/milestones"
    day = (today() - timedelta(days=20)).isoformat()
    early = journey.call("0", "POST", milestones_path, 422, kind="diagnostic", happened_on=day)
    assert early["errors"][0]["code"] == "agreement_missing"
    for kind in ("agreement", "diagnostic", "plan"):
        shown = journey.call(
            "0", "POST", milestones_path, 201, kind=kind, happened_on=day, confidentiality_clause=kind == "agreement"
        )
    for milestone in shown["milestones"]:
        confirmation = f"{API}/milestones/{milestone['id']}/confirmation"
        journey.call("0", "POST", confirmation, 403)
        journey.call("coordinator", "POST", confirmation, 201)


def judge(journey: Journey) -> None:
    """Judge each competency at its threshold on a hand-in that shows it, or on codevelopment.

    A judgement without evidence, or on work that assesses something else, is refused.
    """
    enrolment = journey.enrolments[0]
    path = f"{API}/enrolments/{enrolment}/judgements"
    bare = journey.call("trainer", "POST", path, 422, competency_code="CN-01", level=2)
    assert "evidence" in {e["field"] for e in bare["errors"]}
    hand_ins = journey.call("trainer", "GET", f"{API}/enrolments/{enrolment}/hand-ins")
    by_module = {journey.curriculum.module_of(row["activity_code"]).code: row["id"] for row in hand_ins}
    rule = next(r for r in journey.curriculum.certificates if r.thresholds)
    framework = default_library().framework_of(journey.curriculum)
    for code, level in rule.thresholds.items():
        criteria = [c.code for c in framework.competency(code).criteria]
        shown_by = {m.code for m in journey.curriculum.modules if any(t.competency == code for t in m.assesses)}
        fitting = [{"kind": "hand_in", "id": work} for module, work in by_module.items() if module in shown_by]
        if not fitting and code == "CN-11":
            fitting = [{"kind": "hand_in", "id": by_module["GEN-1"]}]
        body = {
            "competency_code": code, "level": level, "criteria_met": criteria, "comment": "Appuyé.",
            "evidence": fitting[:1] or [{"kind": "mandate", "id": journey.mandate}],
        }  # fmt: skip
        if code == "CN-04":
            other = {**body, "evidence": [{"kind": "hand_in", "id": by_module["GEN-1"]}]}
            refused = journey.call("trainer", "POST", path, 422, **other)
            assert refused["errors"][0]["code"] == "evidence_of_other_competency"
        journey.call("trainer", "POST", path, 201, **body)


def certify(journey: Journey) -> tuple[str, str]:
    """Issue a certificate to the eligible person; another one is refused. Return its number and code."""
    college = journey.world.alma
    signatory = {"name": "Régine Registraire", "title": "Registraire", "valid_from": STARTED.isoformat()}
    journey.call("registrar", "POST", f"{API}/colleges/{college}/signatories", 201, **signatory)
    refused = journey.call(
        "registrar", "POST", f"{API}/enrolments/{journey.enrolments[-1]}/certificates", 409, kind="attestation_reussite"
    )
    assert refused["code"] == "certificate_refused"
    assert {e["code"] for e in refused["errors"]} >= {"module_incomplete", "competency_below"}
    progress = journey.call("0", "GET", f"{API}/enrolments/{journey.enrolments[0]}/progress")
    assert progress["recognised_minutes"] == progress["planned_minutes"] == 60 * 60
    assert [e["why"] for e in progress["eligibility"]] == [[], []]
    path = f"{API}/enrolments/{journey.enrolments[0]}/certificates"
    issued = journey.call("registrar", "POST", path, 201, kind="attestation_reussite")
    assert issued["number"] == f"ALM-{today().year}-0001"
    content = journey.call("0", "GET", f"{API}/certificates/{issued['id']}/pdf")
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) == 1
        assert pdf.Root.MarkInfo.Marked
    assert content == journey.call("registrar", "GET", f"{API}/certificates/{issued['id']}/pdf")
    return issued["number"], issued["record"]["code"]


def verify(journey: Journey, code: str) -> None:
    """Verify the certificate without a sign-in: its content is shown, and nothing more."""
    verification = journey.call("", "GET", f"{API}/verify/{code}")
    assert verification["holder"] == "Zoé Lœwen-Côté"
    page = journey.call("", "GET", f"/v/{code}").decode()
    assert "Zoé Lœwen-Côté" in page
    assert "personne0@" not in page
    assert "SADC" not in page
    journey.call("", "GET", f"{API}/verify/{'0' * 32}", 404)


def report(journey: Journey, number: str) -> None:
    """Compare the cohort's progress report cell by cell in both formats, as the registrar."""
    path = f"{API}/cohorts/{journey.cohort}/progress-report"
    rows = list(
        csv.reader(io.StringIO(journey.call("registrar", "GET", f"{path}.csv").decode("utf-8-sig")), delimiter=";")
    )
    header, people = rows[0], [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    first = next(p for p in people if "Zoé Lœwen-Côté" in p.values() or "Lœwen-Côté" in p.values())
    absent = next(p for p in people if any("Picard" in v for v in p.values()))
    assert len(people) == len(NEWCOMERS)
    assert number in "|".join(first.values())
    by_name = {k.lower(): v for k, v in first.items()}
    assert by_name["heures reconnues"] == "60,00"
    assert by_name["heures prévues"] == "60,00"
    assert by_name["assiduité (%)"] == "100"
    assert {k.lower(): v for k, v in absent.items()}["assiduité (%)"] == str(12 * 100 // 31)
    book = load_workbook(io.BytesIO(journey.call("registrar", "GET", f"{path}.xlsx")))
    cells = [[c.value for c in row] for row in book.worksheets[0].iter_rows()]
    assert cells[0] == header
    assert [[_plain(v) for v in row] for row in cells[1:]] == [[_plain(v) for v in row] for row in rows[1:]]
    journey.call("other_registrar", "GET", f"{path}.csv", 404)


def _plain(value: object) -> object:
    """Return a cell's value in a form that both formats share: a number, an ISO date, or a text."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    try:
        return float(str(value).replace(",", "."))
    except ValueError:
        return "" if value is None else str(value)
