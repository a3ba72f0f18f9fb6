"""What each route is called with: valid payloads, in which ``{kind}`` is the id of that kind in a place.

A whole text ``"{enrolment}"`` becomes the number, ``"{roll}"`` the list of numbers; the walk that swaps ids
finds them by the same marks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from app.notifications.rules import CHOICES
from app.platform.messages.i18n import today
from tests.factories.network import PASSWORD, STARTED

TODAY = today().isoformat()
BEGAN = STARTED.isoformat()
SOON = (today() + timedelta(days=10)).isoformat()
FREE = (today() + timedelta(days=17)).isoformat()
"""A day on which nobody has a session."""
IN_DRAFT = (today() + timedelta(days=45)).isoformat()
MARK = re.compile(r"\{([a-z_]+)\}")

CHOSEN = [f"{kind.value}:digest" for kind, offered in CHOICES.items() if len(offered) > 1]
"""What the form of one's e-mails sends: a choice for each kind that has several, in its order."""

NAMES = {
    "college_id": "college", "cohort_id": "cohort", "enrolment_id": "enrolment", "session_id": "session",
    "catch_up_id": "catch_up", "hand_in_id": "hand_in", "upload_id": "upload", "document_id": "document",
    "hours_id": "hours", "enterprise_id": "enterprise", "mandate_id": "mandate", "group_id": "group",
    "entrance_id": "entrance", "swap_id": "swap", "judgement_id": "judgement", "certificate_id": "certificate",
    "saved_comment_id": "saved_comment", "work": "work",
    "project_id": "project", "code": "code", "person_id": "owner_person", "sign_in_id": "sign_in",
    "token_id": "api_token", "provider_id": "provider", "identity_id": "identity",
    "invitation_id": "invitation", "token": "letter", "revocation_id": "revocation", "batch_id": "batch",
    "venue_id": "venue", "feed_id": "calendar_feed", "feed_secret": "feed_secret",
    "signatory_id": "signatory", "role_id": "staff_role", "milestone_id": "milestone", "proposal_id": "role_proposal",
    "enrolment_proposal_id": "enrolment_proposal", "letter_id": "outgoing", "job_id": "failed_job",
    "notification_id": "message", "sheet_id": "sheet", "entry_id": "entry", "action_id": "action",
    "hold_id": "hold", "transfer_id": "transfer", "writing_id": "entry", "panel_id": "panel", "share_id": "share",
    "resource_id": "resource", "correction_id": "correction",
    "prior_claim_id": "prior_claim", "piece_id": "prior_piece",
}  # fmt: skip
"""The kind of record of each path parameter."""

GIVEN = {"slug": "generaliste", "version": "1.0", "target_slug": "generaliste", "target_version": "1.1",
          "competency": "CN-01", "kind": "attestation_participation",
         "purpose": "evaluation_study", "number": "0", "to": "open", "position": "0",
         "term": "besoin", "writing_kind": "journal"}  # fmt: skip
"""The values of path parameters that are not ids."""

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """A call of a route; ``path`` overrides the kinds of its parameters, ``to`` is the page that it redirects to."""

    json: Values | None = None
    form: Values | None = None
    query: Values = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    file: bool = False
    picture: bool = False
    part: bool = False
    to: str | None = None


def json(path: Mapping[str, str] | None = None, /, **values: object) -> Call:
    """Return a call with a JSON body."""
    return Call(json=values, path=path or {})


def form(to: str, path: Mapping[str, str] | None = None, /, **values: object) -> Call:
    """Return a call with a form, and the page that it redirects to."""
    return Call(form=values, path=path or {}, to=to)


PERSON = {"legal_first_name": "Nouvelle", "legal_last_name": "Venue", "password": PASSWORD}
ENTERPRISE = {"name": "Scierie", "neq": "2266000009", "sector": "Bois", "size": "5-49", "region_code": "02"}
COHORT = {
    "project_id": "{shared_project}", "region_code": "02", "code": "GEN-NEUF", "title": "Neuve", "starts_on": BEGAN,
    "place": "Alma", "capacity": 8,
}  # fmt: skip
SETTINGS = {
    "title": "Renommée", "place": "Alma", "starts_on": BEGAN, "ends_on": SOON, "capacity": 13, "late_join_pct": 30,
    "grace_hours": 24,
}  # fmt: skip
CHANGED_SO = "/cohortes/{cohort}/modification/apercu?" + urlencode(SETTINGS)
PRESENT = [{"enrolment_id": "{roll}", "status": "present", "minutes": 180, "mode": "onsite"}]
MEMBERS = [{"membership_id": "{memberships}", "status": "present", "minutes": 180, "mode": "onsite"}]
JUDGED = {"level": 2, "criteria_met": ["CN-01.C1"], "activity_code": "GEN-1.C", "comment": "Bien."}
MEETING = {"activity_code": "GEN-3.B", "day": SOON, "clock": "10:00"}
SERIES = {"activity_code": "GEN-1.B", "day": IN_DRAFT, "clock": "10:00:00"}
ONLINE = {"session_id": "online_session"}
OF_TEAM = {"role_id": "team_role"}
BEGUN = {"session_id": "begun_session"}
UNOPENED = {"session_id": "unopened_session"}
DRAFT = {"cohort_id": "draft_cohort"}
OPEN_ROLL = {"session_id": "open_session"}
NEXT = {"session_id": "next_codev_session"}
ADVISOR = {"person_id": "advisor"}
PROOFS_OF_OTHERS = [
    {"competency": "CN-01", "certificate_id": "{certificate}"}, {"competency": "CN-02", "mandate_id": "{mandate}"},
]  # fmt: skip
PROFILE = {
    "presentation": "Une fiche.", "not_doing": "Rien.", "regions": ["02"], "sectors": ["tourism"],
    "languages": ["french"], "availability": "open",
}  # fmt: skip
HELD = {"session_id": "codev_session"}
COMING = {"session_id": "coming_codev_session"}
FIRST_VERSION = {"If-Match": '"0"'}
SECOND_VERSION = {"If-Match": '"1"'}
"""What is made from what does not exist yet, and from what was written once."""
ENDED = {"role_id": "ended_role"}
FORMER = {"signatory_id": "ended_signatory"}
CANCELLED = {"session_id": "cancelled_session"}
DROPPED = {"session_id": "cancelled_codev_session"}
TEXT = {"code": "=GEN-3.C"}
SIGNER = {"name": "Anne Nom", "title": "Directrice", "valid_from": BEGAN}
SHOWN = "/colleges/{college}/attestations#presentation"
SIGNERS = "/colleges/{college}/attestations#signataires"
SIGN_IN = {"email": "karim@escouade.example.com", "password": PASSWORD}
V1 = "/api/v1"

PROJECT = {"name": "Neuf", "funder": "Fonds", "starts_on": BEGAN, "ends_on": SOON}
PART = {"region_code": "02", "kind": "advisors", "value": 12}
VENUE = {"name": "Local B-214", "address": "1, rue du Lac", "city": "Alma"}
GONE = {"venue_id": "retired_venue"}
RESOURCE = {
    "kind": "organisme", "name": "Centre d’essai", "verb": "essayer", "summary": "Essaie une technologie.",
    "website": "https://organisme.example",
}  # fmt: skip
NEED = "essai-de-technologie"
CORRECTION = {"about": "phone", "value": "418 555-0199", "because": "Appel au numéro général."}
OUT_OF_USE = {"resource_id": "retired_resource"}
CLOSED = {"college_id": "closed_college"}
CHANGED = {"name": "Cégep Changé", "city": "Ville", "region_code": "03", "timezone": "America/Halifax"}

