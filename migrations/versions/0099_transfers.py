"""Transfers between cohorts, and what they carry; reports add up what was followed, without what was carried."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0099"
down_revision = "0098"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "{0} = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and {0} = any ((select acting_colleges())::int[])"
)
SENT, RECEIVED = MINE.format("college_id"), f"consented_at is not null and {MINE.format('to_college_id')}"
OWN = "person_id = (select acting_person())"
READ = f"({SENT}) or ({RECEIVED}) or ({OWN})"
CARRIED = ("carried_minutes", "carried_attended_minutes", "carried_base_minutes")
MINUTES = (
    "planned_minutes", "recognised_minutes", "attended_minutes", "attendance_base_minutes", "modules_done",
    "modules_total",
)  # fmt: skip
LESS = dict(zip(("recognised_minutes", "attended_minutes", "attendance_base_minutes"), CARRIED, strict=True))
"""What was carried of each sum: it was followed, and counts, elsewhere."""
TARGETS = """
create function transfer_targets(path text) returns table (
  cohort_id int, college_id int, college text, title text, curriculum_version text, starts_on date, ends_on date,
  seats_left int
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select c.id, c.college_id, g.name::text, c.title::text, c.curriculum_version::text, c.starts_on, c.ends_on,
           c.capacity - c.seated
      from public.cohort c join public.college g on g.id = c.college_id
     where c.curriculum_slug = path and (c.state = 'open' or c.state = 'running') and g.closed_at is null
       and public.acting_person() is not null and public.acting_colleges() <> '{}'
     order by g.name, c.starts_on, c.id
$$
"""
"""Where someone of the actor's colleges may go on: what open cohorts show anyone, also of those that run."""


def replace_in(function: str, changes: dict[str, str]) -> None:
    """Replace parts of a function's text, each of which stands there once."""
    [text] = op.get_bind().execute(sa.text("select pg_get_functiondef(to_regproc(:name))"), {"name": function}).one()
    for old, new in changes.items():
        if text.count(old) != 1:
            raise RuntimeError(f"{function} has not once {old!r}")
        text = text.replace(old, new)
    op.get_bind().exec_driver_sql(text.replace("%", "%%"))


def report_functions() -> dict[str, dict[str, str]]:
    """Return what changes in each function that adds progress up, by function."""
    plain, negative = ", ".join(MINUTES), ", ".join(f"-{name}" for name in MINUTES)
    return {
        "computed_report_sums": {
            ", ".join(f"coalesce(p.{name}, 0)" for name in MINUTES): ", ".join(
                f"coalesce(p.{name}{f' - p.{LESS[name]}' if name in LESS else ''}, 0)" for name in MINUTES
            )
        },
        "count_enrolment": {
            ", ".join(f"sign * coalesce(p.{name}, 0)" for name in MINUTES): ", ".join(
                f"sign * coalesce(p.{name}{f' - p.{LESS[name]}' if name in LESS else ''}, 0)" for name in MINUTES
            )
        },
        "new_progress_reported": {f"select enrolment_id, {plain} from new_rows": selected("new_rows")},  # noqa: S608 - our own constants
        "progress_reported": {
            f"select enrolment_id, {plain} from new_rows": selected("new_rows"),  # noqa: S608
            f"select enrolment_id, {negative} from old_rows": selected("old_rows", "-"),  # noqa: S608
        },
    }


def selected(table: str, sign: str = "") -> str:
    """Return the statement of what the rows of a change add up to."""
    parts = (f"{sign}({name}{f' - {LESS[name]}' if name in LESS else ''}) as {name}" for name in MINUTES)
    return f"select enrolment_id, {', '.join(parts)} from {table}"  # noqa: S608


def upgrade() -> None:
    """Add the tables, the columns of progress, and the function that says where someone may go on."""
    for name in CARRIED:
        op.add_column("progress", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    for function, changes in report_functions().items():
        replace_in(function, changes)
    create_transfer()
    create_carried_file()
    op.execute(TARGETS)
    op.execute("revoke all on function transfer_targets(text) from public")
    op.execute(f"grant execute on function transfer_targets(text) to {APP}")


def create_transfer() -> None:
    """Create the table of transfers: both colleges and the person read a row, each at its time."""
    states = ("awaiting_consent", "awaiting_decision", "accepted", "declined", "consent_refused", "withdrawn")
    op.create_table(
        "transfer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("curriculum_slug", sa.String(length=60), nullable=False),
        sa.Column("from_version", sa.String(length=20), nullable=False),
        sa.Column("from_title", sa.String(length=200), nullable=False),
        sa.Column("to_college_id", sa.Integer(), nullable=False),
        sa.Column("to_cohort_id", sa.Integer(), nullable=False),
        sa.Column("to_version", sa.String(length=20), nullable=False),
        sa.Column("to_title", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column(
            "state", sa.Enum(*states, name="transferstate", native_enum=False, length=40, create_constraint=True),
            nullable=False,
        ),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=True),
        sa.Column("to_enrolment_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(ended_at is null) = (ended_by is null)", name=op.f("ck_transfer_ended")),
        sa.CheckConstraint(
            "(state = 'accepted') = (to_enrolment_id is not null)", name=op.f("ck_transfer_accepted")
        ),
        sa.CheckConstraint(
            "consented_at is not null or college_id = to_college_id or state <> 'awaiting_decision'",
            name=op.f("ck_transfer_consent"),
        ),
        *(
            sa.ForeignKeyConstraint([column, college], [f"{table}.id", f"{table}.college_id"],
                                    name=op.f(f"fk_transfer_{column}_{college}_{table}"))
            for column, college, table in (
                ("enrolment_id", "college_id", "enrolment"), ("to_cohort_id", "to_college_id", "cohort"),
                ("to_enrolment_id", "to_college_id", "enrolment"),
            )
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_transfer_{column}_{table}"))
            for column, table in (
                ("college_id", "college"), ("to_college_id", "college"), ("person_id", "person"),
                ("proposed_by", "person"), ("ended_by", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_transfer_id_college_id")),
        sa.UniqueConstraint("id", "to_college_id", name=op.f("uq_transfer_id_to_college_id")),
    )  # fmt: skip
    for column in ("college_id", "enrolment_id", "person_id", "to_college_id", "to_cohort_id", "to_enrolment_id"):
        op.create_index(op.f(f"ix_transfer_{column}"), "transfer", [column])
    op.create_index("uq_transfer_one_open", "transfer", ["enrolment_id"], unique=True,
                    postgresql_where=sa.text("ended_at is null"))  # fmt: skip
    changed = "state, consented_at, ended_at, ended_by, answer, to_enrolment_id"
    op.execute(f"grant select, insert, update ({changed}) on transfer to {APP}")
    op.execute(f"grant usage on sequence transfer_id_seq to {APP}")
    op.execute("alter table transfer enable row level security")
    op.execute(f'create policy "select" on transfer for select using ({READ})')
    op.execute(f'create policy "insert" on transfer for insert with check ({SENT})')
    op.execute(f'create policy "update" on transfer for update using ({READ}) with check ({READ})')


def create_carried_file() -> None:
    """Create the table of what enrolments received: append-only."""
    op.create_table(
        "carried_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("carried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id", "college_id"], ["enrolment.id", "enrolment.college_id"],
                                name=op.f("fk_carried_file_enrolment_id_college_id_enrolment")),
        sa.ForeignKeyConstraint(["supersedes_id", "college_id"], ["carried_file.id", "carried_file.college_id"],
                                name=op.f("fk_carried_file_supersedes_id_college_id_carried_file")),
        sa.ForeignKeyConstraint(["transfer_id", "college_id"], ["transfer.id", "transfer.to_college_id"],
                                name=op.f("fk_carried_file_transfer_id_college_id_transfer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carried_file")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_carried_file_id_college_id")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_carried_file_transfer_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_carried_file_supersedes_id")),
    )  # fmt: skip
    for column in ("college_id", "enrolment_id"):
        op.create_index(op.f(f"ix_carried_file_{column}"), "carried_file", [column])
    op.execute(f"grant select, insert on carried_file to {APP}")
    op.execute(f"grant usage on sequence carried_file_id_seq to {APP}")
    op.execute("alter table carried_file enable row level security")
    op.execute(f'create policy "select" on carried_file for select using ({SENT})')
    op.execute(f'create policy "insert" on carried_file for insert with check ({SENT})')


def downgrade() -> None:
    """Drop them: nobody has anything that was carried any more."""
    op.execute("delete from notification where kind like 'transfer\\_%'")
    op.execute("drop function transfer_targets(text)")
    op.drop_table("carried_file")
    op.drop_table("transfer")
    for function, changes in report_functions().items():
        replace_in(function, {new: old for old, new in changes.items()})
    for name in CARRIED:
        op.drop_column("progress", name)
