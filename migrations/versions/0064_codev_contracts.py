"""The contract of codevelopment groups: its version, the composition of the group, and who agreed to both."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0060"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)


def upgrade() -> None:
    """Groups that exist get the first contract: nobody has agreed to it, and everybody is reminded."""
    op.add_column(
        "codev_group", sa.Column("contract_version", sa.String(length=20), server_default="1.0", nullable=False)
    )
    op.alter_column("codev_group", "contract_version", server_default=None)
    for table in ("codev_group", "codev_membership"):
        op.add_column(table, sa.Column("composition", sa.Integer(), server_default="1", nullable=False))
    op.create_check_constraint(op.f("ck_codev_group_composition"), "codev_group", "composition > 0")
    op.create_table(
        "codev_agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("contract_version", sa.String(length=20), nullable=False),
        sa.Column("composition", sa.Integer(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("composition > 0", name=op.f("ck_codev_agreement_composition")),
        sa.ForeignKeyConstraint(
            ["group_id", "college_id"],
            ["codev_group.id", "codev_group.college_id"],
            name=op.f("fk_codev_agreement_group_id_college_id_codev_group"),
        ),
        sa.ForeignKeyConstraint(
            ["membership_id", "college_id"],
            ["codev_membership.id", "codev_membership.college_id"],
            name=op.f("fk_codev_agreement_membership_id_college_id_codev_membership"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_codev_agreement_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_agreement")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_agreement_id_college_id")),
        sa.UniqueConstraint(
            "group_id",
            "person_id",
            "contract_version",
            "composition",
            name=op.f("uq_codev_agreement_group_id_person_id_contract_version_composition"),
        ),
    )
    for column in ("college_id", "group_id", "person_id", "membership_id"):
        op.create_index(op.f(f"ix_codev_agreement_{column}"), "codev_agreement", [column])
    op.execute(f"grant select, insert on codev_agreement to {APP}")
    op.execute(f"grant usage on sequence codev_agreement_id_seq to {APP}")
    op.execute("alter table codev_agreement enable row level security")
    op.execute(f'create policy "select" on codev_agreement for select using ({MINE})')
    op.execute(f'create policy "insert" on codev_agreement for insert with check ({MINE})')


def downgrade() -> None:
    """Remove the agreements, and their messages, which an older version cannot read."""
    op.drop_table("codev_agreement")
    op.drop_constraint(op.f("ck_codev_group_composition"), "codev_group")
    for table in ("codev_group", "codev_membership"):
        op.drop_column(table, "composition")
    op.drop_column("codev_group", "contract_version")
    op.execute("delete from notification where kind = 'contract_to_accept'")
