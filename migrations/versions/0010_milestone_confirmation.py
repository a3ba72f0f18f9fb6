"""A milestone counts once a second person has confirmed it; those recorded before keep counting, confirmed by nobody.

The observers' figures follow: their function asks for the confirmation too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
RECORDED = "where s.mandate_id = m.id"
CONFIRMED = f"join public.milestone_confirmation k on k.milestone_id = s.id {RECORDED}"


def upgrade() -> None:
    """Add the table, confirm what was recorded before it, and count only what is confirmed."""
    op.create_table(
        "milestone_confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("milestone_id", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["person.id"], name=op.f("fk_milestone_confirmation_confirmed_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id", "college_id"],
            ["mandate_milestone.id", "mandate_milestone.college_id"],
            name=op.f("fk_milestone_confirmation_milestone_id_college_id_mandate_milestone"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone_confirmation")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_milestone_confirmation_id_college_id")),
        sa.UniqueConstraint("milestone_id", name=op.f("uq_milestone_confirmation_milestone_id")),
    )
    op.create_index(
        op.f("ix_milestone_confirmation_college_id"), "milestone_confirmation", ["college_id"], unique=False
    )
    op.execute(
        "insert into milestone_confirmation (college_id, milestone_id, confirmed_at)"
        " select college_id, id, recorded_at from mandate_milestone order by id"
    )
    op.execute(f"grant select, insert on milestone_confirmation to {APP}")
    op.execute(f"grant usage on sequence milestone_confirmation_id_seq to {APP}")
    op.execute("alter table milestone_confirmation enable row level security")
    op.execute(f'create policy "select" on milestone_confirmation for select using ({MINE})')
    op.execute(f'create policy "insert" on milestone_confirmation for insert with check ({MINE})')
    rewrite(RECORDED, CONFIRMED)


def rewrite(before: str, after: str) -> None:
    """Replace a part of ``project_indicators``, whatever else has changed in it."""
    op.execute(
        f"""
        do $$
        declare whole text := pg_get_functiondef('project_indicators(int)'::regprocedure);
        begin
          if position('{before}' in whole) = 0 then raise exception 'project_indicators is not as expected'; end if;
          execute replace(whole, '{before}', '{after}');
        end $$
        """
    )


def downgrade() -> None:
    """Remove the table; every recorded milestone counts again."""
    rewrite(CONFIRMED, RECORDED)
    op.drop_table("milestone_confirmation")
