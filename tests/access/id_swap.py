"""The swap of ids: each id of a request, one at a time, is replaced by another record's of the same kind."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

from tests.access.actors import Place
from tests.access.filling import address, kinds, request_of
from tests.access.payloads import CALLS, MARK, V1, Call

QUERIES: dict[str, dict[str, str]] = {
    f"GET {V1}/colleges/{{college_id}}/people": {"after": "{owner_person}"},
    f"GET {V1}/colleges/{{college_id}}/certificate-batches": {"after": "{batch}"},
    f"GET {V1}/colleges/{{college_id}}/certificate-batches/preview": {"cohort_id": "{cohort}", "after": "{enrolment}"},
    f"GET {V1}/colleges/{{college_id}}/certificate-candidates": {"after": "{enrolment}"},
    f"GET {V1}/colleges/{{college_id}}/certificates": {"after": "{certificate}"},
    f"GET {V1}/colleges/{{college_id}}/holds": {"after": "{hold}"},
    "GET /colleges/{college_id}/retenues": {"apres": "{hold}"},
    f"GET {V1}/colleges/{{college_id}}/field-hours/pending": {"after": "{hours}"},
    f"GET {V1}/colleges/{{college_id}}/progress-report": {"after": "{enrolment}"},
    f"GET {V1}/colleges/{{college_id}}/invitations": {"after": "{invitation}"},
    f"GET {V1}/roles-held": {"after": "{staff_role}"},
    "GET /roles-tenus": {"apres": "{staff_role}", "college": "{college}"},
    f"GET {V1}/venues": {"after": "{venue}"},
    "GET /lieux": {"apres": "{venue}", "college": "{college}"},
    f"GET {V1}/resource-corrections": {"after": "{correction}"},
    "GET /repertoire/corrections": {"apres": "{correction}"},
    f"GET {V1}/cohorts": {"after": "{cohort}"},
    f"GET {V1}/colleges/{{college_id}}/cohorts": {"after": "{cohort}"},
    "GET /colleges/{college_id}/cohortes": {"apres": "{cohort}"},
    f"GET {V1}/cohorts/{{cohort_id}}/applications": {"after": "{enrolment}"},
    f"GET {V1}/cohorts/{{cohort_id}}/waitlist": {"after": "{waiting}"},
    f"GET {V1}/cohorts/{{cohort_id}}/sessions": {"after": "{session}"},
    f"GET {V1}/colleges/{{college_id}}/staff-roles": {"after": "{staff_role}"},
    f"GET {V1}/me/judgement-queue": {"after": "{work_cursor}"},
    f"GET {V1}/enrolments/{{enrolment_id}}/judgement-drafts/{{competency}}": {
        "hand_in_id": "{hand_in}",
        "mandate_id": "{mandate}",
        "session_id": "{session}",
        "supersedes": "{judgement}",
    },
    f"PUT {V1}/enrolments/{{enrolment_id}}/judgement-drafts/{{competency}}": {
        "hand_in_id": "{hand_in}",
        "mandate_id": "{mandate}",
        "session_id": "{session}",
        "supersedes": "{judgement}",
    },
    f"DELETE {V1}/enrolments/{{enrolment_id}}/judgement-drafts/{{competency}}": {
        "hand_in_id": "{hand_in}",
        "mandate_id": "{mandate}",
        "session_id": "{session}",
        "supersedes": "{judgement}",
    },
    f"GET {V1}/panels": {"after": "{panel}"},
    f"GET {V1}/colleges/{{college_id}}/prior-learning": {"after": "{prior_claim}"},
    f"GET {V1}/me/prior-learning/claims-to-judge": {"after": "{prior_claim}"},
    "GET /colleges/{college_id}/acquis": {"apres": "{prior_claim}"},
    "GET /acquis": {"after": "{prior_claim}"},
    "GET /revisions": {"apres": "{panel}"},
    "GET /colleges/{college_id}/roles": {"apres": "{staff_role}"},
    f"GET {V1}/enrolment-proposals": {"after": "{enrolment_proposal}"},
    f"GET {V1}/enterprises": {"after": "{enterprise}"},
    f"GET {V1}/milestones/awaiting-confirmation": {"after": "{milestone}"},
    f"GET {V1}/mandates": {"college_id": "{college}", "after": "{mandate}"},
    f"GET {V1}/codev/groups": {"cohort_id": "{cohort}", "after": "{group}"},
    f"GET {V1}/codev/sessions/{{session_id}}/rotation": {"passing": "[{membership}]"},
    "GET /mandats": {"inscription": "{enrolment}", "entreprise": "{enterprise}", "apres": "{mandate}"},
    "GET /entreprises": {"apres": "{enterprise}"},
    "GET /jalons": {"apres": "{milestone}"},
    "GET /heures": {"apres": "{hours}"},
    "GET /jugements": {"apres": "{work_cursor}", "cohorte": "{cohort}"},
    f"GET {V1}/saved-comments": {"after": "{saved_comment}"},
    "GET /jugements/commentaires": {"apres": "{saved_comment}"},
    "GET /jugements/voisine": {"preuve": "{hand_in}", "parcours": "{enrolment}"},
    f"GET {V1}/cohorts/{{cohort_id}}/works-to-judge": {"after": "{work_cursor}"},
    "GET /cohortes/{cohort_id}/travaux": {"apres": "{work_cursor}"},
    "GET /cohortes": {"apres": "{cohort}"},
    "GET /recherche/personnes": {"apres": "{owner_person}"},
    "GET /rapports": {"apres": "{cohort}"},
    "GET /cohortes/{cohort_id}": {"apres": "{enrolment}"},
    f"GET {V1}/cohorts/{{cohort_id}}/announcements": {"after": "{announcement}"},
    "GET /cohortes/{cohort_id}/annonces": {"apres": "{announcement}"},
    "GET /cohortes/{cohort_id}/candidatures": {"apres": "{enrolment}"},
    "GET /cohortes/{cohort_id}/liste-d-attente": {"apres": "{waiting}"},
    "GET /cohortes/{cohort_id}/seances": {"apres": "{session}"},
    f"GET {V1}/sessions/{{session_id}}/roll-call/history": {"after": "{roll_call}"},
    "GET /seances/{session_id}/appel/historique": {"apres": "{roll_call}"},
    "GET /cohortes/{cohort_id}/seances/serie": {"venue_id": "{venue}"},
    "GET /cohortes/{cohort_id}/seances/serie/apercu": {"venue_id": "{venue}"},
    f"GET {V1}/colleges/{{college_id}}/transfers": {"after": "{received_transfer}"},
    "GET /colleges/{college_id}/transferts": {"apres": "{received_transfer}"},
    "GET /rapports/cohortes/{cohort_id}": {"apres": "{enrolment}"},
    "GET /rapports/colleges/{college_id}": {"apres": "{enrolment}"},
    "GET /colleges/{college_id}/attestations": {"apres": "{enrolment}"},
    "GET /colleges/{college_id}/attestations/registre": {"apres": "{certificate}"},
    "GET /colleges/{college_id}/invitations": {"apres": "{invitation}"},
    "GET /colleges/{college_id}/attestations/lots": {"cohorte": "{cohort}"},
    "GET /codev": {"cohorte": "{cohort}", "apres": "{group}"},
    "GET /codev/seances/{session_id}": {"passe": "[{membership}]"},
    "GET /parcours/{enrolment_id}/jugements/{competency}": {"preuve": "{hand_in}", "remplace": "{judgement}"},
    "GET /indicateurs": {"projet": "{project}"},
}
"""The query parameters that are ids, by route."""

NUMBERS = frozenset(
    {
        "minutes", "planned_minutes", "capacity", "level", "position", "limit", "value", "consultations",
        "megabytes", "hours", "offer_hours", "days", "jours", "number", "year", "page", "advisors", "enterprises",
        "regions", "quiet_from", "quiet_until", "late_join_pct", "grace_hours", "grace_minutes", "sequence",
        "composition", "version", "file_size", "entry_notice_days", "annee", "usefulness", "climate", "method", "known",
        "review_days",
    }
)  # fmt: skip
"""Numeric parameters that are not ids; ``known``, the judgement that was read, is only compared with the newest one."""

OF_THE_SENDER = frozenset({"personne"})
"""The person whom a form was shown to: compared with the sender, it selects no record (``test_forms.py``, another)."""

OF_NOBODY = frozenset(
    {"next_cohort", "shared_project", "proposal", "first_code", "change_shown", "departure_shown", "series_shown"}
)
"""Kinds that belong to no college: any project may be named, and a cohort of any college to go on in; a second factor
is proposed to its own person; a mark names what was read, and no record."""

CURSORS = {
    f"GET {V1}/accounts": "after",  # the administrator's, who sees every account
    f"GET {V1}/me/views": "after",  # a place among one's own
    f"GET {V1}/me/notifications": "after",  # as above
    "GET /messages": "apres",
    f"GET {V1}/cohorts/open": "after",  # offered to everyone
    f"GET {V1}/role-proposals": "after",  # the administrator's
    f"GET {V1}/operations/letters": "after",  # the administrator's
    "GET /administration/lettres": "apres",
    "GET /administration/travaux": "apres",
    "GET /cohortes-ouvertes": "apres",
    "GET /recherche/activites": "apres",  # activities are in no table
    "GET /lexique": "apres",  # nor are words
    f"GET {V1}/profiles": "after",  # read by the whole network
    f"GET {V1}/resources/{{resource_id}}/history": "after",  # of an entry that the whole network reads
    "GET /repertoire/{resource_id}/historique": "apres",
    f"GET {V1}/resources": "after",  # read by the whole network
    "GET /repertoire": "apres",
    "GET /conseillers": "apres",
    "GET /colleges": "apres",  # the network's, as projects are
    "GET /comptes": "apres",
    "GET /mon-dossier/consultations": "apres",
    "GET /projets": "apres",
}
"""Query parameters that are cursors in lists without other people's records."""


