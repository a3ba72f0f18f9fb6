"""An archived cohort is only read (decision 31): each command of the matrix is refused, or listed with its reason.

Every row of the matrix that writes is called by the first actor who may, once all cohorts are archived. A row that then
writes to a table whose rows lead to a cohort, or that succeeds and writes nothing, stands in a list below.
"""

from collections.abc import Iterator, Mapping

import pytest
from sqlmodel import SQLModel

from app.platform.messages.i18n import t
from tests.access.access_db import VIEWS, AccessDatabase
from tests.access.matrix import MATRIX, is_allowed
from tests.access.payloads import MARK
from tests.access.self_column import WRITES

ARCHIVE = b"update cohort set state = 'archived', applications_open = false"
PARTS = 16
"""How many tests share the rows: a row that is refused leaves the database as it is for the next one."""

KEPT: Mapping[str, tuple[str, ...]] = {
    "certificates are issued, corrected and revoked after the end, whatever becomes of the cohort": (
        "POST /api/v1/certificate-batches/{batch_id}/resumptions",
        "POST /attestations/lots/{batch_id}/reprise",
        "POST /api/v1/colleges/{college_id}/certificate-batches",
        "POST /colleges/{college_id}/attestations/lots",
        "POST /api/v1/enrolments/{enrolment_id}/certificates",
        "POST /parcours/{enrolment_id}/attestations",
        "POST /api/v1/certificates/{certificate_id}/reissue",
        "POST /attestations/{certificate_id}/remplacement",
        "POST /api/v1/certificates/{certificate_id}/revocations",
        "POST /attestations/{certificate_id}/revocations",
        "POST /api/v1/revocations/{revocation_id}/answer",
        "POST /revocations/{revocation_id}/reponse",
        "POST /api/v1/revocations/{revocation_id}/contest",
        "POST /revocations/{revocation_id}/contestation",
        "POST /api/v1/revocations/{revocation_id}/decision",
        "POST /revocations/{revocation_id}/decision",
        "POST /api/v1/enrolments/{enrolment_id}/holds",
        "POST /parcours/{enrolment_id}/retenues",
        "POST /api/v1/holds/{hold_id}/lift",
        "POST /retenues/{hold_id}/levee",
    ),
    "a judgement may be contested within the working days of its college, and its review is then decided": (
        "POST /api/v1/judgements/{judgement_id}/reviews",
        "POST /jugements/{judgement_id}/revision",
        "POST /api/v1/panels/{panel_id}/assessors",
        "POST /revisions/{panel_id}/evaluation",
        "POST /api/v1/panels/{panel_id}/take",
        "POST /revisions/{panel_id}/prise",
        "POST /api/v1/panels/{panel_id}/opinions",
        "POST /revisions/{panel_id}/avis",
    ),
    "an interest that is declared has another assessor confirm what its author judged, whenever that was": (
        "POST /api/v1/colleges/{college_id}/own-interests#person",
        "POST /colleges/{college_id}/mes-interets#person",
    ),
    "one's own: a journal that nobody else reads, a calendar feed, a profile": (
        "POST /api/v1/codev/groups/{group_id}/journal",
        "POST /codev/groupes/{group_id}/journal",
        "PUT /api/v1/codev/journal/{entry_id}",
        "POST /codev/journal/{entry_id}",
        "DELETE /api/v1/codev/journal/{entry_id}",
        "POST /codev/journal/{entry_id}/destruction",
        "POST /api/v1/me/calendar-feeds",
        "POST /api/v1/me/calendar-feeds#cohort",
        "POST /securite/calendriers",
        "POST /securite/calendriers#cohort",
        "POST /api/v1/me/calendar-feeds/{feed_id}/renewal",
        "POST /securite/calendriers/{feed_id}/renouvellement",
        "DELETE /api/v1/me/calendar-feeds/{feed_id}",
        "POST /securite/calendriers/{feed_id}/fin",
        "PUT /api/v1/me/profile#expertises",
    ),
    "it takes away or ends what is there: a document that should not be shown, a draft, a code": (
        "POST /api/v1/documents/{document_id}/withdrawal",
        "POST /documents/{document_id}/retrait",
        "POST /api/v1/transfers/{transfer_id}/withdrawal",
        "POST /transferts/{transfer_id}/retrait",
        "POST /api/v1/transfers/{transfer_id}/decision",
        "POST /transferts/{transfer_id}/decision",
        "DELETE /api/v1/enrolments/{enrolment_id}/judgement-drafts/{competency}",
        "POST /api/v1/sessions/{session_id}/check-in/closing",
        "POST /seances/{session_id}/code/fin",
    ),
    "a part of a file begun before, gone after a day; what it would be handed in for is refused": (
        "PATCH /api/v1/document-uploads/{upload_id}",
        "PATCH /api/v1/uploads/{upload_id}",
    ),
    "another cohort, which begins as a draft": (
        "POST /api/v1/cohorts/{cohort_id}/copies",
        "POST /cohortes/{cohort_id}/copie",
        "POST /api/v1/colleges/{college_id}/cohorts",
        "POST /cohortes",
    ),
    "people and roles of the college; a role in a cohort lets read it too": (
        "POST /api/v1/colleges/{college_id}/invitations",
        "POST /api/v1/colleges/{college_id}/invitations#registrar",
        "POST /colleges/{college_id}/invitations",
        "POST /api/v1/colleges/{college_id}/invitations/{invitation_id}/letters",
        "POST /colleges/{college_id}/invitations/{invitation_id}/renvoi",
        "PUT /api/v1/colleges/{college_id}/invitations/{invitation_id}/email",
        "POST /colleges/{college_id}/invitations/{invitation_id}/adresse",
        "DELETE /api/v1/colleges/{college_id}/invitations/{invitation_id}",
        "POST /colleges/{college_id}/invitations/{invitation_id}/retrait",
        "POST /api/v1/colleges/{college_id}/staff-invitations",
        "POST /invitation/{token}",
        "POST /invitation/{token}/acceptation",
        "POST /api/v1/role-proposals/{proposal_id}/decision",
        "POST /roles/{proposal_id}/decision",
        "POST /api/v1/staff-roles/{role_id}/end",
        "POST /roles-tenus/{role_id}/fin",
        "POST /api/v1/staff-roles/{role_id}/return",
        "POST /roles-tenus/{role_id}/retour",
    ),
}
"""The commands that write about an archived cohort or its people, by the reason why."""

