"""Decisions on works of every kind: mandates and sessions beside hand-ins, each as it was when it was received."""

import sqlalchemy as sa
from alembic import op

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None

TARGETS = {"enrolment_id": "enrolment", "mandate_id": "mandate", "session_id": "scheduled_session"}
ABOUT = ["enrolment_id", "hand_in_id", "mandate_id", "session_id", "received_at", "competency_code"]


def upgrade() -> None:
    """Say of each decision whose work it is about and which version; index what judgements rest on."""
    for column in TARGETS:
        op.add_column("work_decision", sa.Column(column, sa.Integer(), nullable=True))
    op.add_column("work_decision", sa.Column("received_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "update work_decision d set enrolment_id = h.enrolment_id, received_at = h.received_at"
        " from hand_in h where h.id = d.hand_in_id"
    )
    for column in ("enrolment_id", "received_at"):
        op.alter_column("work_decision", column, nullable=False)
    op.alter_column("work_decision", "hand_in_id", nullable=True)
    op.drop_constraint(op.f("uq_work_decision_hand_in_id_competency_code"), "work_decision")
    op.create_unique_constraint(
        op.f("uq_work_decision_about"), "work_decision", ABOUT, postgresql_nulls_not_distinct=True
    )
    op.create_check_constraint(
        op.f("ck_work_decision_exactly_one"), "work_decision", "num_nonnulls(hand_in_id, mandate_id, session_id) = 1"
    )
    for column, table in TARGETS.items():
        op.create_foreign_key(
            op.f(f"fk_work_decision_{column}_college_id_{table}"),
            "work_decision",
            table,
            [column, "college_id"],
            ["id", "college_id"],
        )
    for column in ("mandate_id", "session_id"):
        op.create_index(
            op.f(f"ix_judgement_evidence_{column}"),
            "judgement_evidence",
            [column],
            postgresql_where=sa.text(f"{column} is not null"),
        )


def downgrade() -> None:
    """Remove the decisions on mandates and sessions: they wait again."""
    for column in ("session_id", "mandate_id"):
        op.drop_index(op.f(f"ix_judgement_evidence_{column}"), "judgement_evidence")
    op.execute("delete from work_decision where hand_in_id is null")
    for column, table in TARGETS.items():
        op.drop_constraint(op.f(f"fk_work_decision_{column}_college_id_{table}"), "work_decision")
    op.drop_constraint(op.f("ck_work_decision_exactly_one"), "work_decision")
    op.drop_constraint(op.f("uq_work_decision_about"), "work_decision")
    op.create_unique_constraint(
        op.f("uq_work_decision_hand_in_id_competency_code"),
        "work_decision",
        ["hand_in_id", "competency_code"],
        postgresql_nulls_not_distinct=True,
    )
    op.alter_column("work_decision", "hand_in_id", nullable=False)
    for column in ("received_at", *TARGETS):
        op.drop_column("work_decision", column)