# The parameters to swap -------------------------------------------------------------------------


def numbers(site: FastAPI) -> dict[str, set[str]]:
    """Return the names of all numeric parameters by route: path, query and body."""
    by_route: dict[str, set[str]] = {}
    for context in iter_route_contexts(site.routes):
        dependant: Dependant | None = getattr(context, "dependant", None)
        if dependant is not None:
            names = set(_numbers_of(dependant))
            by_route |= {f"{method} {context.path}": names for method in set(context.methods or ()) - {"HEAD"}}
    return by_route


def _numbers_of(dependant: Dependant) -> Iterator[str]:
    for param in (*dependant.path_params, *dependant.query_params, *dependant.body_params):
        yield from _numeric(param.name, param.field_info.annotation)
    for child in dependant.dependencies:
        yield from _numbers_of(child)


def _numeric(name: str, annotation: Any) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field, info in annotation.model_fields.items():
            yield from _numeric(field, info.annotation)
    elif annotation is int:
        yield name
    for inner in get_args(annotation):
        yield from _numeric(name, inner)


def decided(route: str) -> set[str]:
    """Return the names of the parameters of a route whose id is swapped, over all of its rows."""
    names = {*QUERIES.get(route, ()), CURSORS.get(route, "")}
    for row in (r for r in {*CALLS, route} if r.split("#")[0] == route):
        call = CALLS.get(row, Call())
        names |= {name for name, kind in kinds(row).items() if not kind.startswith("=")}
        for body in (call.json, call.form):
            names |= {str(next(s for s in reversed(path) if isinstance(s, str))) for path in marks(body, all_=True)}
    return names


