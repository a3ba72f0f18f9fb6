"""Reviews that a person asks for, committees and double assessments, and the college's days for them."""

import sqlalchemy as sa
from alembic import op

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
KINDS = ("review", "committee", "double")
BASES = ("single", "agreement", "consensus", "third", "majority")
TABLES = ("panel", "panel_seat", "panel_opinion", "panel_decision")


def _enum(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=40, create_constraint=True)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _link(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column, "college_id"],
        [f"{parent}.id", f"{parent}.college_id"],
        name=op.f(f"fk_{table}_{column}_college_id_{parent}"),
    )


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_{table}_{column}_person"))


def _keys(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("id", "college_id", name=op.f(f"uq_{table}_id_college_id")),
    )


def upgrade() -> None:
    """Add the tables, written once each, and the days of the college."""
    op.add_column("college", sa.Column("review_days", sa.Integer(), server_default="10", nullable=False))
    op.create_check_constraint(op.f("ck_college_review_days"), "college", "review_days between 1 and 60")
    _add_panel()
    _add_seat()
    _add_opinion()
    _add_decision()
    for table in TABLES:
        op.create_index(op.f(f"ix_{table}_college_id"), table, ["college_id"])
        op.execute(f"grant select, insert on {table} to {APP}")
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({MINE})')
        op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')


def _add_panel() -> None:
    op.create_table(
        "panel",
        _id(),
        _number("college_id"),
        _number("enrolment_id"),
        sa.Column("competency_code", sa.String(length=20), nullable=False),
        sa.Column("kind", _enum("panelkind", KINDS), nullable=False),
        _number("judgement_id", nullable=True),
        _number("hold_id", nullable=True),
        sa.Column("evidence", sa.ARRAY(sa.String(length=30)), nullable=False),
        sa.Column("motive", sa.String(length=2000), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        _number("opened_by"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.CheckConstraint("(kind = 'double') = (judgement_id is null)", name=op.f("ck_panel_contested")),
        sa.CheckConstraint("(kind = 'double') = (hold_id is null)", name=op.f("ck_panel_held")),
        sa.CheckConstraint("(kind = 'double') = (motive is null)", name=op.f("ck_panel_motive")),
        _link("panel", "enrolment_id", "enrolment"),
        _link("panel", "judgement_id", "judgement"),
        _link("panel", "hold_id", "hold"),
        _person("panel", "opened_by"),
        *_keys("panel"),
    )
    for column in ("enrolment_id", "judgement_id", "due_on"):
        op.create_index(op.f(f"ix_panel_{column}"), "panel", [column])


def _add_seat() -> None:
    op.create_table(
        "panel_seat",
        _id(),
        _number("college_id"),
        _number("panel_id"),
        _number("assessor_id"),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        _number("named_by"),
        _link("panel_seat", "panel_id", "panel"),
        _person("panel_seat", "assessor_id"),
        _person("panel_seat", "named_by"),
        sa.UniqueConstraint("panel_id", "assessor_id", name=op.f("uq_panel_seat_panel_id_assessor_id")),
        *_keys("panel_seat"),
    )
    op.create_index(op.f("ix_panel_seat_assessor_id"), "panel_seat", ["assessor_id"])


def _add_opinion() -> None:
    op.create_table(
        "panel_opinion",
        _id(),
        _number("college_id"),
        _number("panel_id"),
        _number("assessor_id"),
        _number("round"),
        _number("level"),
        sa.Column("criteria_met", sa.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("reasons", sa.String(length=1000), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level between 1 and 4", name=op.f("ck_panel_opinion_level")),
        sa.CheckConstraint("round > 0", name=op.f("ck_panel_opinion_round")),
        _link("panel_opinion", "panel_id", "panel"),
        _person("panel_opinion", "assessor_id"),
        sa.UniqueConstraint(
            "panel_id", "assessor_id", "round", name=op.f("uq_panel_opinion_panel_id_assessor_id_round")
        ),
        *_keys("panel_opinion"),
    )
    op.create_index(op.f("ix_panel_opinion_assessor_id"), "panel_opinion", ["assessor_id"])


def _add_decision() -> None:
    op.create_table(
        "panel_decision",
        _id(),
        _number("college_id"),
        _number("panel_id"),
        _number("level"),
        sa.Column("basis", _enum("basis", BASES), nullable=False),
        _number("judgement_id"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level between 1 and 4", name=op.f("ck_panel_decision_level")),
        _link("panel_decision", "panel_id", "panel"),
        _link("panel_decision", "judgement_id", "judgement"),
        sa.UniqueConstraint("panel_id", name=op.f("uq_panel_decision_panel_id")),
        *_keys("panel_decision"),
    )


def downgrade() -> None:
    """Drop them; the judgements that panels made stay."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_college_review_days"), "college")
    op.drop_column("college", "review_days")
    op.execute("delete from notification where kind in ('panel_named', 'review_decided')")
