"""The separation of duties (``app/platform/security/duties.py``): nobody uses certain permissions on themselves."""

import pytest
from fastapi import FastAPI
from sqlmodel import SQLModel

from app.platform.security import duties
from app.platform.security.guards import PermissionGuard
from app.platform.security.permissions import GRANTS, PERSONAL, Permission, Role
from app.platform.security.separation import about_someone, links
from tests.access.access_db import UNSAFE, AccessDatabase
from tests.access.matrix import SELF
from tests.access.self_column import WRITES, self_faults
from tests.access.test_every_route_is_guarded import guarded_routes

ABOUT_NOBODY = {
    "POST /api/v1/codev/groups/{group_id}/sessions": "a session to come",
    "POST /codev/groupes/{group_id}/seances": "a session to come",
    "POST /api/v1/codev/sessions/{session_id}/changes": "a session to come",
    "POST /codev/seances/{session_id}/modification": "a session to come",
    "PUT /api/v1/colleges/{college_id}/confidences": "how long texts of groups are kept",
    "POST /colleges/{college_id}/confidences": "how long texts of groups are kept",
    "POST /api/v1/colleges/{college_id}/management-links": "it forbids a group, and gives nothing",
    "POST /codev/liens": "it forbids a group, and gives nothing",
    "POST /api/v1/saved-comments": "words to use again, about nobody",
    "POST /jugements/commentaires": "words to use again, about nobody",
    "POST /api/v1/sessions/{session_id}/check-in": "a time to check in",
    "POST /seances/{session_id}/code": "a time to check in",
    "POST /api/v1/sessions/{session_id}/check-in/closing": "a time to check in",
    "POST /seances/{session_id}/code/fin": "a time to check in",
    "POST /api/v1/colleges/{college_id}/cohorts": "a cohort",
    "POST /cohortes": "a cohort",
    "PUT /api/v1/cohorts/{cohort_id}/applications-open": "a cohort",
    "POST /cohortes/{cohort_id}/ouverture": "a cohort",
    "PUT /api/v1/cohorts/{cohort_id}": "a cohort",
    "POST /api/v1/cohorts/{cohort_id}/announcements": "others; test_announcement_reaches_all_but_its_author",
    "POST /cohortes/{cohort_id}/annonces": "others; test_announcement_reaches_all_but_its_author",
    "POST /cohortes/{cohort_id}/annonces/apercu": "others; it writes nothing",
    "POST /api/v1/cohorts/{cohort_id}/copies": "a cohort",
    "POST /cohortes/{cohort_id}/copie": "a cohort",
    "POST /api/v1/cohorts/{cohort_id}/change-preview": "a cohort",
    "POST /cohortes/{cohort_id}/modification": "a cohort",
    "POST /cohortes/{cohort_id}/modification/apercu": "a cohort",
    "POST /api/v1/cohorts/{cohort_id}/moves": "a draft holds nobody; test_coordinator_starts_all_but_herself",
    "POST /cohortes/{cohort_id}/etat/{to}": "a draft holds nobody; test_coordinator_starts_all_but_herself",
    "PUT /api/v1/cohorts/{cohort_id}/offer-hours": "a cohort",
    "POST /api/v1/cohorts/{cohort_id}/people": "other addresses",
    "POST /cohortes/{cohort_id}/personnes/ajout": "other addresses",
    "POST /api/v1/colleges/{college_id}/staff-invitations": "another address; test_nobody_is_in_a_list_of_their_own",
    "POST /colleges/{college_id}/personnel/ajout": "another address; test_nobody_is_in_a_list_of_their_own",
    "POST /cohortes/{cohort_id}/duree-des-offres": "a cohort",
    "POST /api/v1/colleges/{college_id}/invitations": "another address; test_nobody_invites_their_own_address",
    "POST /colleges/{college_id}/invitations": "another address; test_nobody_invites_their_own_address",
    "POST /api/v1/colleges/{college_id}/invitations#registrar": "another address",
    "DELETE /api/v1/colleges/{college_id}/invitations/{invitation_id}": "another address",
    "POST /api/v1/colleges/{college_id}/invitations/{invitation_id}/letters": "another address",
    "PUT /api/v1/colleges/{college_id}/invitations/{invitation_id}/email": "test_nobody_corrects_to_their_own",
    "POST /colleges/{college_id}/invitations/{invitation_id}/adresse": "test_nobody_corrects_to_their_own",
    "POST /colleges/{college_id}/invitations/{invitation_id}/renvoi": "another address",
    "POST /colleges/{college_id}/invitations/{invitation_id}/retrait": "another address",
    "DELETE /api/v1/oidc-providers/{provider_id}": "the college's sign-in service",
    "POST /connexion/services/{provider_id}/retrait": "the college's sign-in service",
    "POST /api/v1/colleges/{college_id}/signatories": "the college's signatories",
    "POST /colleges/{college_id}/signataires": "the college's signatories",
    "PUT /api/v1/signatories/{signatory_id}/signature": "the college's signatories",
    "POST /api/v1/signatories/{signatory_id}/end": "the college's signatories",
    "POST /signataires/{signatory_id}/fin": "the college's signatories",
    "POST /api/v1/signatories/{signatory_id}/return": "the college's signatories",
    "POST /signataires/{signatory_id}/retour": "the college's signatories",
    "POST /signataires/{signatory_id}/signature": "the college's signatories",
    "PUT /api/v1/colleges/{college_id}/certificate-branding/colours": "the college's documents",
    "PUT /api/v1/colleges/{college_id}/certificate-branding/logo": "the college's documents",
    "POST /colleges/{college_id}/presentation/couleurs": "the college's documents",
    "POST /colleges/{college_id}/presentation/logo": "the college's documents",
}
"""Rows with a permission of ``NOT_ON_ONESELF`` that succeed in the column ``self``: what is written about no person."""

