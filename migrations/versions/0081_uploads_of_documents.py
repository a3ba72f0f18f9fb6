"""Files of documents sent in parts."""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let an upload be for the documents of a cohort in place of an enrolment."""
    op.alter_column("upload", "enrolment_id", existing_type=sa.Integer(), nullable=True)
    op.add_column("upload", sa.Column("cohort_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_upload_cohort_id_college_id_cohort"),
        "upload",
        "cohort",
        ["cohort_id", "college_id"],
        ["id", "college_id"],
    )
    op.create_index(op.f("ix_upload_cohort_id"), "upload", ["cohort_id"])
    op.create_check_constraint(op.f("ck_upload_destination"), "upload", "num_nonnulls(enrolment_id, cohort_id) = 1")


def downgrade() -> None:
    """Remove the uploads of documents."""
    op.execute("delete from upload_part p using upload u where u.id = p.upload_id and u.cohort_id is not null")
    op.execute("delete from upload where cohort_id is not null")
    op.drop_constraint(op.f("ck_upload_destination"), "upload", type_="check")
    op.drop_column("upload", "cohort_id")
    op.alter_column("upload", "enrolment_id", existing_type=sa.Integer(), nullable=False)
