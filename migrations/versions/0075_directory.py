"""The directory of resources, what was done to its entries, and the corrections that people propose."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
SIGNED_IN = "(select acting_person()) is not null"
OWN = "person_id = (select acting_person())"
PROPOSED = f"{OWN} and state = 'waiting'"
ABOUTS = ("name", "verb", "summary", "address", "phone", "email", "website", "duplicate", "closed")


def upgrade() -> None:
    """Add the tables. The whole network reads an entry; its college alone writes it."""
    _add_resource()
    _add_change()
    _add_correction()


def _add_resource() -> None:
    op.create_table(
        "resource",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("organisme", "service", "programme", name="resourcekind", native_enum=False, length=40,
                    create_constraint=True),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("search_key", sa.String(length=600), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("summary", sa.String(length=600), nullable=False),
        sa.Column("regions", sa.ARRAY(sa.String(length=2)), nullable=False),
        sa.Column("needs", sa.ARRAY(sa.String(length=60)), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("website", sa.String(length=300), nullable=True),
        sa.Column("eligibility", sa.String(length=500), nullable=True),
        sa.Column("expenses", sa.String(length=500), nullable=True),
        sa.Column("own_share", sa.String(length=200), nullable=True),
        sa.Column("ceiling", sa.String(length=200), nullable=True),
        sa.Column("deadline", sa.String(length=200), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=True),
        sa.Column("consulted_on", sa.Date(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_by", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind <> 'programme' or num_nulls(eligibility, expenses, own_share, ceiling, deadline, source,"
            " consulted_on) = 0",
            name=op.f("ck_resource_programme"),
        ),
        sa.CheckConstraint("cardinality(needs) > 0", name=op.f("ck_resource_needs")),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_resource_college_id_college")),
        sa.ForeignKeyConstraint(["verified_by"], ["person.id"], name=op.f("fk_resource_verified_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_resource_id_college_id")),
    )  # fmt: skip
    for column in ("college_id", "search_key", "verified_at"):
        op.create_index(op.f(f"ix_resource_{column}"), "resource", [column])
    op.execute(f"grant select, insert, update on resource to {APP}")
    op.execute(f"grant usage on sequence resource_id_seq to {APP}")
    op.execute("alter table resource enable row level security")
    op.execute(f'create policy "select" on resource for select using ({SIGNED_IN})')
    op.execute(f'create policy "insert" on resource for insert with check ({MINE})')
    op.execute(f'create policy "update" on resource for update using ({MINE}) with check ({MINE})')


def _add_change() -> None:
    op.create_table(
        "resource_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column(
            "act",
            sa.Enum("added", "changed", "verified", "retired", "returned", name="resourceact", native_enum=False,
                    length=40, create_constraint=True),
            nullable=False,
        ),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_resource_change_done_by_person")),
        sa.ForeignKeyConstraint(
            ["resource_id", "college_id"],
            ["resource.id", "resource.college_id"],
            name=op.f("fk_resource_change_resource_id_college_id_resource"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_change")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_resource_change_id_college_id")),
    )  # fmt: skip
    for column in ("college_id", "resource_id"):
        op.create_index(op.f(f"ix_resource_change_{column}"), "resource_change", [column])
    op.execute(f"grant select, insert on resource_change to {APP}")
    op.execute(f"grant usage on sequence resource_change_id_seq to {APP}")
    op.execute("alter table resource_change enable row level security")
    op.execute(f'create policy "select" on resource_change for select using ({MINE})')
    op.execute(f'create policy "insert" on resource_change for insert with check ({MINE})')


def _add_correction() -> None:
    op.create_table(
        "resource_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "about",
            sa.Enum(*ABOUTS, name="correctionabout", native_enum=False, length=40, create_constraint=True),
            nullable=False,
        ),
        sa.Column("value", sa.String(length=600), nullable=True),
        sa.Column("because", sa.String(length=300), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "accepted", "refused", name="correctionstate", native_enum=False, length=40,
                    create_constraint=True),
            nullable=False,
        ),
        sa.Column("answer", sa.String(length=500), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("(about = 'closed') = (value is null)", name=op.f("ck_resource_correction_value")),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_at is null) and (decided_at is null) = (decided_by is null)",
            name=op.f("ck_resource_correction_decided"),
        ),
        sa.CheckConstraint("state <> 'refused' or answer is not null", name=op.f("ck_resource_correction_answer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_resource_correction_person_id_person")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_resource_correction_decided_by_person")),
        sa.ForeignKeyConstraint(
            ["resource_id", "college_id"],
            ["resource.id", "resource.college_id"],
            name=op.f("fk_resource_correction_resource_id_college_id_resource"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_correction")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_resource_correction_id_college_id")),
    )  # fmt: skip
    for column in ("college_id", "resource_id", "person_id"):
        op.create_index(op.f(f"ix_resource_correction_{column}"), "resource_correction", [column])
    op.execute(f"grant select, insert, update (state, answer, decided_at, decided_by) on resource_correction to {APP}")
    op.execute(f"grant usage on sequence resource_correction_id_seq to {APP}")
    op.execute("alter table resource_correction enable row level security")
    op.execute(f'create policy "select" on resource_correction for select using (({MINE}) or ({OWN}))')
    op.execute(f'create policy "insert" on resource_correction for insert with check ({PROPOSED})')
    op.execute(f'create policy "update" on resource_correction for update using ({MINE}) with check ({MINE})')


def downgrade() -> None:
    """Remove them, and the messages about them, which an older version cannot read."""
    for table in ("resource_correction", "resource_change", "resource"):
        op.drop_table(table)
    op.execute("delete from notification where kind in ('correction_accepted', 'correction_refused')")
