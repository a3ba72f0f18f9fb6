"""Which parts a home page has, in which order, and the page that each number leads to. Pure."""

from collections.abc import Callable, Iterable, Mapping

from app.overview.home.enums import WaitingKind
from app.overview.home.schemas import WaitingLine, WaitingPart
from app.platform.security.permissions import P, Permission

NEEDS: Mapping[WaitingKind, Permission] = {
    WaitingKind.CALLS: P.ROLLCALL_RECORD,
    WaitingKind.RISKS: P.COHORT_MANAGE,
    WaitingKind.WORKS: P.JUDGEMENT_MAKE,
    WaitingKind.REVIEWS: P.PANEL_MANAGE,
    WaitingKind.CONTRACTS: P.CODEV_TAKE_PART,
    WaitingKind.CONFIRMATIONS: P.CODEV_TAKE_PART,
    WaitingKind.RECORDS: P.CODEV_RECORD,
    WaitingKind.DISPUTES: P.CODEV_RECORD,
    WaitingKind.APPLICATIONS: P.ENROLMENT_MANAGE,
    WaitingKind.PROPOSALS: P.ENROLMENT_CONFIRM,
    WaitingKind.ROLES: P.ROLE_CONFIRM,
    WaitingKind.HOURS: P.HOURS_COUNTERSIGN,
    WaitingKind.MILESTONES: P.MANDATE_CONFIRM,
    WaitingKind.CERTIFICATES: P.CERTIFICATE_ISSUE,
    WaitingKind.CORRECTIONS: P.RESOURCE_MANAGE,
    WaitingKind.INTERESTS: P.INTEREST_DECLARE,
}
"""The permission to act on each kind."""

PAGES: Mapping[WaitingKind, str] = {
    WaitingKind.CALLS: "/cohortes/{id}/seances?etat=to_call",
    WaitingKind.RISKS: "/cohortes/{id}?suivi=risque",
    WaitingKind.WORKS: "/jugements",
    WaitingKind.REVIEWS: "/revisions?etat=en_retard",
    WaitingKind.CONTRACTS: "/codev/groupes/{id}/contrat",
    WaitingKind.CONFIRMATIONS: "/codev/seances/{id}",
    WaitingKind.RECORDS: "/codev/seances/{id}",
    WaitingKind.DISPUTES: "/codev/seances/{id}",
    WaitingKind.APPLICATIONS: "/cohortes/{id}/candidatures",
    WaitingKind.PROPOSALS: "/propositions",
    WaitingKind.ROLES: "/roles",
    WaitingKind.HOURS: "/heures",
    WaitingKind.MILESTONES: "/jalons",
    WaitingKind.CERTIFICATES: "/colleges/{id}/attestations",
    WaitingKind.CORRECTIONS: "/repertoire/corrections",
    WaitingKind.INTERESTS: "/colleges/{id}/mes-interets",
}
"""The page that shows what is counted; ``id`` is the one of the line."""


def kinds_of(can: Callable[[Permission], bool]) -> list[WaitingKind]:
    """Return the kinds that someone who ``can`` may act on, each once whatever their roles."""
    return [kind for kind, permission in NEEDS.items() if can(permission)]


def in_order(parts: Iterable[WaitingPart]) -> tuple[WaitingPart, ...]:
    """Return the parts in which something waits, the most urgent first, then the empty ones."""
    return tuple(sorted(parts, key=lambda part: (not part.lines, list(WaitingKind).index(part.kind))))


def address(kind: WaitingKind, line: WaitingLine) -> str:
    """Return the page that shows what a line counts."""
    return PAGES[kind].format(id=line.id)
