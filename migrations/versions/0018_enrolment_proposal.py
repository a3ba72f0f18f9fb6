"""Changes of an enrolment's state that take two people: a completion without eligibility, or taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
STATES = (
    "applied", "admitted", "active", "completed", "refused", "on_leave", "incomplete", "withdrawn", "transferred",
    "failed",
)  # fmt: skip


def upgrade() -> None:
    """Add the table of proposals."""
    op.create_table(
        "enrolment_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column(
            "to_state",
            sa.Enum(*STATES, name="enrolmentstate", native_enum=False, length=40, create_constraint=True),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "(decided_at is null) = (decided_by is null) and (decided_at is null) = (accepted is null)",
            name=op.f("ck_enrolment_proposal_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_enrolment_proposal_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_enrolment_proposal_proposed_by_person")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_enrolment_proposal_decided_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_proposal")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_enrolment_proposal_id_college_id")),
    )
    for column in ("college_id", "enrolment_id"):
        op.create_index(op.f(f"ix_enrolment_proposal_{column}"), "enrolment_proposal", [column], unique=False)
    op.create_index(
        "uq_enrolment_proposal_one_open",
        "enrolment_proposal",
        ["enrolment_id"],
        unique=True,
        postgresql_where=sa.text("decided_at is null"),
    )
    op.execute(f"grant select, insert, update (decided_at, decided_by, accepted) on enrolment_proposal to {APP}")
    op.execute(f"grant usage on sequence enrolment_proposal_id_seq to {APP}")
    op.execute("alter table enrolment_proposal enable row level security")
    op.execute(f'create policy "select" on enrolment_proposal for select using ({MINE})')
    op.execute(f'create policy "insert" on enrolment_proposal for insert with check ({MINE})')
    op.execute(f'create policy "update" on enrolment_proposal for update using ({MINE}) with check ({MINE})')


def downgrade() -> None:
    """Remove the proposals; what was confirmed stays as it is."""
    op.drop_table("enrolment_proposal")