WITHOUT_TRACE: Mapping[str, str] = {
    "DELETE /api/v1/accounts/{person_id}/suspension": "an account",
    "POST /comptes/{person_id}/retablissement": "an account",
    "DELETE /api/v1/me/consents/{purpose}": "one's own consent, withdrawn already",
    "POST /mon-dossier/consentements/{purpose}/retrait": "one's own consent, withdrawn already",
    "DELETE /api/v1/me/profile": "one's own profile, which is not there",
    "POST /mon-dossier/fiche/suppression": "one's own profile, which is not there",
    "POST /mon-dossier/fiche/photo/retrait": "one's own photo, which is not there",
    "POST /api/v1/me/second-factor/proposals": "one's own account",
    "POST /deconnexion": "one's own sign-in",
    "POST /api/v1/cohorts/{cohort_id}/change-preview": "a preview, which says that the cohort is archived",
    "POST /cohortes/{cohort_id}/personnes/ajout": "a preview of a list, which its confirmation refuses",
    "POST /colleges/{college_id}/personnel/ajout": "a preview of a list of the staff",
    "POST /v/{code}/fichier": "a file is compared with a certificate",
}
"""The commands that succeed and write nothing here: what they are about."""

NOT_REFUSED_AS_ARCHIVED: Mapping[str, str] = {
    "POST /api/v1/cohorts/{cohort_id}/applications": "404: a cohort that takes nobody is not shown to who would apply",
    "POST /cohortes-ouvertes/{cohort_id}": "404: a cohort that takes nobody is not shown to who would apply",
    "POST /api/v1/cohorts/{cohort_id}/moves": "it goes back to closed, and not to the state of this call",
    "POST /cohortes/{cohort_id}/etat/{to}": "it goes back to closed, and not to the state of this call",
}
"""The commands that are refused for another reason."""

LISTED = {
    "written": frozenset(row for rows in KEPT.values() for row in rows),
    "nothing": frozenset(WITHOUT_TRACE),
    "refused": frozenset(NOT_REFUSED_AS_ARCHIVED),
}


def caller(row: str) -> tuple[str, str] | None:
    """Return the first actor who may make the call of a row, and in which place."""
    for at, place in enumerate(("alma", "rouyn")):
        for actor, cell in MATRIX[row].items():
            statuses = cell.split("/")
            if at < len(statuses) and is_allowed(statuses[at]):
                return actor, place
    return None


def tables_of_cohorts() -> frozenset[str]:
    """Return the tables whose rows lead to a cohort by their foreign keys."""
    found = {"cohort"}
    while True:
        more = {
            name
            for name, table in SQLModel.metadata.tables.items()
            if any(key.column.table.name in found for key in table.foreign_keys)
        }
        if more <= found:
            return frozenset(found)
        found |= more


def archive(access_db: AccessDatabase) -> None:
    """Archive every cohort."""
    access_db.copy.connection.execute(ARCHIVE)
    access_db.before = access_db.table_states()


def outcome(access_db: AccessDatabase, row: str) -> str:
    """Return what a row comes to: ``archived`` or ``refused``, ``written``, ``elsewhere`` or ``nothing``."""
    called = caller(row)
    if called is None:
        return "nobody"
    answer = access_db.call(called[0], row, access_db.places[called[1]])
    if answer.status_code >= 400:
        if "/api/" in row:
            return "archived" if answer.json()["code"] == "cohort_archived" else "refused"
        is_said = any(t(f"{part}.cohort_archived") in answer.text for part in ("error", "reason"))
        return "archived" if is_said else "refused"
    changed = set(access_db.changed_tables()) - VIEWS
    if not changed:
        return "nothing"
    access_db.recreate()
    archive(access_db)
    return "written" if changed & tables_of_cohorts() else "elsewhere"


@pytest.fixture
def archived(access_db: AccessDatabase) -> Iterator[AccessDatabase]:
    """The database with every cohort archived, and afterwards as other tests expect it."""
    archive(access_db)
    yield access_db
    access_db.recreate()


@pytest.mark.parametrize("part", range(PARTS))
def test_command_on_an_archived_cohort_is_refused_or_listed(archived: AccessDatabase, part: int) -> None:
    """More than a second: a part of all commands."""
    faults: list[str] = []
    for row in WRITES[part::PARTS]:
        came_to = outcome(archived, row)
        if came_to == "nobody" and set(MARK.findall(row)) & {"cohort_id", "enrolment_id", "session_id", "group_id"}:
            faults.append(f"{row}: nobody may")
        faults += [f"{row}: {came_to}" for name, rows in LISTED.items() if (row in rows) is not (came_to == name)]
    assert faults == []


def test_each_reason_is_about_a_command_of_the_matrix() -> None:
    assert {row for rows in LISTED.values() for row in rows} <= set(WRITES)
