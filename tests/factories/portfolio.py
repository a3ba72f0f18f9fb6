"""Portfolios of invented people, without a database."""

from datetime import UTC, date, datetime

from app.cohorts.enums import EnrolmentState
from app.grading.enums import EvidenceKind
from app.grading.panels.enums import Basis, PanelKind
from app.grading.schemas import CriterionText
from app.grading.works.enums import WorkDecisionKind
from app.overview.portfolio.schemas import (
    PathLevel,
    Piece,
    Portfolio,
    PortfolioCompetency,
    PortfolioDecision,
    PortfolioJudgement,
    PortfolioPanel,
    PortfolioPath,
)

PATHS = (
    "Parcours généraliste – Intervenir en contexte numérique",
    "Parcours spécialisé – Conseiller ou conseillère numérique",
)
ASSESSORS = ("Théo Formation", "Kaʼnahsohon Ḱarihwá")


def portfolio(competencies: int, paths: int = 1) -> Portfolio:
    """Return a portfolio of so many competencies over one path or two, with judgements and pieces of each kind."""
    return Portfolio(
        person_id=1, name="Maude Bérubé", made_at=datetime(2026, 11, 27, 15, tzinfo=UTC),
        paths=tuple(
            PortfolioPath(
                enrolment_id=n + 1, path=PATHS[n], cohort="Automne 2026", college="Cégep d’Alma",
                state=EnrolmentState.ACTIVE,
            )
            for n in range(paths)
        ),
        competencies=tuple(_competency(n, paths) for n in range(competencies)),
        left_out=0,
    )  # fmt: skip


def _piece(kind: EvidenceKind, n: int, enrolment: int) -> Piece:
    handed = kind is EvidenceKind.HAND_IN
    return Piece(
        enrolment_id=enrolment, kind=kind, id=n, on=date(2026, 11, 3), title="Carte commentée de l’écosystème",
        activity_code=None if kind is EvidenceKind.MANDATE else "GEN-1.C", attempt=1 if handed else None, body=None,
        link="https://tableaux.example/b/815" if handed else None,
        minutes=180 if kind is EvidenceKind.SESSION else None,
        file=f"CN-01-situer-l-ecosysteme/GEN-1.C-{n}-carte.pdf" if handed else None,
        file_size=12_000 if handed else None, in_zip=handed,
    )  # fmt: skip


def _competency(n: int, paths: int) -> PortfolioCompetency:
    enrolment = 1 + n % paths
    pieces = tuple(_piece(kind, 10 * n + k, enrolment) for k, kind in enumerate(EvidenceKind))
    judgements = tuple(
        PortfolioJudgement(
            id=2 * n + k, enrolment_id=enrolment, level=2 + k, on=date(2026, 11, 10 + k), assessor=ASSESSORS[k],
            criteria_met=(f"CN-{n + 1:02}.C1", f"CN-{n + 1:02}.C2"), criteria_levels=(),
            criteria_feedback=(CriterionText(criterion=f"CN-{n + 1:02}.C2", text="Nommez aussi leur rôle."),),
            comment="Portrait clair : nommez aussi les partenaires.", reason="Le plan a été relu." if k else None,
            is_current=bool(k), replaces=2 * n if k else None, pieces=pieces,
        )
        for k in range(2)
    )  # fmt: skip
    return PortfolioCompetency(
        code=f"CN-{n + 1:02}", title="Situer l’écosystème et mobiliser le réseau",
        levels=tuple(
            PathLevel(enrolment_id=k + 1, path=PATHS[k], level=3 if n % 2 else None, threshold=3) for k in range(paths)
        ),
        judgements=judgements if n % 2 else (), unjudged=pieces if not n % 2 else (),
        decisions=_decisions(n, pieces) if n % 2 else (), panels=_panels(n) if n % 2 else (),
    )  # fmt: skip


def _decisions(n: int, pieces: tuple[Piece, ...]) -> tuple[PortfolioDecision, ...]:
    return tuple(
        PortfolioDecision(
            id=n, enrolment_id=piece.enrolment_id, kind=kind, on=date(2026, 11, 9), decided_by=ASSESSORS[0],
            text="Il manque deux ressources de la région.", piece=piece,
            criteria=(CriterionText(criterion=f"CN-{n + 1:02}.C1", text="Trois ressources sont nommées sur cinq."),),
        )
        for kind, piece in zip(WorkDecisionKind, pieces, strict=False)
    )  # fmt: skip


def _panels(n: int) -> tuple[PortfolioPanel, ...]:
    opened = {"enrolment_id": 1, "opened_on": date(2026, 11, 12)}
    decided = {"level": 3, "basis": Basis.SINGLE, "decided_on": date(2026, 11, 20)}
    waiting = {"level": None, "basis": None, "decided_on": None}
    review = {"id": n, "kind": PanelKind.REVIEW, "assessors": ASSESSORS[:1], **opened, **decided}
    appeal = {"id": n + 1, "kind": PanelKind.COMMITTEE, "assessors": (), **opened, **waiting}
    return tuple(PortfolioPanel.model_validate(panel) for panel in (review, appeal))
