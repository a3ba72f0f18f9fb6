"""Drafts of judgements: that one exists, and what it says, which row-level security shows to its author alone."""

import sqlalchemy as sa
from alembic import op

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
OWN = f"{MINE} and assessor_id = (select acting_person())"
COMMANDS = ("select", "insert", "update", "delete")
PARENTS = (
    ("enrolment_id", "enrolment"),
    ("hand_in_id", "hand_in"),
    ("mandate_id", "mandate"),
    ("session_id", "scheduled_session"),
    ("supersedes_id", "judgement"),
)
FORM = ("enrolment_id", "competency_code", "assessor_id", "hand_in_id", "mandate_id", "session_id", "supersedes_id")


def upgrade() -> None:
    """Create the tables. The college may know that a work is being read; the author alone changes and removes."""
    op.create_table(
        "judgement_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("competency_code", sa.String(length=20), nullable=False),
        sa.Column("assessor_id", sa.Integer(), nullable=False),
        sa.Column("hand_in_id", sa.Integer(), nullable=True),
        sa.Column("mandate_id", sa.Integer(), nullable=True),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(hand_in_id, mandate_id, session_id) <= 1", name=op.f("ck_judgement_draft_one_work")
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_judgement_draft_version")),
        *(_owned("judgement_draft", column, parent) for column, parent in PARENTS),
        sa.ForeignKeyConstraint(["assessor_id"], ["person.id"], name=op.f("fk_judgement_draft_assessor_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement_draft")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_judgement_draft_id_college_id")),
        sa.UniqueConstraint(*FORM, name="uq_judgement_draft_form", postgresql_nulls_not_distinct=True),
    )
    op.create_table(
        "judgement_draft_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("assessor_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("criteria_met", sa.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("evidence", sa.ARRAY(sa.String(length=30)), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=True),
        sa.Column("comment", sa.String(length=4000), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("level between 1 and 4", name=op.f("ck_judgement_draft_text_level")),
        _owned("judgement_draft_text", "draft_id", "judgement_draft"),
        sa.ForeignKeyConstraint(
            ["assessor_id"], ["person.id"], name=op.f("fk_judgement_draft_text_assessor_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement_draft_text")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_judgement_draft_text_id_college_id")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_judgement_draft_text_draft_id")),
    )
    for column in ("college_id", "assessor_id", "hand_in_id", "mandate_id", "session_id", "supersedes_id"):
        op.create_index(op.f(f"ix_judgement_draft_{column}"), "judgement_draft", [column])
    for column in ("college_id", "assessor_id"):
        op.create_index(op.f(f"ix_judgement_draft_text_{column}"), "judgement_draft_text", [column])
    op.execute(f"grant select, insert, delete, update (version, changed_at) on judgement_draft to {APP}")
    op.execute(
        "grant select, insert, delete, update (level, criteria_met, evidence, activity_code, comment, reason)"
        f" on judgement_draft_text to {APP}"
    )
    for table in ("judgement_draft", "judgement_draft_text"):
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        for command in COMMANDS:
            readable = MINE if (table, command) == ("judgement_draft", "select") else OWN
            clause = f"with check ({OWN})" if command == "insert" else f"using ({readable})"
            op.execute(f'create policy "{command}" on {table} for {command} {clause}')


def _owned(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column, "college_id"],
        [f"{parent}.id", f"{parent}.college_id"],
        name=op.f(f"fk_{table}_{column}_college_id_{parent}"),
    )


def downgrade() -> None:
    """Remove the drafts."""
    op.drop_table("judgement_draft_text")
    op.drop_table("judgement_draft")
