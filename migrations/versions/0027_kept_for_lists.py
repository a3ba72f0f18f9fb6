"""Keep what lists of things to do select, beside the rows that they list.

Of progress: the eligible kinds of which no certificate is in force. Of declared hours: whether someone decided on them.
Lists read both by an index, instead of comparing everyone with the rules, and all hours with all decisions.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

UNDECIDED = """
    coalesce(
      (select array_agg(kind) from unnest({eligible}) kind
        where not exists (select from certificate c
                           where c.enrolment_id = {enrolment} and c.kind = kind and c.state = 'valid')),
      '{{}}')
"""
FUNCTIONS = {
    "progress_undecided": f"""
        begin
          new.undecided := {UNDECIDED.format(eligible="new.eligible", enrolment="new.enrolment_id")};
          return new;
        end
    """,
    "certificate_decided": """
        begin
          update progress set eligible = eligible where enrolment_id = new.enrolment_id;
          return null;
        end
    """,
    "hours_decided": """
        begin
          update public.field_hours set decided = true where id = new.field_hours_id and not decided;
          return null;
        end
    """,
}


def upgrade() -> None:
    """Add the column, what keeps it, and its index."""
    op.add_column("field_hours", sa.Column("decided", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("progress", sa.Column("undecided", sa.ARRAY(sa.String(40)), server_default="{}", nullable=False))
    for name, body in FUNCTIONS.items():
        rights = "security definer" if name == "hours_decided" else ""  # nobody else may change a fact
        op.execute(f"create function {name}() returns trigger language plpgsql {rights}"
                   f" set search_path = public, pg_temp as $$ {body} $$")  # fmt: skip
    op.execute("create trigger undecided before insert or update of eligible, undecided on progress"
               " for each row execute function progress_undecided()")  # fmt: skip
    op.execute("create trigger decided after insert or update of state on certificate"
               " for each row execute function certificate_decided()")  # fmt: skip
    op.execute("create trigger decided after insert on countersignature"
               " for each row execute function hours_decided()")  # fmt: skip
    op.execute("update progress set eligible = eligible where eligible <> '{}'")
    op.execute("update field_hours h set decided = true"
               " where exists (select from countersignature c where c.field_hours_id = h.id)")  # fmt: skip
    op.create_index("ix_field_hours_undecided", "field_hours", ["college_id", "declared_at", "id"],
                    postgresql_where=sa.text("not decided"))  # fmt: skip
    op.create_index("ix_role_held_college_role", "role_held", ["college_id", "role", "person_id"],
                    postgresql_where=sa.text("ended_at is null"))  # fmt: skip
    op.create_index("ix_progress_undecided", "progress", ["college_id"], postgresql_where=sa.text("undecided <> '{}'"))


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_role_held_college_role", table_name="role_held")
    op.drop_index("ix_field_hours_undecided", table_name="field_hours")
    op.execute("drop trigger decided on countersignature")
    op.execute("drop trigger decided on certificate")
    op.execute("drop trigger undecided on progress")
    for name in FUNCTIONS:
        op.execute(f"drop function {name}()")
    op.drop_index("ix_progress_undecided", table_name="progress")
    op.drop_column("progress", "undecided")
    op.drop_column("field_hours", "decided")
