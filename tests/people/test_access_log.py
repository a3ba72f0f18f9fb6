"""The access log: opening a person's file, by any route or export, is logged for that person, or shows nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import event, text
from sqlalchemy.exc import ProgrammingError

from app.accompaniment.field_hours.models import FieldHours
from app.cohorts import service as cohorts
from app.cohorts.waitlist.enums import OfferAnswer
from app.cohorts.waitlist.models import SeatOffer
from app.grading.team_traces.models import TraceShare
from app.identity.roles.service import grant_role
from app.learning.hand_ins.models import HandIn
from app.platform.audit.access_log import DAILY, HALF_DAY
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.files.folder import FolderStore
from app.platform.security.permissions import GRANTS, P, Permission, Reach, Role
from app.reports import service as reports
from tests.factories import eligible
from tests.factories.accompaniment import open_mandate
from tests.factories.holds import hold_certificates, lift_hold
from tests.factories.network import PARTICIPANTS, STARTED, World, acting, as_
from tests.factories.transfers import propose

API = "/api/v1"

QUERIES = {
    "GET /colleges/{college_id}/attestations": {"situation": "tous"},
    "GET /colleges/{college_id}/retenues": {"etat": "toutes"},
    "GET /api/v1/colleges/{college_id}/transfers": {"incoming": "false"},
    "GET /colleges/{college_id}/transferts": {"sens": "envoyes"},
}
"""What makes a list show the person, by route."""

OF_MODULE = {"code": "GEN-1"}
VALUES = {
    "GET /api/v1/enrolments/{enrolment_id}/modules/{code}/package": OF_MODULE,
    "GET /parcours/{enrolment_id}/modules/{code}/paquet": OF_MODULE,
}
"""Values of a path that differ from those of the other routes: this code is a module's, theirs an activity's."""

OF_TEAM = {"GET /api/v1/hand-ins/{hand_in_id}/team"}
"""Routes about a trace of a team, where the hand-in of the others is an assessment's."""

