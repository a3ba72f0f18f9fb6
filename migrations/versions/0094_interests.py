"""Interests declared for a term, judgements to confirm after them, and exceptions for facilitators."""

import sqlalchemy as sa
from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
KINDS = ("enterprise", "person", "vendor", "none")
BEFORE, AFTER = "'review', 'committee', 'double'", "'review', 'committee', 'double', 'conflict'"


def upgrade() -> None:
    """Add the tables, and the kind of panel that confirms a judgement."""
    _set_kinds(AFTER, "(kind = 'review' or kind = 'committee') = (motive is not null)")
    kind = sa.Enum(*KINDS, name="interestkind", native_enum=False, length=40, create_constraint=True)
    op.create_table(
        "interest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("declared_by", sa.Integer(), nullable=False),
        sa.Column("term", sa.String(length=5), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("neq", sa.String(length=10), nullable=True),
        sa.Column("about_id", sa.Integer(), nullable=True),
        sa.Column("vendor", sa.String(length=300), nullable=True),
        sa.Column("detail_sealed", sa.Text(), nullable=True),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'enterprise') = (neq is not null)", name=op.f("ck_interest_enterprise")),
        sa.CheckConstraint("neq ~ '^[0-9]{10}$'", name=op.f("ck_interest_neq")),
        sa.CheckConstraint("(kind = 'person') = (about_id is not null)", name=op.f("ck_interest_person")),
        sa.CheckConstraint("(kind = 'vendor') = (vendor is not null)", name=op.f("ck_interest_vendor")),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_interest_college_id_college")),
        sa.ForeignKeyConstraint(["declared_by"], ["person.id"], name=op.f("fk_interest_declared_by_person")),
        sa.ForeignKeyConstraint(["about_id"], ["person.id"], name=op.f("fk_interest_about_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_interest_id_college_id")),
    )
    for column in ("college_id", "declared_by", "about_id"):
        op.create_index(op.f(f"ix_interest_{column}"), "interest", [column])
    op.create_index("ix_interest_declared", "interest", ["college_id", "term", "declared_by"])
    op.create_table(
        "assessor_exception",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("assessor_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_assessor_exception_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["assessor_id"], ["person.id"], name=op.f("fk_assessor_exception_assessor_id_person")),
        sa.ForeignKeyConstraint(["granted_by"], ["person.id"], name=op.f("fk_assessor_exception_granted_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessor_exception")),
        sa.UniqueConstraint("enrolment_id", "assessor_id", name=op.f("uq_assessor_exception_enrolment_id_assessor_id")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_assessor_exception_id_college_id")),
    )
    for column in ("college_id", "assessor_id"):
        op.create_index(op.f(f"ix_assessor_exception_{column}"), "assessor_exception", [column])
    for table in ("interest", "assessor_exception"):
        op.execute(f"grant select, insert on {table} to {APP}")
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({MINE})')
        op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')


def _set_kinds(kinds: str, motive: str) -> None:
    op.drop_constraint(op.f("ck_panel_panelkind"), "panel")
    op.drop_constraint(op.f("ck_panel_motive"), "panel")
    op.create_check_constraint(op.f("ck_panel_panelkind"), "panel", f"kind in ({kinds})")
    op.create_check_constraint(op.f("ck_panel_motive"), "panel", motive)


def downgrade() -> None:
    """Drop them; what was to be confirmed is so no more, its hold stays."""
    op.drop_table("assessor_exception")
    op.drop_table("interest")
    of_conflict = "(select id from panel where kind = 'conflict')"
    for table in ("panel_decision", "panel_opinion", "panel_seat"):
        op.execute(f"delete from {table} where panel_id in {of_conflict}")  # noqa: S608 - names of this file
    op.execute("delete from panel where kind = 'conflict'")
    _set_kinds(BEFORE, "(kind = 'double') = (motive is null)")
