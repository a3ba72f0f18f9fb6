"""Documents of a workshop that trainers share with a cohort."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)


def upgrade() -> None:
    """Create the table: a later row supersedes an earlier one."""
    op.create_table(
        "cohort_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("link", sa.String(length=500), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("file_type", sa.String(length=100), nullable=True),
        sa.Column("file_size", sa.Integer(), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shared_by", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "withdrawn or num_nonnulls(body, link, file_sha256) > 0", name=op.f("ck_cohort_document_content")
        ),
        sa.CheckConstraint("(file_sha256 is null) = (file_name is null)", name=op.f("ck_cohort_document_file_whole")),
        sa.CheckConstraint(
            "not withdrawn or (supersedes_id is not null and reason is not null)",
            name=op.f("ck_cohort_document_withdrawal"),
        ),
        sa.ForeignKeyConstraint(
            ["cohort_id", "college_id"],
            ["cohort.id", "cohort.college_id"],
            name=op.f("fk_cohort_document_cohort_id_college_id_cohort"),
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id", "college_id"],
            ["cohort_document.id", "cohort_document.college_id"],
            name=op.f("fk_cohort_document_supersedes_id_college_id_cohort_document"),
        ),
        sa.ForeignKeyConstraint(["shared_by"], ["person.id"], name=op.f("fk_cohort_document_shared_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort_document")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_cohort_document_id_college_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_cohort_document_supersedes_id")),
    )
    op.create_index(op.f("ix_cohort_document_college_id"), "cohort_document", ["college_id"])
    op.create_index(
        op.f("ix_cohort_document_cohort_id_activity_code"), "cohort_document", ["cohort_id", "activity_code"]
    )
    op.execute(f"grant select, insert on cohort_document to {APP}")
    op.execute(f"grant usage on sequence cohort_document_id_seq to {APP}")
    op.execute("alter table cohort_document enable row level security")
    op.execute(f'create policy "select" on cohort_document for select using ({MINE})')
    op.execute(f'create policy "insert" on cohort_document for insert with check ({MINE})')


def downgrade() -> None:
    """Remove it: what was shared is lost."""
    op.drop_table("cohort_document")
