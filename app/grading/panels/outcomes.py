"""What became of the panels of an enrolment: their kind, who judged, what they decided."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlmodel import col

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.grading.panels.models import Panel, PanelDecision, PanelSeat
from app.grading.panels.schemas import PanelOutcome
from app.people.models import Person, shown_name
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session

_ASSESSORS = (
    sa.select(sa.func.array_agg(aggregate_order_by(shown_name(), col(PanelSeat.id)), type_=sa.ARRAY(sa.String)))
    .select_from(PanelSeat)
    .join(Person, col(Person.id) == PanelSeat.assessor_id)
    .where(col(PanelSeat.panel_id) == Panel.id, not_superseded(PanelSeat))
    .correlate(Panel)
    .scalar_subquery()
)


def outcomes_of(db: Session, enrolment: EnrolmentRef) -> list[PanelOutcome]:
    """Return the panels of an enrolment, the first one first; one that is open decided nothing yet."""
    statement = (
        sa.select(
            col(Panel.id),
            col(Panel.competency_code),
            col(Panel.kind),
            col(Panel.opened_at),
            _ASSESSORS.label("assessors"),
            col(PanelDecision.level),
            col(PanelDecision.basis),
            col(PanelDecision.decided_at),
        )
        .outerjoin(PanelDecision, col(PanelDecision.panel_id) == Panel.id)
        .where(col(Panel.enrolment_id) == enrolment.id)
        .order_by(col(Panel.id))
    )
    return [PanelOutcome(**{**row, "assessors": row["assessors"] or ()}) for row in db.execute(statement).mappings()]
