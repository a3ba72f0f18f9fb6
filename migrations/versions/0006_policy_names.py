"""Name each row-security policy after the command that it governs: select, insert, update, delete."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAMES = {"seen": "select", "written": "insert", "changed": "update", "removed": "delete"}


def upgrade() -> None:
    """Give the policies their names."""
    for before, after in NAMES.items():
        rename(before, after)


def downgrade() -> None:
    """Give them their former names back."""
    for before, after in NAMES.items():
        rename(after, before)


def rename(before: str, after: str) -> None:
    """Rename the policies of one name, of every table of the application."""
    op.execute(
        f"""
        do $$
        declare policy record;
        begin
          for policy in
            select schemaname, tablename from pg_policies where schemaname = 'public' and policyname = '{before}'
          loop
            execute format('alter policy %I on %I.%I rename to %I',
                           '{before}', policy.schemaname, policy.tablename, '{after}');
          end loop;
        end $$
        """  # noqa: S608 - names of ours
    )