NETWORK: dict[str, Call] = {
    f"PUT {V1}/projects/{{project_id}}": json(**PROJECT, targets=[{"kind": "advisors", "value": 40}]),
    f"PUT {V1}/projects/{{project_id}}/region-targets": json(**PART),
    "POST /projets": form("/projets/", **PROJECT, slug="neuf", advisors=40),
    "POST /projets/{project_id}": form("/projets/{project}", **PROJECT, advisors=40),
    "POST /projets/{project_id}/regions": form("/projets/{project}", **PART),
    f"POST {V1}/colleges/{{college_id}}/resources": json(**RESOURCE, needs=[NEED], regions=["02"]),
    f"PUT {V1}/resources/{{resource_id}}": Call(
        json={**RESOURCE, "needs": [NEED], "regions": []}, headers=SECOND_VERSION
    ),
    f"POST {V1}/resources/{{resource_id}}/verification": Call(headers=SECOND_VERSION),
    f"POST {V1}/resources/{{resource_id}}/retirement": Call(),
    f"POST {V1}/resources/{{resource_id}}/return": Call(path=OUT_OF_USE),
    f"POST {V1}/resources/{{resource_id}}/corrections": json(**CORRECTION),
    f"POST {V1}/resource-corrections/{{correction_id}}/acceptance": Call(),
    f"POST {V1}/resource-corrections/{{correction_id}}/refusal": json(answer="Le numéro est le bon."),
    "POST /repertoire/ajouter": form("/repertoire/", **RESOURCE, needs=NEED, regions="02", college_id="{college}"),
    "POST /repertoire/{resource_id}/modifier": form("/repertoire/{resource}", **RESOURCE, needs=NEED, version="1"),
    "POST /repertoire/{resource_id}/verification": form("/repertoire/{resource}", version="1"),
    "POST /repertoire/{resource_id}/retrait": form("/repertoire/{resource}"),
    "POST /repertoire/{resource_id}/retour": form("/repertoire/{retired_resource}", OUT_OF_USE),
    "POST /repertoire/{resource_id}/corrections": form("/repertoire/{resource}#corrections", **CORRECTION),
    "POST /repertoire/corrections/{correction_id}/acceptation": form("/repertoire/corrections"),
    "POST /repertoire/corrections/{correction_id}/refus": form("/repertoire/corrections", answer="C’est le bon."),
    f"POST {V1}/venues": json(**VENUE, college_id="{college}"),
    f"PUT {V1}/venues/{{venue_id}}": json(**VENUE),
    f"POST {V1}/venues/{{venue_id}}/retirement": Call(),
    f"POST {V1}/venues/{{venue_id}}/return": Call(path=GONE),
    "POST /lieux": form("/lieux", **VENUE, college_id="{college}"),
    "POST /lieux/{venue_id}": form("/lieux/{venue}", **VENUE),
    "POST /lieux/{venue_id}/retrait": form("/lieux/{venue}"),
    "POST /lieux/{venue_id}/retour": form("/lieux/{retired_venue}", GONE),
    f"PUT {V1}/colleges/{{college_id}}": json(**CHANGED),
    f"POST {V1}/colleges/{{college_id}}/closure": json(reason="Départ."),
    f"POST {V1}/colleges/{{college_id}}/reopening": Call(path=CLOSED),
    "POST /colleges": form(
        "/colleges/", slug="nouveau", name="Cégep Nouveau", city="Ville", region_code="03", number_prefix="NOU"
    ),
    "POST /colleges/{college_id}": form("/colleges/{college}", **CHANGED),
    "POST /colleges/{college_id}/fermeture": form("/colleges/{college}", reason="Départ."),
    "POST /colleges/{college_id}/reouverture": form("/colleges/{closed_college}", CLOSED),
    f"POST {V1}/colleges": json(
        slug="nouveau", name="Cégep Nouveau", city="Ville", region_code="03", number_prefix="NOU"
    ),
    f"POST {V1}/projects": json(slug="neuf", name="Neuf", funder="Fonds", starts_on=BEGAN, ends_on=SOON),
    f"POST {V1}/sign-ins": json(**SIGN_IN),
    "POST /connexion": form("/", **SIGN_IN),
    f"POST {V1}/enrolment-proposals/{{enrolment_proposal_id}}/decision": json(accept=True),
    "POST /propositions/{enrolment_proposal_id}/decision": form("/propositions", accept="true"),
    f"POST {V1}/role-proposals/{{proposal_id}}/decision": json(accept=True),
    f"POST {V1}/staff-roles/{{role_id}}/end": json(reason="Départ."),
    f"POST {V1}/staff-roles/{{role_id}}/return": json(ENDED, reason="Erreur."),
    "POST /roles-tenus/{role_id}/fin": form("/roles-tenus/{staff_role}", reason="Départ."),
    "POST /roles-tenus/{role_id}/retour": form("/colleges/{college}/roles", ENDED, reason="Erreur."),
    "POST /roles/{proposal_id}/decision": form("/roles", accept="true"),
    "POST /deconnexion": form("/connexion"),
    "POST /administration/lettres/{letter_id}/essai": form("/administration/lettres"),
    "POST /administration/travaux/{job_id}/reprise": form("/administration/travaux"),
    f"GET {V1}/curricula/{{slug}}/{{version}}/activities/{{code}}": Call(path={"code": "=GEN-1.A"}),
    f"GET {V1}/frameworks/{{version}}": Call(),
    f"GET {V1}/cohorts/{{cohort_id}}/versions/{{version}}": Call(path={"version": "=1.1"}),
    "GET /cohortes/{cohort_id}/versions/{version}": Call(path={"version": "=1.1"}),
}