NOT_LOGGED = {
    "GET /api/v1/codev/sessions/{session_id}/sheets": "names, and when each sheet came",
    "GET /api/v1/codev/sessions/{session_id}/own-sheet": "one's own sheet",
    "GET /codev/seances/{session_id}/fiche": "one's own sheet",
    "GET /api/v1/codev/sheets/{sheet_id}": "logged all the same: test_sheet_read_by_another_is_logged_for_its_author",
    "GET /codev/fiches/{sheet_id}": "as above",
    "GET /api/v1/codev/sessions/{session_id}/writings": "logged: test_what_a_session_leaves_is_read_inside",
    "GET /api/v1/codev/sessions/{session_id}/actions": "as above",
    "GET /codev/seances/{session_id}/suites": "as above",
    "GET /api/v1/colleges/{college_id}/confidences": "counts of each group's texts",
    "GET /colleges/{college_id}/confidences": "counts of each group's texts",
    "GET /api/v1/codev/groups/{group_id}/follow-up": "figures of a group",
    "GET /api/v1/profiles/{person_id}": "published by its person for everyone who may read the directory",
    "GET /conseillers/{person_id}": "as above",
    "GET /conseillers/{person_id}/photo": "as above",
    "GET /api/v1/colleges/{college_id}/employer-profiles": "logged: test_profiles_given_to_an_employer_are_logged",
    "GET /colleges/{college_id}/fiches-employeur": "as above",
    "GET /api/v1/codev/sessions/{session_id}/ratings": "figures of a group",
    "GET /api/v1/codev/sessions/{session_id}/ratings/results": "figures of a group: anonymous answers",
    "GET /codev/seances/{session_id}/questionnaire": "as above",
    "GET /api/v1/codev/groups/{group_id}/journal": "one's own journal",
    "GET /codev/groupes/{group_id}/journal": "one's own journal",
    "GET /api/v1/codev/groups/{group_id}/own-texts": "one's own texts",
    "GET /codev/groupes/{group_id}/mes-textes": "one's own texts",
    "GET /api/v1/codev/groups/{group_id}/own-writings": "one's own texts",
    "GET /api/v1/codev/groups/{group_id}/own-writings/{writing_kind}/{writing_id}": "one's own texts",
    "GET /codev/groupes/{group_id}/extraits": "one's own texts",
    "GET /codev/groupes/{group_id}/extraits/{writing_kind}/{writing_id}": "one's own texts",
    "GET /api/v1/codev/journal/{entry_id}": "one's own journal",
    "GET /codev/journal/{entry_id}": "one's own journal",
    "GET /api/v1/colleges/{college_id}": "a college",
    "GET /api/v1/projects/{project_id}": "a project and its targets",
    "GET /projets/{project_id}": "a project and its targets",
    "GET /api/v1/venues/{venue_id}": "a venue",
    "GET /api/v1/resources/{resource_id}": "an entry of the directory",
    "GET /api/v1/resources/{resource_id}/history": "who kept an entry of the directory up",
    "GET /api/v1/resources/{resource_id}/corrections": "one's own corrections",
    "GET /repertoire/{resource_id}": "an entry of the directory, and one's own corrections to it",
    "GET /repertoire/{resource_id}/modifier": "an entry of the directory",
    "GET /repertoire/{resource_id}/historique": "who kept an entry of the directory up",
    "GET /api/v1/cohorts/{cohort_id}/versions": "versions of a path",
    "GET /cohortes/{cohort_id}/versions": "versions of a path",
    "GET /cohortes/{cohort_id}/personnes/ajout": "the form of a list of people",
    "GET /cohortes/{cohort_id}/personnes/modele.csv": "an empty list",
    "GET /cohortes/{cohort_id}/personnes/modele.xlsx": "an empty list",
    "GET /colleges/{college_id}/personnel/ajout": "the form of a list of staff",
    "GET /colleges/{college_id}/personnel/modele.csv": "an empty list",
    "GET /colleges/{college_id}/personnel/modele.xlsx": "an empty list",
    "GET /lieux/{venue_id}": "a venue",
    "GET /colleges/{college_id}/cohortes": "counts of each cohort",
    "GET /api/v1/colleges/{college_id}/cohorts": "counts of each cohort",
    "GET /colleges/{college_id}": "a college and counts of its cohorts",
    "GET /api/v1/operations/letters/{letter_id}": "where a letter stands, its address masked",
    "GET /api/v1/staff-roles/{role_id}": "a role of the staff",
    "GET /roles-tenus/{role_id}": "a role of the staff",
    "GET /colleges/{college_id}/roles": "names and roles of the staff",
    "GET /api/v1/colleges/{college_id}/staff-roles": "names and roles of the staff",
    "GET /cohortes-ouvertes/{cohort_id}": "a cohort's offer",
    "GET /api/v1/cohorts/{cohort_id}/admission-conditions": "what a path asks for, and whether one meets it",
    "GET /candidatures/{enrolment_id}": "one's own application",
    "GET /api/v1/enrolments/{enrolment_id}/application": "one's own application",
    "GET /cohortes/{cohort_id}/seances": "a cohort's calendar",
    "GET /cohortes/{cohort_id}/seances/serie": "sessions to come",
    "GET /cohortes/{cohort_id}/seances/serie/apercu": "sessions to come; who is taken elsewhere has a row",
    "GET /cohortes/{cohort_id}/equipe": "names of staff",
    "GET /cohortes/{cohort_id}/equipe/{role_id}": "a member of staff",
    "GET /api/v1/cohorts/{cohort_id}/staff": "names of staff",
    "GET /api/v1/cohorts/{cohort_id}/staff/{role_id}": "a member of staff",
    "GET /cohortes/{cohort_id}/courriels-refuses": "names whose letters are refused, and no address",
    "GET /api/v1/cohorts/{cohort_id}/unreachable": "names whose letters are refused, and no address",
    "GET /cohortes/{cohort_id}/annonces": "what was written to a cohort",
    "GET /api/v1/cohorts/{cohort_id}/announcements": "what was written to a cohort",
    "GET /cohortes/{cohort_id}/copie": "a form of another cohort",
    "GET /cohortes/{cohort_id}/modification": "a cohort's settings",
    "GET /cohortes/{cohort_id}/modification/apercu": "how many people a change affects",
    "GET /cohortes/{cohort_id}/etat": "a cohort's state and its history",
    "GET /cohortes/{cohort_id}/etat/{to}": "how many people a move changes",
    "GET /api/v1/cohorts/{cohort_id}/moves": "a cohort's history",
    "GET /api/v1/cohorts/{cohort_id}/moves/{to}": "how many people a move changes",
    "GET /api/v1/cohorts/{cohort_id}": "a cohort",
    "GET /api/v1/cohorts/{cohort_id}/enrolments": "a list of names with their states",
    "GET /api/v1/cohorts/{cohort_id}/sessions": "a cohort's calendar",
    "GET /cohortes/{cohort_id}/calendrier": "a cohort's calendar",
    "GET /api/v1/cohorts/{cohort_id}/calendar": "a cohort's calendar",
    "GET /seances/{session_id}": "a session",
    "GET /api/v1/sessions/{session_id}": "a session",
    "GET /seances/{session_id}/modification": "a session",
    "GET /seances/{session_id}/annulation": "a session",
    "GET /seances/{session_id}/retablissement": "a session",
    "GET /api/v1/sessions/{session_id}/restorations": "a session",
    "GET /seances/{session_id}/appel": "a session's roll: names, who was there that day",
    "GET /api/v1/sessions/{session_id}/roll-call": "a session's roll: names, who was there that day",
    "GET /api/v1/sessions/{session_id}/roll-call/history": "a session's roll and its corrections, as above",
    "GET /seances/{session_id}/appel/historique": "a session's roll and its corrections, as above",
    "GET /seances/{session_id}/feuille": "a session's roll on paper, as above",
    "GET /api/v1/sessions/{session_id}/attendance-sheet": "a session's roll on paper, as above",
    "GET /seances/{session_id}/code": "a code to check in with",
    "GET /api/v1/sessions/{session_id}/check-in": "who checked in to a session, for whoever calls its roll",
    "GET /seances/{session_id}/presence": "one's own check-in",
    "GET /api/v1/sessions/{session_id}/own-check-in": "one's own check-in",
    "GET /api/v1/cohorts/{cohort_id}/activities/{code}/documents": "what a whole cohort reads",
    "GET /api/v1/cohorts/{cohort_id}/activities/{code}/documents/history": "as above, with former versions",
    "GET /cohortes/{cohort_id}/activites/{code}/documents": "as above",
    "GET /api/v1/documents/{document_id}/file": "what a whole cohort reads",
    "GET /api/v1/uploads/{upload_id}": "one's own upload",
    "GET /api/v1/document-uploads/{upload_id}": "one's own upload of what a whole cohort reads",
    "GET /api/v1/mandates/{mandate_id}": "an enterprise's mandate",
    "GET /api/v1/enterprises/{enterprise_id}": "an enterprise",
    "GET /codev/groupes/{group_id}": "a group's calendar and members",
    "GET /codev/groupes/{group_id}/contrat": "a group's contract, and who agreed to it",
    "GET /api/v1/codev/groups/{group_id}/contract": "a group's contract, and who agreed to it",
    "GET /api/v1/codev/groups/{group_id}/entrances": "who is announced to enter a group",
    "GET /codev/groupes/{group_id}/protocole": "how a group works",
    "GET /api/v1/codev/groups/{group_id}/protocol": "how a group works",
    "GET /codev/seances/{session_id}": "a session's roles and minutes, nothing that was said",
    "GET /api/v1/codev/groups/{group_id}": "a group's calendar and members",
    "GET /api/v1/codev/sessions/{session_id}/confirmations": "who confirmed the record of a session",
    "GET /api/v1/codev/sessions/{session_id}/handovers": "whose turn changed hands",
    "GET /api/v1/codev/sessions/{session_id}/live": "a session's steps and who is there, nothing that is said",
    "GET /codev/seances/{session_id}/direct": "a session's steps and who is there, nothing that is said",
    "GET /codev/seances/{session_id}/direct/flux": "how far a session is",
    "GET /api/v1/codev/sessions/{session_id}": "a session's roles and minutes, nothing that was said",
    "GET /api/v1/codev/sessions/{session_id}/past-times": "when a session was to be",
    "GET /codev/seances/{session_id}/modification": "when a session is",
    "GET /api/v1/codev/sessions/{session_id}/rotation": "whose turn it is",
    "GET /api/v1/colleges/{college_id}/own-interests": "one's own interests",
    "GET /colleges/{college_id}/mes-interets": "one's own interests",
    "GET /api/v1/colleges/{college_id}/declarations": "a list of names: who declared something for the term",
    "GET /colleges/{college_id}/interets": "as above",
    "GET /api/v1/colleges/{college_id}/people": "a list of names with their roles",
    "GET /api/v1/colleges/{college_id}/certificates": "a register: names and numbers",
    "GET /colleges/{college_id}/attestations/registre": "a register: names and numbers",
    "GET /api/v1/colleges/{college_id}/certificate-batches": "a register: who decided, when, how many",
    "GET /api/v1/colleges/{college_id}/certificate-branding": "a college's logo and colours",
    "GET /api/v1/colleges/{college_id}/signatories": "who signs, on every certificate",
    "GET /api/v1/colleges/{college_id}/invitations": "letters to addresses; who took one up has a file of their own",
    "GET /api/v1/colleges/{college_id}/invitations/{invitation_id}": "as above, one letter",
    "GET /colleges/{college_id}/invitations/{invitation_id}": "as above, one letter",
    "GET /colleges/{college_id}/invitations": "letters to addresses; who took one up has a file of their own",
    "GET /api/v1/colleges/{college_id}/oidc-providers": "a college's own sign-in",
    "GET /colleges/{college_id}/connexion": "a college's own sign-in",
    "GET /api/v1/colleges/{college_id}/employer-attestations": "a list; each whom it names has a row (TestEmployer)",
    "GET /jugements/{judgement_id}/revision": "read by the person judged alone",
    "GET /api/v1/revocations/{revocation_id}": "read by the holder alone",
    "GET /api/v1/projects/{project_id}/indicators": "aggregates; small numbers are masked",
}
"""Routes with an id in their path that show nobody's file, and what they show."""

