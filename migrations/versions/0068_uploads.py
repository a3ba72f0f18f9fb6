"""Files sent in parts."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)


def upgrade() -> None:
    """Create the tables: what was received is never changed."""
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_size", sa.Integer(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("file_size > 0", name=op.f("ck_upload_file_size")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_upload_created_by_person")),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_upload_enrolment_id_college_id_enrolment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_upload_id_college_id")),
    )
    op.create_table(
        "upload_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("part_sha256", sa.String(length=64), nullable=False),
        sa.Column("is_sound", sa.Boolean(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("position >= 0", name=op.f("ck_upload_part_position")),
        sa.CheckConstraint("size > 0", name=op.f("ck_upload_part_size")),
        sa.ForeignKeyConstraint(
            ["upload_id", "college_id"],
            ["upload.id", "upload.college_id"],
            name=op.f("fk_upload_part_upload_id_college_id_upload"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_part")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_upload_part_id_college_id")),
        sa.UniqueConstraint("upload_id", "position", name=op.f("uq_upload_part_upload_id_position")),
    )
    for column in ("college_id", "enrolment_id", "created_at"):
        op.create_index(op.f(f"ix_upload_{column}"), "upload", [column])
    op.create_index(op.f("ix_upload_part_college_id"), "upload_part", ["college_id"])
    for table in ("upload", "upload_part"):
        op.execute(f"grant select, insert on {table} to {APP}")
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({MINE})')
        op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')


def downgrade() -> None:
    """Remove them."""
    op.drop_table("upload_part")
    op.drop_table("upload")
