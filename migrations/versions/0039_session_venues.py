"""Hold sessions in venues, in the time zone of each, and keep the link of an online meeting.

A venue is of the session's college or of the whole network, which no foreign key says: a trigger does.
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

HOLD = """
create function venue_within_college() returns trigger language plpgsql set search_path = '' as $$
begin
  if new.venue_id is not null and not exists (
    select from public.venue v
     where v.id = new.venue_id and (v.college_id is null or v.college_id = new.college_id)
  ) then
    raise foreign_key_violation
      using message = format('venue %s is not one of college %s', new.venue_id, new.college_id);
  end if;
  return new;
end $$
"""
TABLES = ("scheduled_session", "codev_session")


def upgrade() -> None:
    """Add the columns; a codevelopment session keeps the zone that it was shown in, its cohort's."""
    op.execute(HOLD)
    op.execute("revoke all on function venue_within_college() from public")
    for table in TABLES:
        op.add_column(table, sa.Column("venue_id", sa.Integer(), nullable=True))
        op.add_column(table, sa.Column("meeting_link", sa.String(length=500), nullable=True))
        op.create_index(op.f(f"ix_{table}_venue_id"), table, ["venue_id"])
        op.execute(
            f"create trigger venue_within_college before insert or update of venue_id, college_id on {table}"
            " for each row execute function venue_within_college()"
        )
    op.add_column("codev_session", sa.Column("timezone", sa.String(length=40), nullable=True))
    op.execute(
        """
        update codev_session s set timezone = c.timezone
          from codev_group g join cohort c on c.id = g.cohort_id
         where g.id = s.group_id
        """
    )
    op.alter_column("codev_session", "timezone", nullable=False)


def downgrade() -> None:
    """Drop the columns: a session keeps its zone, and loses its venue and its link."""
    op.drop_column("codev_session", "timezone")
    for table in TABLES:
        op.execute(f"drop trigger venue_within_college on {table}")
        op.drop_column(table, "meeting_link")
        op.drop_column(table, "venue_id")
    op.execute("drop function venue_within_college()")
