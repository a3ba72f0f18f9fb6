"""Invitations by the operator: several roles behind one link, on the platform too; the link alone shows its rows."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
PRESENTED = "token_hash = current_setting('app.presented', true)"
CHECKS = {
    "place": "coalesce(role in ('admin', 'observer'), false) = (college_id is null)",
    "project": "coalesce(role = 'observer', false) = (project_id is not null)",
    "cohort_within_college": "cohort_id is null or college_id is not null",
    "inviter_within_college": "created_by is null or college_id is not null",
}


def upgrade() -> None:
    """Widen the table; who presents a link sees and answers its invitations, wherever they are, and no other."""
    op.alter_column("invitation", "college_id", nullable=True)
    op.alter_column("invitation", "created_by", nullable=True)
    op.add_column("invitation", sa.Column("project_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_invitation_project_id_project"), "invitation", "project", ["project_id"], ["id"])
    op.add_column("invitation", sa.Column("legal_first_name", sa.String(length=100), nullable=True))
    op.add_column("invitation", sa.Column("legal_last_name", sa.String(length=100), nullable=True))
    op.add_column("invitation", sa.Column("chosen_name", sa.String(length=200), nullable=True))
    op.add_column("invitation", sa.Column("link_printed_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("ck_invitation_role_of_a_college"), "invitation", type_="check")
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_invitation_{name}"), "invitation", condition)
    op.drop_constraint(op.f("uq_invitation_token_hash"), "invitation", type_="unique")
    op.create_index(op.f("ix_invitation_token_hash"), "invitation", ["token_hash"])
    op.create_index(op.f("ix_invitation_email"), "invitation", ["email"])
    op.execute("drop function invitation_college(text)")
    op.execute(f'alter policy "select" on invitation using ({MINE} or {PRESENTED})')
    op.execute(f'alter policy "update" on invitation using ({MINE} or {PRESENTED}) with check ({MINE} or {PRESENTED})')


def downgrade() -> None:
    """Keep the invitations of colleges, one behind each link; those that only the operator can make are deleted."""
    op.execute(f'alter policy "update" on invitation using ({MINE}) with check ({MINE})')
    op.execute(f'alter policy "select" on invitation using ({MINE})')
    op.execute(
        """
        create function invitation_college(hash text) returns int language sql stable security definer
        set search_path = public as $$ select college_id from invitation where token_hash = hash $$
        """
    )
    op.execute("revoke all on function invitation_college(text) from public")
    op.execute(f"grant execute on function invitation_college(text) to {APP}")
    op.execute("delete from invitation where college_id is null or created_by is null")
    op.execute(
        "delete from invitation i where exists"
        " (select from invitation o where o.token_hash = i.token_hash and o.id < i.id)"
    )
    op.drop_index(op.f("ix_invitation_email"), table_name="invitation")
    op.drop_index(op.f("ix_invitation_token_hash"), table_name="invitation")
    op.create_unique_constraint(op.f("uq_invitation_token_hash"), "invitation", ["token_hash"])
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_invitation_{name}"), "invitation", type_="check")
    op.create_check_constraint(
        op.f("ck_invitation_role_of_a_college"), "invitation", "role not in ('admin', 'observer')"
    )
    for column in ("link_printed_at", "chosen_name", "legal_last_name", "legal_first_name"):
        op.drop_column("invitation", column)
    op.drop_constraint(op.f("fk_invitation_project_id_project"), "invitation", type_="foreignkey")
    op.drop_column("invitation", "project_id")
    op.alter_column("invitation", "created_by", nullable=False)
    op.alter_column("invitation", "college_id", nullable=False)
