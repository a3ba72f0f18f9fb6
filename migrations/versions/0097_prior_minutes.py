"""Progress says how many minutes are exempted, and which level of a competency is recognised from before."""

from alembic import op

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None

SET = """
update progress
   set body = jsonb_set(
         body || jsonb_build_object('prior_minutes', 0),
         '{competencies}',
         coalesce(
           (select jsonb_agg(c || jsonb_build_object('recognised_level', null) order by n)
              from jsonb_array_elements(body -> 'competencies') with ordinality as e(c, n)),
           '[]'::jsonb
         )
       )
"""
UNSET = """
update progress
   set body = jsonb_set(
         body - 'prior_minutes',
         '{competencies}',
         coalesce(
           (select jsonb_agg(c - 'recognised_level' order by n)
              from jsonb_array_elements(body -> 'competencies') with ordinality as e(c, n)),
           '[]'::jsonb
         )
       )
"""


def upgrade() -> None:
    """Write what computing them again would: nothing was recognised yet."""
    op.execute(SET)


def downgrade() -> None:
    """Take them out."""
    op.execute(UNSET)
