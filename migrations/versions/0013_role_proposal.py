"""A registrar's role that someone gives starts once another administrator confirms it; roles already held stay held."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
ROLES = ("participant", "trainer", "facilitator", "coordinator", "registrar", "observer", "admin")


def upgrade() -> None:
    """Add the table of proposals."""
    op.create_table(
        "role_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "role", sa.Enum(*ROLES, name="role", native_enum=False, length=40, create_constraint=True), nullable=False
        ),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "(decided_at is null) = (decided_by is null) and (decided_at is null) = (accepted is null)",
            name=op.f("ck_role_proposal_decided"),
        ),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_role_proposal_college_id_college")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_proposal_person_id_person")),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_role_proposal_proposed_by_person")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_role_proposal_decided_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_proposal")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_role_proposal_id_college_id")),
    )
    for column in ("college_id", "person_id"):
        op.create_index(op.f(f"ix_role_proposal_{column}"), "role_proposal", [column], unique=False)
    op.create_index(
        "uq_role_proposal_one_open",
        "role_proposal",
        ["person_id", "role", "college_id"],
        unique=True,
        postgresql_where=sa.text("decided_at is null"),
    )
    op.execute(f"grant select, insert, update (decided_at, decided_by, accepted) on role_proposal to {APP}")
    op.execute(f"grant usage on sequence role_proposal_id_seq to {APP}")
    op.execute("alter table role_proposal enable row level security")
    op.execute(f'create policy "select" on role_proposal for select using ({MINE})')
    op.execute(f'create policy "insert" on role_proposal for insert with check ({MINE})')
    op.execute(f'create policy "update" on role_proposal for update using ({MINE}) with check ({MINE})')


def downgrade() -> None:
    """Remove the proposals; what was confirmed stays held."""
    op.drop_table("role_proposal")