READERS = (Role.TRAINER, Role.COORDINATOR, Role.REGISTRAR, Role.ADMIN)
"""Roles that read a route: the first that holds its permission on others than oneself."""


def guarded_paths(site: FastAPI) -> Iterator[tuple[str, Any]]:
    """Yield ``GET path`` and the route of every page and answer whose path holds an id."""
    for context in iter_route_contexts(site.routes):
        path = context.path or ""
        if "GET" in (context.methods or ()) and re.search(r"_id\}", path):
            yield f"GET {path}", context


@dataclass
class Records:
    """Maude's file: the value of each parameter of a path."""

    ids: dict[str, int | str] = field(default_factory=dict)

    def path(self, route: str) -> str:
        """Return the path of a route, filled in."""
        named = self.ids | VALUES.get(route, {})
        if route in OF_TEAM:
            named |= {"hand_in_id": self.ids["trace_id"]}
        return route.removeprefix("GET ").format(**named)


@pytest.fixture
def records(database: Database, world: World, settings: Settings, client: TestClient) -> Records:
    """Create a whole file: hand-ins, hours, judgements, a certificate."""
    eligible.sign(database, world)
    eligible.achieve(database, world, "maude")
    sha = FolderStore(settings.data_dir).store(b"%PDF-1.7 essai")
    with database.transaction(colleges=[world.alma]) as db:
        row = HandIn(
            college_id=world.alma, enrolment_id=world.enrolments["maude"], activity_code="GEN-1.C", attempt=9,
            received_at=now(), received_from=world.people["maude"], file_name="carte.pdf",
            file_type="application/pdf", file_size=14, file_sha256=sha,
        )  # fmt: skip
        waiting = FieldHours(
            college_id=world.alma, enrolment_id=world.enrolments["maude"], activity_code="GEN-8.A", minutes=30,
            worked_on=STARTED, declared_at=now(), declared_by=world.people["maude"],
        )  # fmt: skip
        offer = SeatOffer(
            college_id=world.alma, enrolment_id=world.enrolments["maude"], offered_at=now(),
            expires_at=now() + timedelta(hours=1), answered_at=now(), answer=OfferAnswer.ACCEPTED,
        )  # fmt: skip
        db.add_all((row, waiting, offer))
        db.flush()
        trace = HandIn(
            college_id=world.alma, enrolment_id=world.enrolments["maude"], activity_code="GEN-2.B", attempt=1,
            received_at=now(), received_from=world.people["maude"], file_name="canevas.pdf",
            file_type="application/pdf", file_size=14, file_sha256=sha,
        )  # fmt: skip
        db.add(trace)
        db.flush()
        share = TraceShare(
            college_id=world.alma, hand_in_id=trace.id, enrolment_id=world.enrolments["karim"], shared_at=now(),
            shared_by=world.people["maude"],
        )  # fmt: skip
        db.add(share)
        db.flush()
        team = {"share_id": share.id, "trace_id": trace.id}
        judgement = db.execute(text("select min(id) from judgement")).scalar_one()
        hand_in = row.id
    mandate = open_mandate(database, world, by="coordinator")
    as_(client, database, world, "registrar")
    issued = client.post(
        f"{API}/enrolments/{world.enrolments['maude']}/certificates", json={"kind": "attestation_participation"}
    )
    assert issued.status_code == 201, issued.text
    with database.engine.begin() as owner:
        batch = owner.execute(
            text(
                "insert into batch (college_id, decided_by, decided_at, finished_at) "
                "select college_id, decided_by, decided_at, decided_at from certificate returning id"
            )
        ).scalar_one()
        owner.execute(
            text(
                "insert into batch_item (college_id, batch_id, enrolment_id, kind, certificate_id) "
                "select college_id, :batch, enrolment_id, kind, id from certificate"
            ),
            {"batch": batch},
        )
        owner.execute(text("update field_hours set mandate_id = :mandate"), {"mandate": mandate.id})
    hold = hold_certificates(database, world)
    lift_hold(database, world, hold)
    with database.engine.begin() as owner:
        panel = owner.execute(
            text(
                "insert into panel (college_id, enrolment_id, competency_code, kind, evidence, opened_at, opened_by,"
                " due_on)"
                " values (:college, :enrolment, 'CN-01', 'double', array[:work], now(), :by, current_date) returning id"
            ),
            {
                "college": world.alma, "enrolment": world.enrolments["maude"], "by": world.people["coordinator"],
                "work": f"hand_in:{hand_in}",
            },
        ).scalar_one()  # fmt: skip
        owner.execute(
            text(
                "insert into panel_seat (college_id, panel_id, assessor_id, named_at, named_by)"
                " values (:college, :panel, :assessor, now(), :by)"
            ),
            {
                "college": world.alma, "panel": panel, "assessor": world.people["trainer"],
                "by": world.people["coordinator"],
            },
        )  # fmt: skip
        places = {"college": world.alma, "enrolment": world.enrolments["maude"]}
        piece = owner.execute(
            text(
                "insert into prior_learning_piece (college_id, enrolment_id, title, credential_type, issuer,"
                " obtained_on, file_name, file_type, file_size, file_sha256, deposited_at) select :college, :enrolment,"
                " 'Carte', 'diploma', 'École', current_date, file_name, file_type, file_size, file_sha256, now()"
                " from hand_in where id = :work returning id"
            ),
            {**places, "work": hand_in},
        ).scalar_one()
        prior_claim = owner.execute(
            text(
                "insert into prior_learning_claim (college_id, enrolment_id, competency_code, level, statement, pieces,"
                " state, claimed_at) values"
                " (:college, :enrolment, 'CN-09', 2, 'Ici.', array[:piece], 'received', now()) returning id"
            ),
            {**places, "piece": piece},
        ).scalar_one()
        owner.execute(text("truncate view_log"))
    return Records(
        {
            "enrolment_id": world.enrolments["maude"],
            "cohort_id": world.cohort,
            "college_id": world.alma,
            "person_id": world.people["maude"],
            "certificate_id": issued.json()["id"],
            "batch_id": batch,
            "hold_id": hold,
            "transfer_id": propose(database, world),
            "panel_id": panel,
            "prior_claim_id": prior_claim,
            "piece_id": piece,
            "judgement_id": judgement,
            "hand_in_id": hand_in,
            "work": f"hand_in:{hand_in}",
            "mandate_id": mandate.id,
            "code": "GEN-1.C",
            "competency": "CN-01",
            "version": "1.1",
            "kind": "attestation_reussite",
            **team,
        }
    )