WAITING = {"cohort_id": "waitlist_cohort", "enrolment_id": "waiting"}
OFFERED = {"enrolment_id": "offered"}
COHORTS: dict[str, Call] = {
    f"POST {V1}/colleges/{{college_id}}/cohorts": json(
        **COHORT, curriculum_slug="generaliste", curriculum_version="1.0"
    ),
    f"PUT {V1}/cohorts/{{cohort_id}}/applications-open": json(is_open=False),
    f"PUT {V1}/cohorts/{{cohort_id}}": json(**SETTINGS, shown="{change_shown}"),
    f"POST {V1}/cohorts/{{cohort_id}}/copies": json(code="GEN-COPIE", title="Copie", starts_on=SOON),
    "POST /cohortes/{cohort_id}/copie": form("/cohortes/", code="GEN-COPIE", title="Copie", starts_on=SOON),
    f"POST {V1}/cohorts/{{cohort_id}}/announcements": json(subject="Stationnement", text="Fermé demain."),
    "POST /cohortes/{cohort_id}/annonces": form(
        "/cohortes/{cohort}/annonces", subject="Stationnement", text="Fermé demain."
    ),
    "POST /cohortes/{cohort_id}/annonces/apercu": Call(form={"subject": "Stationnement", "text": "Fermé demain."}),
    f"POST {V1}/cohorts/{{cohort_id}}/change-preview": json(**SETTINGS),
    f"POST {V1}/cohorts/{{cohort_id}}/staff": json(person_id="{trainer_person}"),
    f"POST {V1}/cohorts/{{cohort_id}}/moves": json(DRAFT, to="open", shown="{move_shown}"),
    f"POST {V1}/cohorts/{{cohort_id}}/applications": json(motive="Apprendre."),
    f"PUT {V1}/cohorts/{{cohort_id}}/offer-hours": json(offer_hours=48),
    f"PUT {V1}/cohorts/{{cohort_id}}/waitlist/{{enrolment_id}}/priority": json(
        WAITING, is_first=True, reason="Urgence."
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/offer-answer": json(OFFERED, accept=True),
    f"GET {V1}/enrolments/{{enrolment_id}}/application": Call(path=OFFERED),
    f"POST {V1}/enrolments/{{enrolment_id}}/application-end": Call(path=OFFERED),
    f"GET {V1}/cohorts/{{cohort_id}}/waitlist": Call(path={"cohort_id": "waitlist_cohort"}),
    "GET /cohortes/{cohort_id}/liste-d-attente": Call(path={"cohort_id": "waitlist_cohort"}),
    "GET /candidatures/{enrolment_id}": Call(path=OFFERED),
    "POST /cohortes/{cohort_id}/duree-des-offres": form("/cohortes/{cohort}/liste-d-attente", offer_hours="48"),
    "POST /cohortes/{cohort_id}/liste-d-attente/{enrolment_id}/priorite": form(
        "/cohortes/{waitlist_cohort}/liste-d-attente", WAITING, is_first="true", reason="Urgence."
    ),
    "POST /candidatures/{enrolment_id}/reponse": form("/candidatures/{offered}", OFFERED, accept="true"),
    "POST /candidatures/{enrolment_id}/retrait": form("/candidatures/{offered}", OFFERED),
    f"POST {V1}/enrolments/{{enrolment_id}}/moves": json(to="on_leave", reason="Congé."),
    f"POST {V1}/cohorts/{{cohort_id}}/sessions": json(
        activity_code="GEN-3.B", starts_at=f"{FREE}T15:00:00Z", venue_id="{venue}"
    ),
    f"POST {V1}/cohorts/{{cohort_id}}/session-series/preview": json(DRAFT, **SERIES, venue_id="{venue}"),
    f"POST {V1}/cohorts/{{cohort_id}}/session-series": json(
        DRAFT, **SERIES, venue_id="{venue}", shown="{series_shown}"
    ),
    f"GET {V1}/sessions/{{session_id}}": Call(path=ONLINE),
    "GET /seances/{session_id}": Call(path=ONLINE),
    f"POST {V1}/sessions/{{session_id}}/changes": json(
        ONLINE, sequence=0, starts_at=f"{FREE}T15:00:00Z", planned_minutes=120, mode="hybrid", venue_id="{venue}",
        reason="Tempête.",
    ),
    "GET /seances/{session_id}/modification": Call(path=ONLINE),
    "POST /seances/{session_id}/modification": form(
        "/seances/{online_session}", ONLINE, sequence=0, day=SOON, clock="10:00", planned_minutes=120, mode="hybrid",
        venue_id="{venue}", reason="Tempête.",
    ),
    f"POST {V1}/sessions/{{session_id}}/cancellation": json(reason="Tempête."),
    f"POST {V1}/sessions/{{session_id}}/roll-call": json(OPEN_ROLL, entries=PRESENT),
    f"POST {V1}/sessions/{{session_id}}/roll-call#correction": json(
        entries=[{**PRESENT[0], "minutes": 120}], supersedes="{roll_call}", reason="Erreur."
    ),
    f"GET {V1}/sessions/{{session_id}}/check-in": Call(path=BEGUN),
    f"POST {V1}/sessions/{{session_id}}/check-in": json(UNOPENED, grace_minutes=5),
    f"POST {V1}/sessions/{{session_id}}/check-in/closing": Call(path=BEGUN),
    f"GET {V1}/sessions/{{session_id}}/own-check-in": Call(path=BEGUN),
    f"POST {V1}/sessions/{{session_id}}/own-check-in": json(BEGUN, code="000000"),
    "GET /seances/{session_id}#begun": Call(path=BEGUN),
    "GET /seances/{session_id}/code": Call(path=BEGUN),
    "POST /seances/{session_id}/code": form("/seances/{unopened_session}/code", UNOPENED, grace_minutes=5),
    "POST /seances/{session_id}/code/fin": form("/seances/{begun_session}/appel", BEGUN),
    "GET /seances/{session_id}/presence": Call(path=BEGUN),
    "POST /seances/{session_id}/presence": form("/seances/{begun_session}/presence", BEGUN, code="000000"),
    f"POST {V1}/enrolments/{{enrolment_id}}/catch-ups": json(activity_code="GEN-3.B", due_on=SOON),
    f"POST {V1}/enrolments/{{enrolment_id}}/catch-ups/{{catch_up_id}}/done": json(done_on=TODAY),
    f"PUT {V1}/enrolments/{{enrolment_id}}/catch-up-list": json(
        items=[{"activity_code": "GEN-2.B", "waived_because": "Déjà suivi."}]
    ),
    "POST /cohortes": form(
        "/cohortes/",
        **{**COHORT, "college_id": "{college}", "path": "generaliste 1.0", "phase": "deployment", "ends_on": SOON},
    ),
    "POST /cohortes/{cohort_id}/ouverture": form("/cohortes/{cohort}", is_open="false"),
    "POST /cohortes/{cohort_id}/modification": form(CHANGED_SO, **SETTINGS),
    "GET /cohortes/{cohort_id}/modification/apercu": Call(query=SETTINGS),
    "POST /cohortes/{cohort_id}/modification/apercu": form(
        "/cohortes/{cohort}", **SETTINGS, shown="{change_shown}"
    ),
    "POST /cohortes/{cohort_id}/equipe": form("/cohortes/{cohort}/equipe", person_id="{trainer_person}"),
    "GET /cohortes/{cohort_id}/equipe/{role_id}": Call(path=OF_TEAM),
    "POST /cohortes/{cohort_id}/equipe/{role_id}": form(
        "/cohortes/{cohort}/equipe", OF_TEAM, reason="Départ.", shown="{departure_shown}"
    ),
    f"GET {V1}/cohorts/{{cohort_id}}/staff/{{role_id}}": Call(path=OF_TEAM),
    f"POST {V1}/cohorts/{{cohort_id}}/staff/{{role_id}}/end": json(
        OF_TEAM, reason="Départ.", shown="{departure_shown}"
    ),
    "POST /cohortes/{cohort_id}/candidatures/{enrolment_id}": form(
        "/cohortes/{cohort}/candidatures", {"enrolment_id": "applicant"}, to="admitted", reason="Exception."
    ),
    "POST /cohortes/{cohort_id}/personnes/ajout": Call(
        form={"people": "courriel;nom\nnouvelle@exemple.ca;Nouvelle"}
    ),
    f"POST {V1}/cohorts/{{cohort_id}}/people": json(
        people=[{"email": "nouvelle@exemple.ca", "legal_last_name": "Nouvelle"}]
    ),
    "POST /cohortes/{cohort_id}/etat/{to}": form("/cohortes/{draft_cohort}/etat", DRAFT, shown="{move_shown}"),
    "POST /cohortes-ouvertes/{cohort_id}": form("/cohortes-ouvertes/{cohort}", motive="Apprendre."),
    "POST /cohortes/{cohort_id}/seances": form("/cohortes/{cohort}/seances", **MEETING, venue_id="{venue}"),
    "POST /cohortes/{cohort_id}/seances/serie": form(
        f"/cohortes/{{draft_cohort}}/seances/serie/apercu?{urlencode(SERIES)}&venue_id={{venue}}",
        DRAFT,
        **SERIES,
        venue_id="{venue}",
    ),
    "GET /cohortes/{cohort_id}/seances/serie/apercu": Call(path=DRAFT, query=SERIES),
    "POST /cohortes/{cohort_id}/seances/serie/apercu": form(
        "/cohortes/{draft_cohort}/seances", DRAFT, **SERIES, venue_id="{venue}", shown="{series_shown}"
    ),
    "POST /seances/{session_id}/annulation": form("/cohortes/{cohort}/seances", reason="Tempête."),
    f"POST {V1}/sessions/{{session_id}}/restoration": json(CANCELLED, reason="Erreur."),
    "GET /seances/{session_id}/retablissement": Call(path=CANCELLED),
    "POST /seances/{session_id}/retablissement": form("/cohortes/{cohort}/seances", CANCELLED, reason="Erreur."),
    "POST /seances/{session_id}/appel": form(
        "/cohortes/{cohort}/seances", OPEN_ROLL,
        enrolment_id="{roll}", status=["present"] * 10, minutes=["180"] * 10, mode=["onsite"] * 10,
    ),
    "POST /seances/{session_id}/appel#correction": form(
        "/cohortes/{cohort}/seances",
        enrolment_id="{roll}", status=["present"] * 10, minutes=["120"] * 10, mode=["onsite"] * 10,
        supersedes="{roll_call}", reason="Erreur.",
    ),
    "POST /inscriptions/{enrolment_id}/etat": form("/inscriptions/{enrolment}", to="on_leave", reason="Congé."),
    "POST /inscriptions/{enrolment_id}/liste-de-rattrapage": form(
        "/inscriptions/{enrolment}/liste-de-rattrapage",
        activity_code=["GEN-2.B"], due_on=[SOON], waived_because=[""],
    ),
    "POST /inscriptions/{enrolment_id}/rattrapages": form(
        "/inscriptions/{enrolment}", activity_code="GEN-3.B", due_on=SOON
    ),
    "POST /inscriptions/{enrolment_id}/rattrapages/{catch_up_id}": form("/inscriptions/{enrolment}", done_on=TODAY),
}  # fmt: skip

ACTIVITY = "/parcours/{enrolment_id}/activites/{code}"
LEARNING: dict[str, Call] = {
    f"POST {V1}/enrolments/{{enrolment_id}}/completions": json(activity_code="GEN-1.A", done=False),
    f"POST {V1}/enrolments/{{enrolment_id}}/hand-ins": json(activity_code="GEN-3.C", body="Ma carte."),
    f"POST {V1}/enrolments/{{enrolment_id}}/hand-in-files": Call(form={"activity_code": "GEN-3.C"}, file=True),
    f"POST {V1}/enrolments/{{enrolment_id}}/hand-in-files#upload": Call(
        form={"activity_code": "GEN-3.C", "upload_id": "{whole_upload}"}
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/uploads": json(
        file_name="carte.pdf", file_size=20, file_sha256="0" * 64
    ),
    f"PATCH {V1}/uploads/{{upload_id}}": Call(part=True),
    f"GET {V1}/hand-ins/{{hand_in_id}}/file": Call(path={"hand_in_id": "file_hand_in"}),
    f"GET {V1}/hand-ins/{{hand_in_id}}/preview": Call(path={"hand_in_id": "file_hand_in"}),
    f"POST {V1}/enrolments/{{enrolment_id}}/field-hours": json(
        activity_code="GEN-8.A", mandate_id="{mandate}", minutes=30, worked_on=TODAY
    ),
    f"POST {V1}/field-hours/{{hours_id}}/countersignature": json(accepted=True),
    f"POST {V1}/field-hours/{{hours_id}}/countersignature#revision": json(
        {"hours_id": "decided_hours"}, accepted=False, reason="Doublon.", supersedes="{countersignature}"
    ),
    f"GET {ACTIVITY}": Call(path={"code": "=GEN-1.C"}),
    f"POST {ACTIVITY}/etat": form("/parcours/{enrolment}/activites/GEN-1.A", {"code": "=GEN-1.A"}, done="false"),
    f"POST {ACTIVITY}/textes": form("/parcours/{enrolment}/activites/GEN-3.C#remises", TEXT, body="Ma carte."),
    f"POST {ACTIVITY}/fichiers": replace(
        form("/parcours/{enrolment}/activites/GEN-3.C#remises", TEXT), file=True
    ),
    f"POST {ACTIVITY}/fichiers#upload": form(
        "/parcours/{enrolment}/activites/GEN-3.C#remises", TEXT, upload_id="{whole_upload}"
    ),
    f"POST {ACTIVITY}/heures": form(
        "/parcours/{enrolment}/activites/GEN-8.A#heures", {"code": "=GEN-8.A"}, minutes="30", mandate_id="{mandate}",
        worked_on=TODAY,
    ),
    "POST /heures": form("/heures", chosen="[{hours}]", decision="accept"),
    "POST /heures/{hours_id}": form(
        "/parcours/{enrolment}/activites/GEN-8.A#heures", {"hours_id": "decided_hours"},
        decision="refuse", reason="Doublon.", supersedes="{countersignature}",
    ),
}  # fmt: skip

OF_WORKSHOP = {"code": "=GEN-1.B"}
SHARED = f"{V1}/cohorts/{{cohort_id}}/activities/{{code}}/documents"
SHARED_PAGE = "/cohortes/{cohort_id}/activites/{code}/documents"
SHARED_TO = "/cohortes/{cohort}/activites/GEN-1.B/documents"
DOCUMENTS: dict[str, Call] = {
    f"GET {SHARED}": Call(path=OF_WORKSHOP),
    f"GET {SHARED}/history": Call(path=OF_WORKSHOP),
    f"POST {SHARED}": Call(form={"title": "Règles"}, path=OF_WORKSHOP, file=True),
    f"POST {SHARED}#version": Call(form={"title": "Règles", "supersedes": "{document}"}, path=OF_WORKSHOP, file=True),
    f"POST {V1}/documents/{{document_id}}/withdrawal": json(reason="Autre version."),
    f"POST {SHARED}#upload": Call(form={"title": "Règles", "upload_id": "{whole_document_upload}"}, path=OF_WORKSHOP),
    f"POST {V1}/cohorts/{{cohort_id}}/document-uploads": json(
        file_name="regles.pdf", file_size=20, file_sha256="0" * 64
    ),
    f"GET {V1}/document-uploads/{{upload_id}}": Call(path={"upload_id": "document_upload"}),
    f"PATCH {V1}/document-uploads/{{upload_id}}": Call(path={"upload_id": "document_upload"}, part=True),
    f"GET {SHARED_PAGE}": Call(path=OF_WORKSHOP),
    f"POST {SHARED_PAGE}#upload": form(SHARED_TO, OF_WORKSHOP, title="Règles", upload_id="{whole_document_upload}"),
    f"POST {SHARED_PAGE}": replace(form(SHARED_TO, OF_WORKSHOP, title="Règles"), file=True),
    f"POST {SHARED_PAGE}#version": replace(
        form(SHARED_TO, OF_WORKSHOP, title="Règles", supersedes="{document}"), file=True
    ),
    "POST /documents/{document_id}/retrait": form(SHARED_TO, reason="Autre version."),
}

PACKAGES: dict[str, Call] = {
    f"GET {V1}/enrolments/{{enrolment_id}}/activities/{{code}}/package": Call(path=OF_WORKSHOP),
    f"GET {V1}/enrolments/{{enrolment_id}}/modules/{{code}}/package": Call(path={"code": "=GEN-1"}),
    "GET /parcours/{enrolment_id}/activites/{code}/paquet": Call(path=OF_WORKSHOP),
    "GET /parcours/{enrolment_id}/modules/{code}/paquet": Call(path={"code": "=GEN-1"}),
}

FIELD: dict[str, Call] = {
    f"POST {V1}/colleges/{{college_id}}/enterprises": json(**ENTERPRISE),
    f"POST {V1}/enrolments/{{enrolment_id}}/mandates": json(
        kind="orientation", title="Orienter", enterprise_id="{enterprise}"
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/mandates#two": json(
        kind="orientation", title="Orienter", enterprise_id="{enterprise}", also_enrolments="[{peer_enrolment}]"
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/mandates#neq": json(kind="orientation", title="Orienter", neq="{neq}"),
    f"POST {V1}/mandates/{{mandate_id}}/milestones": json(kind="diagnostic", happened_on=TODAY),
    f"POST {V1}/mandates/{{mandate_id}}/milestones#correction": json(
        kind="agreement", happened_on=TODAY, confidentiality_clause=True, supersedes="{milestone}"
    ),
    "POST /jalons/{milestone_id}/confirmation": form("/jalons"),
    "POST /entreprises": form("/entreprises", college_id="{college}", **ENTERPRISE),
    "POST /mandats": form(
        "/mandats/", enrolment_id="{enrolment}", kind="orientation", title="Orienter", enterprise_id="{enterprise}"
    ),
    "POST /mandats#neq": form(
        "/mandats/", enrolment_id="{enrolment}", kind="orientation", title="Orienter", neq="{neq}"
    ),
    "POST /mandats/{mandate_id}/jalons#correction": form(
        "/mandats/{mandate}",
        kind="agreement",
        happened_on=TODAY,
        confidentiality_clause="true",
        supersedes="{milestone}",
    ),
    "POST /mandats/{mandate_id}/jalons": form("/mandats/{mandate}", kind="diagnostic", happened_on=TODAY),
}

TURNS = [{"position": 1, "client_id": "{membership}", "status": "held"}]
LEARNT = {"text": "Attendre avant de conseiller."}
MARKS = {"usefulness": 4, "climate": 5, "method": 3, "comment": "Laisser plus de silences."}
EXTRACT = {"activity_code": "GEN-7.A", "body": "J’ai appris à attendre."}
TRIED = {"position": 1, "text": "Appeler mardi.", "due_on": SOON}
SHEET = {
    "topic": "concern", "title": "Une relance", "situation": "La situation.", "tried": "Deux appels.",
    "question": "Aidez-moi à relancer.",
}  # fmt: skip
CODEV: dict[str, Call] = {
    f"POST {V1}/cohorts/{{cohort_id}}/codev-groups": json(
        name="Groupe B", enrolment_ids="{loose}", facilitator_id="{facilitator_person}"
    ),
    f"POST {V1}/codev/groups/{{group_id}}/members": json(enrolment_id="{loose_enrolment}"),
    f"POST {V1}/codev/groups/{{group_id}}/departures": json(membership_id="{membership}"),
    f"PUT {V1}/codev/groups/{{group_id}}/facilitator": json(person_id="{trainer_person}"),
    f"POST {V1}/colleges/{{college_id}}/management-links": json(
        manager_id="{coordinator_person}", member_id="{peer_person}"
    ),
    f"GET {V1}/codev/sessions/{{session_id}}/sheets": Call(path=COMING),
    f"GET {V1}/codev/sessions/{{session_id}}/own-sheet": Call(path=COMING),
    f"PUT {V1}/codev/sessions/{{session_id}}/own-sheet": Call(json=SHEET, path=COMING, headers=FIRST_VERSION),
    "GET /codev/seances/{session_id}/fiche": Call(path=COMING),
    "POST /codev/seances/{session_id}/fiche": form(
        "/codev/seances/{coming_codev_session}#fiches", COMING, **SHEET, version=0
    ),
    f"PUT {V1}/colleges/{{college_id}}/confidences": json(days=30),
    "POST /colleges/{college_id}/confidences": form("/colleges/{college}/confidences", days=30),
    f"GET {V1}/codev/sessions/{{session_id}}/writings": Call(path=HELD),
    f"PUT {V1}/codev/sessions/{{session_id}}/own-learning": Call(json=LEARNT, path=HELD, headers=FIRST_VERSION),
    f"PUT {V1}/codev/sessions/{{session_id}}/own-notes/{{position}}": Call(
        json=LEARNT, path=HELD, headers=FIRST_VERSION
    ),
    f"GET {V1}/codev/sessions/{{session_id}}/ratings": Call(path=NEXT),
    f"GET {V1}/codev/sessions/{{session_id}}/ratings/results": Call(path=NEXT),
    f"PUT {V1}/codev/sessions/{{session_id}}/own-rating": Call(json=MARKS, path=NEXT),
    "GET /codev/seances/{session_id}/questionnaire": Call(path=NEXT),
    "POST /codev/seances/{session_id}/questionnaire": form(
        "/codev/seances/{next_codev_session}/questionnaire", NEXT, **MARKS
    ),
    f"GET {V1}/codev/sessions/{{session_id}}/actions": Call(path=HELD),
    f"POST {V1}/codev/sessions/{{session_id}}/actions": json(HELD, **TRIED),
    f"PUT {V1}/codev/actions/{{action_id}}/follow-up": Call(
        json={"session_id": "{next_codev_session}", "state": "done"}, headers=SECOND_VERSION
    ),
    "GET /codev/seances/{session_id}/suites": Call(path=HELD),
    "POST /codev/seances/{session_id}/suites": form(
        "/codev/seances/{codev_session}/suites", HELD, **LEARNT, kind="learning", position=0, version=0
    ),
    "POST /codev/seances/{session_id}/actions": form("/codev/seances/{codev_session}/suites", HELD, **TRIED),
    "POST /codev/actions/{action_id}": form(
        "/codev/seances/{next_codev_session}/suites", session_id="{next_codev_session}", state="done", version=1
    ),
    f"POST {V1}/codev/groups/{{group_id}}/own-writings/{{writing_kind}}/{{writing_id}}/extracts": json(
        leaves_group=True, **EXTRACT
    ),
    "POST /codev/groupes/{group_id}/extraits/{writing_kind}/{writing_id}": form(
        "/parcours/{enrolment}/activites/GEN-7.A#remises", leaves_group="true", **EXTRACT
    ),
    f"POST {V1}/codev/groups/{{group_id}}/journal": json(session_id="{codev_session}", **LEARNT),
    f"PUT {V1}/codev/journal/{{entry_id}}": Call(json=LEARNT, headers=SECOND_VERSION),
    "POST /codev/groupes/{group_id}/journal": form(
        "/codev/groupes/{group}/journal", session_id="{codev_session}", **LEARNT
    ),
    "POST /codev/journal/{entry_id}": form("/codev/groupes/{group}/journal", **LEARNT, version=1),
    "POST /codev/journal/{entry_id}/destruction": form("/codev/groupes/{group}/journal"),
    f"POST {V1}/codev/groups/{{group_id}}/sessions": json(
        activity_code="GEN-7.D", starts_at=f"{FREE}T15:00:00Z", mode="hybrid", venue_id="{venue}"
    ),
    f"GET {V1}/codev/sessions/{{session_id}}": Call(path=HELD),
    f"POST {V1}/codev/sessions/{{session_id}}/changes": json(
        NEXT, sequence=0, starts_at=f"{FREE}T15:00:00Z", planned_minutes=120, mode="hybrid", venue_id="{venue}",
        reason="weather",
    ),
    f"GET {V1}/codev/sessions/{{session_id}}/past-times": Call(path=NEXT),
    "GET /codev/seances/{session_id}/modification": Call(path=NEXT),
    "POST /codev/seances/{session_id}/modification": form(
        "/codev/seances/{next_codev_session}", NEXT, sequence=0, day=SOON, clock="10:00", planned_minutes=120,
        mode="hybrid", venue_id="{venue}", reason="weather",
    ),
    f"POST {V1}/codev/sessions/{{session_id}}/cancellation": Call(path=HELD),
    f"GET {V1}/codev/sessions/{{session_id}}/rotation": Call(path=NEXT),
    f"PUT {V1}/codev/sessions/{{session_id}}/roles": json(
        NEXT,
        roles=[
            {"position": 1, "membership_id": "{membership}", "role": "client"},
            {"position": 1, "membership_id": "{first_membership}", "role": "reserve"},
        ],
    ),
    f"GET {V1}/codev/sessions/{{session_id}}/confirmations": Call(path=HELD),
    f"POST {V1}/codev/sessions/{{session_id}}/confirmations": json(HELD, record_id="{codev_record}", is_right=True),
    "POST /codev/seances/{session_id}/confirmation": form(
        "/codev/seances/{codev_session}", HELD, record_id="{codev_record}", is_right="true"
    ),
    f"GET {V1}/codev/sessions/{{session_id}}/live": Call(path=NEXT),
    f"POST {V1}/codev/sessions/{{session_id}}/live": Call(
        json={"action": "here", "membership_id": "{first_membership}"}, path=NEXT, headers=FIRST_VERSION
    ),
    "GET /codev/seances/{session_id}/direct": Call(path=NEXT),
    "GET /codev/seances/{session_id}/direct/flux": Call(path=NEXT),
    "POST /codev/seances/{session_id}/direct": form(
        "/codev/seances/{next_codev_session}/direct", NEXT, action="here", membership_id="{first_membership}", version=0
    ),
    f"GET {V1}/codev/sessions/{{session_id}}/handovers": Call(path=COMING),
    f"POST {V1}/codev/sessions/{{session_id}}/passes": Call(path=COMING),
    f"POST {V1}/codev/sessions/{{session_id}}/swaps": json(COMING, asked_id="{membership}"),
    f"POST {V1}/codev/sessions/{{session_id}}/swaps#exchange": json(
        COMING, asked_id="{second_membership}", exchange_session_id="{coming_codev_session}"
    ),
    f"POST {V1}/codev/swaps/{{swap_id}}/answer": json(is_accepted=True),
    "POST /codev/seances/{session_id}/passe": form("/codev/seances/{coming_codev_session}", COMING),
    "POST /codev/seances/{session_id}/echanges": form(
        "/codev/seances/{coming_codev_session}", COMING, swap_with="{membership}"
    ),
    "POST /codev/seances/{session_id}/echanges/{swap_id}/reponse": form(
        "/codev/seances/{coming_codev_session}", COMING, is_accepted="true"
    ),
    "POST /codev/seances/{session_id}/echanges/{swap_id}/retrait": form(
        "/codev/seances/{coming_codev_session}", COMING
    ),
    f"POST {V1}/codev/sessions/{{session_id}}/records": json(NEXT, entries=MEMBERS, turns=TURNS),
    f"POST {V1}/codev/sessions/{{session_id}}/records#correction": json(
        HELD, entries=MEMBERS, turns=TURNS, supersedes="{codev_record}"
    ),
    f"PUT {V1}/codev/entrances/{{entrance_id}}/concern": json(is_concerned=True),
    "POST /codev/groupes/{group_id}/entrees/{entrance_id}/avis": form("/codev/groupes/{group}", is_concerned="true"),
    "POST /codev/groupes/{group_id}/entrees/{entrance_id}/retrait": form("/codev/groupes/{group}"),
    f"POST {V1}/codev/groups/{{group_id}}/agreements": json(contract_version="1.0", composition=3),
    "POST /codev/groupes/{group_id}/contrat": form(
        "/codev/groupes/{group}/contrat", contract_version="1.0", composition=3, accepted="true"
    ),
    "POST /codev/groupes": form(
        "/codev/groupes/", cohort_id="{cohort}", name="Groupe B", enrolment_ids="{loose}",
        facilitator_id="{facilitator_person}",
    ),
    "POST /codev/liens": form(
        "/codev?cohorte={cohort}", cohort_id="{cohort}",
        manager_id="{coordinator_person}", member_id="{peer_person}",
    ),
    "POST /codev/groupes/{group_id}/membres": form("/codev/groupes/{group}", enrolment_id="{loose_enrolment}"),
    f"POST {V1}/codev/groups/{{group_id}}/returns": json(membership_id="{former_membership}", reason="mistake"),
    "POST /codev/groupes/{group_id}/retours": form(
        "/codev/groupes/{group}", membership_id="{former_membership}", reason="mistake"
    ),
    f"POST {V1}/codev/sessions/{{session_id}}/restoration": json(DROPPED, reason="mistake"),
    "POST /codev/seances/{session_id}/retablissement": form(
        "/codev/seances/{cancelled_codev_session}", DROPPED, reason="mistake"
    ),
    "POST /codev/groupes/{group_id}/departs": form("/codev/groupes/{group}", membership_id="{membership}"),
    "POST /codev/groupes/{group_id}/animation": form("/codev/groupes/{group}", person_id="{trainer_person}"),
    "POST /codev/groupes/{group_id}/seances": form(
        "/codev/groupes/{group}", **{**MEETING, "activity_code": "GEN-7.D", "mode": "hybrid", "venue_id": "{venue}"}
    ),
    "GET /codev/seances/{session_id}": Call(path=HELD),
    "POST /codev/seances/{session_id}/roles": form(
        "/codev/seances/{next_codev_session}", NEXT, client=["{membership}"], reserve=["{first_membership}"]
    ),
    "POST /codev/seances/{session_id}/roles#all": form(
        "/codev/seances/{next_codev_session}", NEXT, client=["{membership}"], reserve=["{first_membership}"],
        observer=["{second_membership}"], note_taker=["{last_membership}"],
    ),
    "POST /codev/seances/{session_id}/roles#digital": form(
        "/codev/seances/{next_codev_session}", NEXT, client=["{membership}"], reserve=["{first_membership}"],
        digital_facilitator=["{last_membership}"],
    ),
    "POST /codev/seances/{session_id}/bilan": form(
        "/codev/seances/{next_codev_session}", NEXT,
        membership_id="{memberships}", status=["present"] * 6, minutes=["180"] * 6, mode=["onsite"] * 6,
        position=["1"], client_id=["{membership}"], turn=["held"], reason=[""], facilitator_present="true",
    ),
    "POST /codev/seances/{session_id}/bilan#correction": form(
        "/codev/seances/{codev_session}", HELD,
        membership_id="{memberships}", status=["present"] * 6, minutes=["180"] * 6, mode=["onsite"] * 6,
        position=["1"], client_id=["{membership}"], turn=["held"], reason=[""], facilitator_present="true",
        supersedes="{codev_record}",
    ),
    "POST /codev/seances/{session_id}/annulation": replace(form("/codev/groupes/{group}"), path=HELD),
}  # fmt: skip

TO_JUDGE = {"work": "file_work"}
GRADUATE = {"enrolment_id": "graduate"}
SEATED = {"panel_id": "seated_panel"}
WORK_TO_JUDGE = {**SEATED, "hand_in_id": "file_hand_in"}
OPINION = {"level": 2, "criteria_met": ["CN-03.C1"], "reasons": "Vu."}
ONE = {"kind": "attestation_participation"}
STOPPED = {"batch_id": "stopped_batch"}
TRACE = {"hand_in_id": "trace"}
AT_TEAM = {"code": "=GEN-2.B"}
GRADING: dict[str, Call] = {
    f"GET {V1}/hand-ins/{{hand_in_id}}/team": Call(path=TRACE),
    f"PUT {V1}/hand-ins/{{hand_in_id}}/team": json(TRACE, enrolment_ids=["{peer_enrolment}"]),
    "POST /parcours/{enrolment_id}/activites/{code}/depots/{hand_in_id}/equipe": form(
        "/parcours/{enrolment}/activites/GEN-2.B#remises", {**AT_TEAM, **TRACE}, enrolment_ids=["{peer_enrolment}"]
    ),
    "POST /parcours/{enrolment_id}/activites/{code}/equipes/{share_id}/retrait": form(
        "/parcours/{peer_enrolment}/activites/GEN-2.B", {**AT_TEAM, "enrolment_id": "peer_enrolment"}
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/extra-attempts": json(activity_code="GEN-6.C", reason="Malade."),
    "POST /parcours/{enrolment_id}/activites/{code}/tentatives": form(
        "/parcours/{enrolment}/activites/GEN-6.C#remises", {"code": "=GEN-6.C"}, reason="Malade."
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/work-assignments": json(
        activity_code="GEN-2.C", assignee_id="{trainer_person}", supersedes="{work_assignment}"
    ),
    "POST /cohortes/{cohort_id}/travaux/{enrolment_id}": form(
        "/cohortes/{cohort}/travaux", activity_code="GEN-2.C", assignee_id="{trainer_person}",
        supersedes="{work_assignment}",
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/works/{{work}}/decisions": json(
        TO_JUDGE, kind="returned", text="Il manque la suite."
    ),
    "POST /parcours/{enrolment_id}/travaux/{work}/retour": form(
        "/parcours/{enrolment}/travaux/{file_work}/decision", TO_JUDGE, criterion=["CN-08.C1"], missing=["La source."]
    ),
    "POST /parcours/{enrolment_id}/travaux/{work}/dispense": form(
        "/parcours/{enrolment}/travaux/{file_work}/decision", TO_JUDGE, competency_code="CN-08", text="Déjà montrée."
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/judgements": json(
        level=2, criteria_met=["CN-04.C1", "CN-04.C2"], competency_code="CN-04",
        evidence=[{"kind": "mandate", "id": "{mandate}"}, {"kind": "session", "id": "{session}"}],
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/judgements#correction": json(
        **{**JUDGED, "level": 3, "criteria_met": ["CN-01.C1", "CN-01.C2", "CN-01.C3"]},
        competency_code="CN-01",
        evidence=[
            {"kind": "hand_in", "id": "{hand_in}"},
        ],
        supersedes="{judgement}",
        reason="Relu.",
    ),
    f"POST {V1}/saved-comments": json(title="Bien vu", text="Bien vu, à chiffrer."),
    "POST /jugements/commentaires": form("/jugements/commentaires", title="Bien vu", text="Bien vu, à chiffrer."),
    "POST /jugements/commentaires/{saved_comment_id}/retrait": form("/jugements/commentaires"),
    "POST /parcours/{enrolment_id}/jugements/{competency}": form(
        "/parcours/{enrolment}/jugements/CN-01", **JUDGED,
        evidence=["hand_in:{hand_in}"], work="",
    ),
    "POST /parcours/{enrolment_id}/jugements/{competency}#correction": form(
        "/parcours/{enrolment}/jugements/CN-01?preuve={hand_in}",
        **{**JUDGED, "level": 3, "criteria_met": ["CN-01.C1", "CN-01.C2", "CN-01.C3"]},
        evidence=["hand_in:{hand_in}"], supersedes="{judgement}", reason="Relu.", work="{hand_in}",
    ),
    "POST /parcours/{enrolment_id}/jugements/{competency}#insertion": form(
        "/parcours/{enrolment}/jugements/CN-01?preuve={hand_in}", **JUDGED,
        evidence=["hand_in:{hand_in}"], work="{hand_in}", saved_comment="{saved_comment}", then="insert",
        version="0",
    ),
    f"PUT {V1}/enrolments/{{enrolment_id}}/judgement-drafts/{{competency}}": Call(
        json={**JUDGED, "evidence": [{"kind": "hand_in", "id": "{hand_in}"}]}, headers=SECOND_VERSION
    ),
    f"DELETE {V1}/enrolments/{{enrolment_id}}/judgement-drafts/{{competency}}": Call(headers=SECOND_VERSION),
    f"POST {V1}/judgements/{{judgement_id}}/reviews": json(motive="Relire la page 3."),
    "POST /jugements/{judgement_id}/revision": form("/revisions/", motive="Relire la page 3."),
    f"POST {V1}/enrolments/{{enrolment_id}}/panels": json(
        competency_code="CN-01", evidence=[{"kind": "hand_in", "id": "{hand_in}"}],
        assessor_ids=["{trainer_person}", "{reviewer_person}"],
    ),
    "POST /parcours/{enrolment_id}/jugements/{competency}/double-evaluation": form(
        "/revisions/", evidence=["hand_in:{hand_in}"], assessor_ids=["{trainer_person}", "{reviewer_person}"],
    ),
    f"POST {V1}/colleges/{{college_id}}/own-interests": json(kind="none"),
    f"POST {V1}/colleges/{{college_id}}/own-interests#person": json(kind="person", about_id="{owner_person}"),
    "POST /colleges/{college_id}/mes-interets": form("/colleges/{college}/mes-interets", kind="none"),
    "POST /colleges/{college_id}/mes-interets#person": form(
        "/colleges/{college}/mes-interets", kind="person", about_id="{owner_person}",
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/assessor-exceptions": json(
        assessor_id="{facilitator_person}", reason="Seule personne.",
    ),
    "POST /parcours/{enrolment_id}/exception-animation": form(
        "/parcours/{enrolment}/jugements/CN-11", assessor_id="{facilitator_person}", reason="Seule personne.",
    ),
    f"GET {V1}/panels/{{panel_id}}/hand-ins/{{hand_in_id}}/file": Call(path=WORK_TO_JUDGE),
    f"GET {V1}/panels/{{panel_id}}/hand-ins/{{hand_in_id}}/preview": Call(path=WORK_TO_JUDGE),
    f"POST {V1}/panels/{{panel_id}}/assessors": json(assessor_ids=["{reviewer_person}"]),
    "POST /revisions/{panel_id}/evaluation": form("/revisions/{panel}", assessor_ids=["{reviewer_person}"]),
    "POST /revisions/{panel_id}/prise": form("/revisions/{panel}"),
    f"POST {V1}/panels/{{panel_id}}/opinions": json(SEATED, **OPINION),
    "POST /revisions/{panel_id}/avis": form("/revisions/{seated_panel}", SEATED, **OPINION),
    f"POST {V1}/enrolments/{{enrolment_id}}/certificates": json(GRADUATE, **ONE),
    "GET /colleges/{slug}/did.json": Call(path={"slug": "college_slug"}),
    "GET /colleges/{slug}/statuts/{number}": Call(path={"slug": "college_slug"}),
    f"POST {V1}/colleges/{{college_id}}/signatories": json(**SIGNER),
    f"PUT {V1}/colleges/{{college_id}}/certificate-branding/colours": json(ink="#0b4f5c", accent="#c0a000"),
    f"PUT {V1}/colleges/{{college_id}}/certificate-branding/logo": Call(picture=True),
    f"PUT {V1}/signatories/{{signatory_id}}/signature": Call(picture=True),
    "POST /colleges/{college_id}/presentation/couleurs": form(SHOWN, ink="#0b4f5c", accent=""),
    "POST /colleges/{college_id}/presentation/logo": Call(picture=True, to=SHOWN),
    "POST /signataires/{signatory_id}/signature": Call(picture=True, to=SHOWN),
    f"POST {V1}/signatories/{{signatory_id}}/end": json(reason="Départ."),
    "POST /signataires/{signatory_id}/fin": form(SIGNERS, reason="Départ."),
    f"POST {V1}/signatories/{{signatory_id}}/return": json(FORMER, reason="Erreur."),
    "POST /signataires/{signatory_id}/retour": form(SIGNERS, FORMER, reason="Erreur."),
    "GET /parcours/{enrolment_id}/attestations/{kind}": Call(path=GRADUATE),
    "POST /parcours/{enrolment_id}/attestations": form("/attestations/", GRADUATE, **ONE),
    f"POST {V1}/colleges/{{college_id}}/certificate-batches": json(items=[{"enrolment_id": "{graduate}", **ONE}]),
    f"POST {V1}/certificate-batches/{{batch_id}}/resumptions": Call(path=STOPPED),
    "POST /colleges/{college_id}/attestations/lots": form("/attestations/lots/", item=[f"{{graduate}}:{ONE['kind']}"]),
    "POST /attestations/lots/{batch_id}/reprise": replace(form("/attestations/lots/{stopped_batch}"), path=STOPPED),
    "POST /colleges/{college_id}/signataires": form("/colleges/{college}/attestations#signataires", **SIGNER),
}  # fmt: skip

NAME = "/colleges/{college}/personnes/{owner_person}/nom"
NAMED = {"legal_first_name": "Autre", "legal_last_name": "Nom", "seen_on": TODAY}
REPLACED = {"what": "name", "reason": "Nom."}
OTHER = {"certificate_id": "other_certificate"}
GONE = {"revocation_id": "decided_revocation"}
RECEIVED = {"transfer_id": "received_transfer"}
CORRECTIONS: dict[str, Call] = {
    f"PUT {V1}/colleges/{{college_id}}/people/{{person_id}}/legal-name": json(**NAMED),
    "POST /colleges/{college_id}/personnes/{person_id}/nom": form(NAME, **NAMED),
    f"GET {V1}/certificates/{{certificate_id}}/pdf#ended": Call(path={"certificate_id": "revoked_certificate"}),
    f"POST {V1}/certificates/{{certificate_id}}/reissue": json(OTHER, **REPLACED),
    "POST /attestations/{certificate_id}/remplacement": form("/attestations/", OTHER, **REPLACED),
    f"POST {V1}/certificates/{{certificate_id}}/revocations": json(OTHER, reason="Preuve empruntée."),
    "POST /attestations/{certificate_id}/revocations": form(
        "/attestations/{other_certificate}/registre", OTHER, reason="Preuve empruntée."
    ),
    f"POST {V1}/revocations/{{revocation_id}}/decision": json(revoke=True),
    "POST /revocations/{revocation_id}/decision": form("/attestations/{certificate}/registre", revoke="true"),
    f"POST {V1}/enrolments/{{enrolment_id}}/transfers": json(
        {"enrolment_id": "graduate"}, to_cohort_id="{next_cohort}", reason="Elle déménage."
    ),
    "POST /inscriptions/{enrolment_id}/transfert": form(
        "/transferts/", {"enrolment_id": "graduate"}, to_cohort_id="{next_cohort}", reason="Elle déménage."
    ),
    f"POST {V1}/transfers/{{transfer_id}}/consent": json(agrees=True),
    "POST /transferts/{transfer_id}/consentement": form("/transferts/{transfer}", agrees="true"),
    f"POST {V1}/transfers/{{transfer_id}}/withdrawal": json(reason="Elle reste."),
    "POST /transferts/{transfer_id}/retrait": form("/transferts/{transfer}", reason="Elle reste."),
    f"POST {V1}/transfers/{{transfer_id}}/decision": json(RECEIVED, accepts=False, reason="Trop tard."),
    "POST /transferts/{transfer_id}/decision": form(
        "/transferts/{received_transfer}", RECEIVED, accepts="false", reason="Trop tard."
    ),
    f"POST {V1}/enrolments/{{enrolment_id}}/holds": json(reason="Frais de dossier."),
    "POST /parcours/{enrolment_id}/retenues": form("/retenues/", reason="Frais de dossier."),
    f"POST {V1}/holds/{{hold_id}}/lift": json(reason="Acquittés."),
    "POST /retenues/{hold_id}/levee": form("/retenues/{hold}", reason="Acquittés."),
    f"POST {V1}/revocations/{{revocation_id}}/answer": json(words="Voici."),
    "POST /revocations/{revocation_id}/reponse": form("/attestations/{certificate}", words="Voici."),
    f"POST {V1}/revocations/{{revocation_id}}/contest": json(GONE, words="Non."),
    "POST /revocations/{revocation_id}/contestation": form("/attestations/{revoked_certificate}", GONE, words="Non."),
    "POST /v/{code}/fichier": Call(file=True),
    f"GET {V1}/colleges/{{college_id}}/employer-profiles": Call(query={"employer": "Scierie"}),
    "GET /colleges/{college_id}/fiches-employeur": Call(query={"employeur": "Scierie"}),
    f"GET {V1}/colleges/{{college_id}}/employer-attestations": Call(query={"employer": "Scierie", "year": TODAY[:4]}),
}  # fmt: skip

PROOF = {"present": PASSWORD}
PROVIDER = {
    "label": "Portail", "issuer": "http://127.0.0.1:9", "client_id": "escouade", "client_secret": "un secret de client",
}  # fmt: skip
INVITED = {"email": "invitee@escouade.example.com", "role": "trainer", "cohort_id": "{cohort}"}
AGREED = {"purpose": "evaluation_study", "text_version": "1.0"}
NEW_PASSWORD = {**PROOF, "password": "une toute autre phrase de passe"}
FACTOR = {"proposal": "{proposal}", "code": "{first_code}"}
ME = f"{V1}/me"
ACCOUNT: dict[str, Call] = {
    f"PUT {ME}/password": json(**NEW_PASSWORD),
    f"POST {V1}/sign-ins/current/second-factor": json(code="000000"),
    f"PUT {ME}/second-factor": json(**FACTOR, **PROOF),
    f"POST {ME}/second-factor/recovery-codes": json(**PROOF),
    f"POST {ME}/second-factor/removal": json(**PROOF),
    f"POST {ME}/calendar-feeds": json(),
    f"POST {ME}/calendar-feeds#cohort": json(cohort_id="{cohort}"),
    f"POST {ME}/calendar-feeds/{{feed_id}}/renewal": Call(),
    f"DELETE {ME}/calendar-feeds/{{feed_id}}": Call(),
    "POST /securite/calendriers": form("/securite/calendriers"),
    "POST /securite/calendriers#cohort": form("/securite/calendriers", cohort_id="{cohort}"),
    "POST /securite/calendriers/{feed_id}/renouvellement": form("/securite/calendriers"),
    "POST /securite/calendriers/{feed_id}/fin": form("/securite/calendriers"),
    f"POST {ME}/api-tokens": json(name="Essai", permissions=["network:read"]),
    f"POST {V1}/colleges/{{college_id}}/oidc-providers": json(**PROVIDER),
    "POST /colleges/{college_id}/connexion": form("/colleges/{college}/connexion", **PROVIDER),
    "POST /comptes/{person_id}/retablissement": form("/comptes"),
    "POST /comptes/{person_id}/suspension": form("/comptes"),
    "GET /connexion/oidc/retour": Call(query={"state": "rien", "code": "rien"}),
    "POST /connexion/second-facteur": form("/", code="000000"),
    "POST /connexion/second-facteur/inscription": form("/", **FACTOR),
    "POST /connexion/services/{provider_id}/retrait": form("/colleges/{college}/connexion"),
    f"POST {ME}/address": json(**PROOF, email="nouvelle@escouade.example.com"),
    f"POST {ME}/address/{{token}}": Call(path={"token": "new_address"}),
    "POST /securite/adresse": form("/securite#adresse", **PROOF, email="nouvelle@escouade.example.com"),
    "GET /securite/adresse/{token}": Call(path={"token": "new_address"}),
    "POST /securite/adresse/{token}": form("/securite#adresse", {"token": "new_address"}),
    "POST /securite/appareils/fin": form("/securite#appareils"),
    "POST /securite/appareils/{sign_in_id}/fin": form("/securite#appareils"),
    "POST /securite/jetons": form("/securite", name="Essai", permissions=["network:read"], days=9),
    "POST /securite/jetons/{token_id}/fin": form("/securite#jetons"),
    "POST /messages/lus": form("/messages"),
    "POST /messages/courriels": form("/messages", choices=CHOSEN, quiet_from=22, quiet_until=6),
    f"PUT {ME}/mail-preferences": json(choices=[{"kind": "judged", "choice": "digest"}], quiet_from=None),
    "POST /messages/{notification_id}/lu": form("/attestations"),
    "POST /securite/mot-de-passe": form("/securite", **NEW_PASSWORD),
    "POST /securite/oidc/{identity_id}/retrait": form("/securite/oidc"),
    "POST /securite/oidc/{provider_id}": form("/securite/oidc", **PROOF),
    f"POST {V1}/colleges/{{college_id}}/invitations": json(**INVITED),
    f"POST {V1}/colleges/{{college_id}}/invitations#registrar": json(
        **{**INVITED, "role": "registrar", "cohort_id": None}
    ),
    "POST /colleges/{college_id}/invitations": form("/colleges/{college}/invitations", **INVITED),
    f"POST {V1}/colleges/{{college_id}}/staff-invitations": json(
        people=[{"email": "nouvelle@exemple.ca", "legal_last_name": "Nouvelle", "role": "trainer"}]
    ),
    "POST /colleges/{college_id}/personnel/ajout": Call(
        form={"people": "courriel;nom;role\nnouvelle@exemple.ca;Nouvelle;formatrice"}
    ),
    f"PUT {V1}/colleges/{{college_id}}/invitations/{{invitation_id}}/email": json(email="juste@escouade.example.com"),
    "POST /colleges/{college_id}/invitations/{invitation_id}/adresse": form(
        "/colleges/{college}/invitations/{invitation}", email="juste@escouade.example.com"
    ),
    "POST /colleges/{college_id}/invitations/{invitation_id}/renvoi": form("/colleges/{college}/invitations"),
    "POST /colleges/{college_id}/invitations/{invitation_id}/retrait": form("/colleges/{college}/invitations"),
    "POST /invitation/{token}": form("/", **PERSON),
    "POST /invitation/{token}/acceptation": form("/", {"token": "own_letter"}),
    f"PUT {ME}/profile": Call(json=PROFILE, headers=FIRST_VERSION),
    f"PUT {ME}/profile#expertises": Call(json={**PROFILE, "expertises": PROOFS_OF_OTHERS}, headers=FIRST_VERSION),
    f"GET {V1}/profiles/{{person_id}}": Call(path=ADVISOR),
    "GET /conseillers/{person_id}": Call(path=ADVISOR),
    "GET /conseillers/{person_id}/photo": Call(path=ADVISOR),
    "POST /mon-dossier/fiche": form("/mon-dossier/fiche", **PROFILE, version=0),
    "POST /mon-dossier/fiche/photo": replace(form("/mon-dossier/fiche"), file=True),
    "POST /mon-dossier/fiche/photo/retrait": form("/mon-dossier/fiche"),
    "POST /mon-dossier/fiche/suppression": form("/mon-dossier/fiche"),
    f"POST {ME}/consents": json(**AGREED),
    "POST /mon-dossier/consentements": form("/mon-dossier/consentements#evaluation_study", **AGREED),
    "POST /mon-dossier/consentements/{purpose}/retrait": form("/mon-dossier/consentements#evaluation_study"),
    "POST /mot-de-passe-oublie": form("/mot-de-passe-oublie?fait=demande", email="karim@escouade.example.com"),
    "GET /mot-de-passe-oublie/{token}": Call(path={"token": "reset"}),
    "POST /mot-de-passe-oublie/{token}": form(
        "/mot-de-passe-oublie?fait=change", {"token": "reset"}, password=NEW_PASSWORD["password"]
    ),
    "POST /securite/second-facteur": form("/securite", **FACTOR, **PROOF),
    "POST /securite/second-facteur/codes": form("/securite", **PROOF),
    "POST /securite/second-facteur/retrait": form("/securite", **PROOF),
}
PROPOSED = frozenset(row for row, call in ACCOUNT.items() if "{proposal}" in str(call))
"""Rows that need a second factor proposed to the caller."""

SEARCH = {
    f"GET {V1}/search": Call(query={"search": "canari", "limit": 25}),
    f"GET {V1}/search#people": Call(query={"search": "figurant", "limit": 100}),
    "GET /recherche": Call(query={"recherche": "canari"}),
    "GET /recherche/personnes": Call(query={"recherche": "figurant"}),
}
"""What titles with canaries answer to, and the people whose shown names are canaries."""

TO_JUDGE_CLAIM = {"prior_claim_id": "named_claim"}
TO_DECIDE = {"prior_claim_id": "judged_claim"}
REFUSED = {"prior_claim_id": "refused_claim"}
CLAIMED = {"competency_code": "CN-08", "level": 1, "statement": "Quinze ans.", "pieces": ["{prior_piece}"]}
PRIOR = f"{V1}/prior-learning/claims/{{prior_claim_id}}"
PRIOR_PAGE = "/acquis/{prior_claim_id}"
DOSSIER = "/parcours/{enrolment_id}/acquis"
RECOGNITION: dict[str, Call] = {
    f"POST {V1}/enrolments/{{enrolment_id}}/prior-learning/pieces": Call(form={"title": "Carte"}, file=True),
    f"POST {V1}/enrolments/{{enrolment_id}}/prior-learning/claims": json(**CLAIMED),
    f"POST {PRIOR}/review": json(REFUSED, reason="Voir la page 3."),
    f"POST {PRIOR}/specialist": json(specialist_id="{specialist_person}"),
    f"POST {PRIOR}/level": json(TO_JUDGE_CLAIM, level=1, reason="Vu."),
    f"POST {PRIOR}/decision": json(TO_DECIDE, granted=False, reason="Vu."),
    f"POST {DOSSIER}/pieces": replace(form("/parcours/{enrolment}/acquis", title="Carte"), file=True),
    f"POST {DOSSIER}": form("/parcours/{enrolment}/acquis", **CLAIMED),
    f"POST {PRIOR_PAGE}/retrait": form("/acquis/{prior_claim}"),
    f"POST {PRIOR_PAGE}/revision": form("/acquis/{refused_claim}", REFUSED, reason="Voir la page 3."),
    f"POST {PRIOR_PAGE}/specialiste": form("/acquis/{prior_claim}", specialist_id="{specialist_person}"),
    f"POST {PRIOR_PAGE}/niveau": form("/acquis/{named_claim}", TO_JUDGE_CLAIM, level=1, reason="Vu."),
    f"POST {PRIOR_PAGE}/decision": form("/acquis/{judged_claim}", TO_DECIDE, granted="false", reason="Vu."),
}

CALLS: dict[str, Call] = {
    **NETWORK, **COHORTS, **LEARNING, **DOCUMENTS, **PACKAGES, **FIELD, **CODEV, **GRADING, **RECOGNITION,
    **CORRECTIONS, **ACCOUNT, **SEARCH,
}  # fmt: skip
"""By row; a row that is not here is called with its path alone."""

SUBJECTS = {
    "applicant": (
        "POST /cohortes/{cohort_id}/candidatures/{enrolment_id}",
        f"PUT {V1}/cohorts/{{cohort_id}}/waitlist/{{enrolment_id}}/priority",
        "POST /cohortes/{cohort_id}/liste-d-attente/{enrolment_id}/priorite",
    ),
    "trainer": (
        f"POST {V1}/cohorts/{{cohort_id}}/staff", "POST /cohortes/{cohort_id}/equipe",
        f"PUT {V1}/codev/groups/{{group_id}}/facilitator", "POST /codev/groupes/{group_id}/animation",
    ),
    "facilitator": (f"POST {V1}/cohorts/{{cohort_id}}/codev-groups", "POST /codev/groupes"),
    "loose1": (f"POST {V1}/codev/groups/{{group_id}}/members", "POST /codev/groupes/{group_id}/membres"),
    "loose2": (
        f"POST {V1}/codev/groups/{{group_id}}/returns", "POST /codev/groupes/{group_id}/retours",
        f"POST {V1}/staff-roles/{{role_id}}/end", "POST /roles-tenus/{role_id}/fin",
        f"POST {V1}/staff-roles/{{role_id}}/return", "POST /roles-tenus/{role_id}/retour",
        f"POST {V1}/cohorts/{{cohort_id}}/staff/{{role_id}}/end", "POST /cohortes/{cohort_id}/equipe/{role_id}",
    ),
    "third": (
        f"POST {V1}/codev/groups/{{group_id}}/departures", "POST /codev/groupes/{group_id}/departs",
        f"POST {V1}/certificates/{{certificate_id}}/revocations", "POST /attestations/{certificate_id}/revocations",
        f"POST {V1}/certificates/{{certificate_id}}/reissue", "POST /attestations/{certificate_id}/remplacement",
        f"POST {V1}/holds/{{hold_id}}/lift", "POST /retenues/{hold_id}/levee",
    ),
    "peer": (
        f"POST {V1}/transfers/{{transfer_id}}/decision", "POST /transferts/{transfer_id}/decision",
        f"DELETE {V1}/team-traces/{{share_id}}",
        "POST /parcours/{enrolment_id}/activites/{code}/equipes/{share_id}/retrait",
        f"POST {V1}/certificate-batches/{{batch_id}}/resumptions", "POST /attestations/lots/{batch_id}/reprise",
        f"POST {V1}/colleges/{{college_id}}/management-links", "POST /codev/liens",
    ),
    "graduate": (
        f"POST {V1}/enrolments/{{enrolment_id}}/transfers", "POST /inscriptions/{enrolment_id}/transfert",
        f"POST {V1}/codev/entrances/{{entrance_id}}/withdrawal",
        "POST /codev/groupes/{group_id}/entrees/{entrance_id}/retrait",
        f"POST {V1}/enrolments/{{enrolment_id}}/certificates", "POST /parcours/{enrolment_id}/attestations",
        f"POST {V1}/colleges/{{college_id}}/certificate-batches", "POST /colleges/{college_id}/attestations/lots",
    ),
}  # fmt: skip
"""The part of the person whom a call is about, when it is not ``owner``, by that part."""