def marks(value: Any, at: tuple[str | int, ...] = (), *, all_: bool = False) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of the id marks in a payload; with ``all_``, those that belong to no college too."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from marks(inner, (*at, key), all_=all_)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from marks(inner, (*at, place), all_=all_)
    elif isinstance(value, str) and (found := MARK.search(value)) and (all_ or found[1] not in OF_NOBODY):
        yield at


# Swapping ---------------------------------------------------------------------------------------


def swapped(row: str, own: Place, other: Place) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``(what was swapped, the request)`` for each id of a row's path and body."""
    ids = {**own.ids, **{f"other_{kind}": _mixed(own.ids[kind], id_) for kind, id_ in other.ids.items()}}
    request = request_of(row, own.ids)
    for name, kind in kinds(row).items():
        if not kind.startswith("=") and own.ids[kind] != other.ids[kind]:
            path = address(row, {**own.ids, kind: other.ids[kind]})
            yield f"path {name}", {**request, "url": path}
    call = CALLS.get(row, Call())
    for what, body in (("json", call.json), ("form", call.form)):
        for place in marks(body):
            changed = replace(call, **{what: _marked(body, place)})
            if (swapped_request := _filled(row, changed, ids)) != request:
                yield f"{what} {'.'.join(map(str, place))}", swapped_request


def _mixed(own: Any, other: Any) -> Any:
    """Return another's id; of several ids, only the first is another's."""
    return [other[0], *own[1:]] if isinstance(own, list) else other


def _marked(value: Any, place: tuple[str | int, ...]) -> Any:
    if not place:
        return MARK.sub(lambda mark: "{other_" + mark[1] + "}", value)
    changed: Any = dict(value) if isinstance(value, Mapping) else list(value)
    changed[place[0]] = _marked(value[place[0]], place[1:])
    return changed


def _filled(row: str, call: Call, ids: Mapping[str, Any]) -> dict[str, Any]:
    before = CALLS[row]
    try:
        CALLS[row] = call
        return request_of(row, ids)
    finally:
        CALLS[row] = before