def views(database: Database, subject: int | None = None) -> list[Any]:
    """Return the rows of the access log, or those about one person."""
    where = "" if subject is None else " where subject_id = :subject"
    with database.engine.connect() as owner:
        return list(owner.execute(text(f"select * from view_log{where} order by id"), {"subject": subject}))  # noqa: S608


def permission_of(context: Any) -> Permission:
    """Return the permission that guards a route."""
    from tests.access.test_every_route_is_guarded import guards  # noqa: PLC0415

    [guard] = set(guards(context.dependant))  # one guard, though each object that is loaded depends on it
    permission: Permission = guard.permission  # type: ignore[attr-defined]
    return permission


# Every route ------------------------------------------------------------------------------------


def test_every_route_to_a_file_is_logged(
    client: TestClient, site: FastAPI, database: Database, world: World, records: Records
) -> None:
    """A new route with an id in its path must be logged, or listed above with its reason."""
    not_logged, checked = [], 0
    for name, context in guarded_paths(site):
        if name in NOT_LOGGED:
            continue
        assert set(re.findall(r"\{(\w+)\}", name)) <= records.ids.keys(), f"{name}: a file, or not?"
        permission = permission_of(context)
        reader = next(r for r in READERS if GRANTS[r].get(permission, Reach.SELF) is not Reach.SELF)
        as_(client, database, world, reader.value)
        with database.engine.begin() as owner:
            owner.execute(text("truncate view_log"))
        answer = client.get(records.path(name), params=QUERIES.get(name))
        assert answer.status_code == 200, f"{name}: {answer.text[:300]}"
        rows = views(database, world.people["maude"])
        checked += 1
        if [row.permission for row in rows] != [permission.value]:
            not_logged.append((name, len(rows)))
    assert not_logged == []
    assert checked >= 25