WITHOUT_PERSON = {
    "college", "project", "project_target", "project_region_target", "region", "venue",
    "resource", "resource_change", "interest",
    "announcement", "cohort", "cohort_document", "cohort_move", "codev_group", "codev_session",
    "codev_record", "codev_group_key", "destruction_schedule", "rating_box", "scheduled_session", "roll_call",
    "check_in_opening",
    "published_curriculum", "enterprise", "enterprise_word", "mandate", "mandate_milestone", "milestone_confirmation",
    "management_link", "saved_comment", "session_change", "session_restoration", "codev_session_restoration",
    "codev_session_change",
    "accompanied_count", "accompanied_enterprise", "report_sum",
    "certificate_counter", "college_key", "signatory", "signatory_change", "status_list", "oidc_provider", "batch",
    "attempt", "claim_key", "audit_entry", "audit_values", "audit_seal", "view_log",
}  # fmt: skip
"""Tables whose rows are about no person by themselves; some name who acted, or an address."""


@pytest.mark.parametrize("row", WRITES)
def test_write_about_oneself(access_db: AccessDatabase, row: str) -> None:
    assert list(self_faults(access_db, row)) == []


def test_only_writes_have_a_cell_in_the_self_column() -> None:
    assert {row for row, status in SELF.items() if status} == set(WRITES)


def permission_of_writes(site: FastAPI) -> dict[str, Permission]:
    """Return the permission of every route that writes and requires one."""
    return {
        route: guards[0].permission
        for route, guards in guarded_routes(site)
        if route.split(" ")[0] in UNSAFE and isinstance(guards[0], PermissionGuard)
    }


def test_every_permission_to_write_is_classified(site: FastAPI) -> None:
    classes = (duties.NOT_ON_ONESELF, duties.ON_ONESELF, duties.ABOUT_THINGS)
    for permission in {*permission_of_writes(site).values(), *PERSONAL}:
        assert sum(permission in one for one in classes) == 1, f"{permission}: in one table of duties.py"


def test_every_permission_not_for_oneself_is_refused_on_oneself(site: FastAPI) -> None:
    """What succeeds all the same is about nobody, and listed with its reason."""
    permissions = permission_of_writes(site)
    succeeds = {
        row for row in WRITES if int(SELF[row]) < 400 and permissions.get(row.split("#")[0]) in duties.NOT_ON_ONESELF
    }
    assert succeeds == set(ABOUT_NOBODY)
    refused = {permissions.get(row.split("#")[0]) for row in WRITES if SELF[row] == "403"}
    assert duties.NOT_ON_ONESELF - {Permission.PEOPLE_MANAGE} <= refused


def test_nobody_gives_a_role_of_their_own_rank_or_above() -> None:
    for role in Role:
        given = duties.grantable_by([role])
        assert role not in given
        assert Role.ADMIN not in given
        assert not any(role in duties.grantable_by([below]) for below in given), f"{role} gives who gives it"
    assert set(duties.GRANTABLE) <= {r for r in Role if GRANTS[r].keys() & duties.NOT_ON_ONESELF}


def test_every_table_is_about_someone_or_listed() -> None:
    """A new table refers to a person's record, or is listed: what is written about someone is found from its rows."""
    assert {name for name, found in about_someone().items() if not found} == WITHOUT_PERSON


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("person", {"id"}),
        ("role_held", {"person_id"}),
        ("roll_call_entry", {"enrolment_id"}),
        ("countersignature", {"field_hours_id"}),
        ("codev_presence", {"membership_id"}),
        ("revocation", {"certificate_id", "hold_id"}),
        ("mandate_milestone", set()),
    ],
)
def test_rows_are_about_whom_their_foreign_keys_reach(table: str, columns: set[str]) -> None:
    assert {column for column, _ in links(SQLModel.metadata.tables[table])} == columns
