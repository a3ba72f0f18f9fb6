"""The waitlist: states of an application, timed offers of seats, priorities, applications made again.

A seat that is offered counts as taken while the offer stands; nobody who only waited or declined is followed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
OLD = (
    "applied", "admitted", "active", "completed", "refused", "on_leave", "incomplete", "withdrawn", "transferred",
    "failed",
)  # fmt: skip
NEW = (*OLD, "waitlisted", "offered", "declined")
CHECKS = (
    ("enrolment", "state", "enrolmentstate"),
    ("enrolment_move", "from_state", "from_state"),
    ("enrolment_move", "to_state", "enrolmentstate"),
    ("enrolment_proposal", "to_state", "enrolmentstate"),
)
"""The columns that hold a state, with the name of their CHECK."""
SEATED = "'admitted', 'active', 'on_leave', 'completed', 'incomplete'"
UNFOLLOWED = "'applied', 'refused'"


def allow_states(states: tuple[str, ...]) -> None:
    """Let the columns that hold a state have these."""
    values = ", ".join(f"'{state}'" for state in states)
    for table, column, name in CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} in ({values})")


def count_states(seated: str, unfollowed: str) -> None:
    """Say which states take a seat, and which are not followed: triggers and ``escouade recount`` ask this."""
    for name, condition in (("is_seated", f"state in ({seated})"), ("is_followed", f"state not in ({unfollowed})")):
        op.execute(
            f"create or replace function {name}(state text) returns boolean language sql immutable"
            f" as $$ select {condition} $$"
        )


def upgrade() -> None:
    """Add the states and the tables, and let someone apply again."""
    allow_states(NEW)
    count_states(f"'offered', {SEATED}", f"{UNFOLLOWED}, 'waitlisted', 'offered', 'declined'")
    op.add_column("cohort", sa.Column("offer_hours", sa.Integer(), server_default="72", nullable=False))
    op.create_check_constraint(op.f("ck_cohort_offer_hours"), "cohort", "offer_hours between 1 and 336")
    op.alter_column("enrolment_move", "moved_by", nullable=True)
    op.add_column(
        "enrolment_move", sa.Column("exceptions", sa.ARRAY(sa.String(length=60)), server_default="{}", nullable=False)
    )
    op.drop_constraint(op.f("uq_application_enrolment_id"), "application", type_="unique")
    op.create_index(op.f("ix_application_enrolment_id"), "application", ["enrolment_id"])
    create_tables()


def create_tables() -> None:
    """Create the offers and the priorities."""
    op.create_table(
        "seat_offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column(
            "answer",
            sa.Enum(
                "accepted", "declined", "expired", "taken_back",
                name="offeranswer", native_enum=False, length=40, create_constraint=True,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("(answered_at is null) = (answer is null)", name=op.f("ck_seat_offer_answered")),
        sa.CheckConstraint("expires_at > offered_at", name=op.f("ck_seat_offer_period")),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_seat_offer_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_seat_offer_answered_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_offer")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_seat_offer_id_college_id")),
    )  # fmt: skip
    is_open = sa.text("answered_at is null")
    op.create_index("uq_seat_offer_one_open", "seat_offer", ["enrolment_id"], unique=True, postgresql_where=is_open)
    op.create_index("ix_seat_offer_overdue", "seat_offer", ["expires_at"], postgresql_where=is_open)
    op.create_table(
        "waitlist_priority",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_waitlist_priority_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_waitlist_priority_decided_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_priority")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_waitlist_priority_id_college_id")),
    )
    for table in ("seat_offer", "waitlist_priority"):
        for column in ("college_id", "enrolment_id"):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
        op.execute(f"grant select, insert on {table} to {APP}")
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({MINE})')
        op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')
    op.execute(f"grant update (answered_at, answered_by, answer) on seat_offer to {APP}")
    op.execute(f'create policy "update" on seat_offer for update using ({MINE}) with check ({MINE})')


def downgrade() -> None:
    """Remove the waitlist: who waits or has an offer has applied, who declined is refused; last applications stay."""
    op.drop_table("waitlist_priority")
    op.drop_table("seat_offer")
    op.drop_index(op.f("ix_application_enrolment_id"), "application")
    op.execute("delete from application a using application l where l.enrolment_id = a.enrolment_id and l.id > a.id")
    op.create_unique_constraint(op.f("uq_application_enrolment_id"), "application", ["enrolment_id"])
    op.drop_column("enrolment_move", "exceptions")
    op.execute(
        "update enrolment_move m set moved_by = e.person_id from enrolment e"
        " where e.id = m.enrolment_id and m.moved_by is null"
    )
    op.alter_column("enrolment_move", "moved_by", nullable=False)
    op.drop_constraint(op.f("ck_cohort_offer_hours"), "cohort", type_="check")
    op.drop_column("cohort", "offer_hours")
    for table, column, _ in CHECKS:
        op.execute(
            f"update {table} set {column} = case {column} when 'declined' then 'refused' else 'applied' end"  # noqa: S608
            f" where {column} in ('waitlisted', 'offered', 'declined')"
        )
    count_states(SEATED, UNFOLLOWED)
    allow_states(OLD)