def test_every_route_left_out_exists(site: FastAPI) -> None:
    assert NOT_LOGGED.keys() <= {name for name, _ in guarded_paths(site)}


def test_own_reading_is_not_logged(
    client: TestClient, site: FastAPI, database: Database, world: World, records: Records
) -> None:
    as_(client, database, world, "maude")
    ok_count = 0
    for name, _ in guarded_paths(site):
        if set(re.findall(r"\{(\w+)\}", name)) <= records.ids.keys():
            ok_count += client.get(records.path(name)).status_code == 200
    assert ok_count >= 15
    assert views(database, world.people["maude"]) == []


# The content of a row ---------------------------------------------------------------------------


def get_progress(client: TestClient, world: World, **headers: str) -> Response:
    """Read Maude's progress as the client's user."""
    return client.get(f"{API}/enrolments/{world.enrolments['maude']}/progress", headers=headers)


def test_access_is_logged_with_who_what_when_and_role(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    before = now()
    assert get_progress(client, world).status_code == 200
    [row] = views(database)
    assert (row.viewer_id, row.subject_id, row.college_id) == (
        world.people["trainer"], world.people["maude"], world.alma,
    )  # fmt: skip
    assert (row.permission, row.role, row.what, row.origin) == ("progress:read", "trainer", "progress", "testclient")
    assert before <= row.at <= now()


def test_access_answered_not_modified_is_logged(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    etag = get_progress(client, world).headers["etag"]
    assert get_progress(client, world, **{"If-None-Match": etag}).status_code == 304
    assert len(views(database)) == 2


def test_access_with_several_roles_is_logged_under_the_one_that_allowed_it(
    client: TestClient, database: Database, world: World
) -> None:
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        grant_role(db, world.people["registrar"], Role.TRAINER, college_id=world.alma)
        grant_role(db, world.people["registrar"], Role.COORDINATOR, college_id=world.rouyn)
    as_(client, database, world, "registrar")
    client.get(f"{API}/enrolments/{world.enrolments['maude']}/certificates")
    assert [row.role for row in views(database)] == ["registrar"]


def test_access_refused_is_not_logged(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "other_trainer")
    assert get_progress(client, world).status_code == 404
    assert views(database) == []


def test_access_that_cannot_be_logged_fails(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    with database.engine.begin() as owner:
        owner.execute(text("revoke insert on view_log from escouade_app"))
    with pytest.raises(ProgrammingError):
        get_progress(client, world)
    as_(client, database, world, "maude")
    assert get_progress(client, world).status_code == 200


# Lists and exports ------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", ".csv", ".xlsx"])
def test_export_is_logged_for_each_person(client: TestClient, database: Database, world: World, suffix: str) -> None:
    as_(client, database, world, "coordinator")
    for _ in range(2):
        assert client.get(f"{API}/cohorts/{world.cohort}/progress-report{suffix}").status_code == 200
    rows = [(row.subject_id, row.what, row.role) for row in views(database)]
    assert sorted(rows) == sorted(2 * [(world.people[who], "report", "coordinator") for who in PARTICIPANTS])


def test_export_of_many_is_logged_in_one_statement(client: TestClient, database: Database, world: World) -> None:
    statements: list[str] = []

    def record_statement(*args: object) -> None:
        statements.append(str(args[2]))

    as_(client, database, world, "coordinator")
    event.listen(database.request_engine, "before_cursor_execute", record_statement)
    client.get(f"{API}/cohorts/{world.cohort}/progress-report")
    event.remove(database.request_engine, "before_cursor_execute", record_statement)
    assert [s.split()[0] for s in statements if "view_log" in s] == ["insert"]
    assert len(views(database)) == len(PARTICIPANTS)


def test_access_outside_a_route_is_not_logged(database: Database, world: World) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.REPORT_COHORT)
        reports.cohort_report(db, actor, cohorts.see_cohort(db, actor, world.cohort))
    assert views(database) == []


def test_board_is_logged_once_per_reader_and_half_day(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    for _ in range(3):
        assert client.get(f"/cohortes/{world.cohort}").status_code == 200
    assert [row.what for row in views(database)] == [Part.BOARD] * len(PARTICIPANTS)
    as_(client, database, world, "trainer")
    assert client.get(f"{API}/cohorts/{world.cohort}/board").status_code == 200
    assert len(views(database)) == 2 * len(PARTICIPANTS), "another reader is another view"
    with database.engine.begin() as owner:
        owner.execute(text("update view_log set at = at - :half_day"), {"half_day": HALF_DAY})
    as_(client, database, world, "coordinator")
    assert client.get(f"/cohortes/{world.cohort}").status_code == 200
    assert len(views(database)) == 3 * len(PARTICIPANTS)
    assert Part.BOARD in DAILY


def test_board_search_is_logged_for_the_people_shown(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    assert client.get(f"{API}/cohorts/{world.cohort}/board", params={"search": "berube"}).status_code == 200
    assert {row.subject_id for row in views(database)} == {world.people["maude"]}


def test_applications_are_logged_for_each_applicant(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    assert client.get(f"{API}/cohorts/{world.cohort}/applications").status_code == 200
    assert {(row.subject_id, row.what) for row in views(database)} == {
        (world.people[who], "application") for who in PARTICIPANTS
    }


# As the person reads it -------------------------------------------------------------------------


def open_file_as_the_staff(client: TestClient, database: Database, world: World) -> None:
    """Read Maude's progress as the trainer, the coordinator and the registrar."""
    for who in ("trainer", "coordinator", "registrar"):
        as_(client, database, world, who)
        assert get_progress(client, world).status_code == 200


def test_person_reads_who_opened_their_file(client: TestClient, database: Database, world: World) -> None:
    open_file_as_the_staff(client, database, world)
    as_(client, database, world, "maude")
    page = client.get("/mon-dossier/consultations")
    assert page.status_code == 200
    for words in ("Théo Formation", "Corinne Coordination", "Régine Registraire", "Votre progression", "Alma"):
        assert words in page.text
    log = client.get(f"{API}/me/views").json()
    assert [(v["viewer"], v["role"], v["what"]) for v in log["items"]] == [
        ("Régine Registraire", "registrar", "progress"),
        ("Corinne Coordination", "coordinator", "progress"),
        ("Théo Formation", "trainer", "progress"),
    ]
    assert log["next"] is None


def test_access_log_is_paginated(client: TestClient, database: Database, world: World) -> None:
    open_file_as_the_staff(client, database, world)
    as_(client, database, world, "maude")
    first = client.get(f"{API}/me/views", params={"limit": 2}).json()
    rest = client.get(f"{API}/me/views", params={"limit": 2, "after": first["next"]}).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]


def test_access_log_on_its_page_is_searched_and_filtered(client: TestClient, database: Database, world: World) -> None:
    open_file_as_the_staff(client, database, world)
    as_(client, database, world, "maude")
    page = client.get("/mon-dossier/consultations", params={"recherche": "theo", "quoi": "progress"})
    assert "Théo Formation" in page.text
    assert "Régine Registraire" not in page.text
    assert "Rien ne correspond" in client.get("/mon-dossier/consultations", params={"quoi": "mandate"}).text


def test_access_log_of_another_person_is_not_shown(client: TestClient, database: Database, world: World) -> None:
    open_file_as_the_staff(client, database, world)
    for who in ("karim", "trainer", "admin", "other_coordinator"):
        as_(client, database, world, who)
        assert client.get(f"{API}/me/views").json()["items"] == []
    with database.transaction() as db:
        assert db.execute(text("select count(*) from view_log")).scalar_one() == 0


def test_access_log_is_readable_without_a_role(client: TestClient, database: Database, world: World) -> None:
    open_file_as_the_staff(client, database, world)
    with database.engine.begin() as owner:
        owner.execute(text("update role_held set ended_at = now() where person_id = :p"), {"p": world.people["maude"]})
    as_(client, database, world, "maude")
    assert len(client.get(f"{API}/me/views").json()["items"]) == 3
