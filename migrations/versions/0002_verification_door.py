"""The door for strangers: what the code of a certificate proves, and nothing else.

``verify_certificate`` runs as its owner, so that row-level security does not hide the certificate from
someone without a college; it finds one row by its whole code, gives the name and what goes with it only
while the certificate is valid, and never the person, the enrolment or a reason (BR-21).
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APP = "escouade_app"


def upgrade() -> None:
    op.execute(
        """
        create function verify_certificate(asked text)
        returns table (
          state text, issued_on date, number text, kind text, holder text, path_title text, college_name text,
          recognised_minutes int, ceu text
        )
        language sql stable security definer
        set search_path = pg_catalog, pg_temp
        as $$
          select c.state::text, c.issued_on, v.number, v.kind, v.holder, v.path_title, v.college_name,
                 v.recognised_minutes, v.ceu
            from public.certificate c
            left join lateral (
              select c.number::text, c.kind::text, c.record ->> 'holder' as holder,
                     c.record ->> 'path_title' as path_title, c.record ->> 'college_name' as college_name,
                     (c.record ->> 'recognised_minutes')::int as recognised_minutes, c.record ->> 'ceu' as ceu
               where c.state = 'valid'
            ) v on true
           where c.code = asked
        $$
        """
    )
    op.execute("revoke all on function verify_certificate(text) from public")
    op.execute(f"grant execute on function verify_certificate(text) to {APP}")


def downgrade() -> None:
    op.execute("drop function verify_certificate(text)")
