"""Open and lift holds, on an enrolment or on all of a person's certificates in a college.

What forbade another certificate after a revocation for cause becomes a hold, open or lifted as it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
KINDS = ("revocation", "review", "conflict", "formality")
LIFTED = (
    "(lifted_at is null) = (lifted_by is null) and (lifted_at is null) = (lift_reason is null)"
    " and (lifted_at is null or (revoked and ground = 'cause'))"
)
FOR_CAUSE = sa.text(
    """
    select r.id, r.college_id, e.person_id, r.reason, r.decided_at, r.decided_by,
           r.lifted_at, r.lifted_by, r.lift_reason
      from revocation r
      join certificate c on c.id = r.certificate_id
      join enrolment e on e.id = c.enrolment_id
     where r.revoked and r.ground = 'cause'
     order by r.id
    """
)
OPEN = sa.text(
    """
    insert into hold (college_id, person_id, kind, reason, opened_at, opened_by)
    values (:college_id, :person_id, 'revocation', :reason, :decided_at, :decided_by) returning id
    """
)
LIFT = sa.text(
    """
    insert into hold_lift (college_id, hold_id, reason, lifted_at, lifted_by)
    values (:college_id, :hold_id, :lift_reason, :lifted_at, :lifted_by)
    """
)


def upgrade() -> None:
    """Make the tables append-only, keep what was open and what was lifted."""
    kind = sa.Enum(*KINDS, name="holdkind", native_enum=False, length=40, create_constraint=True)
    op.add_column("hold", sa.Column("person_id", sa.Integer(), nullable=True))
    op.add_column("hold", sa.Column("kind", kind, server_default="formality", nullable=False))
    op.alter_column("hold", "kind", server_default=None)
    op.alter_column("hold", "enrolment_id", nullable=True)
    op.alter_column("hold", "reason", type_=sa.String(length=1000))
    op.execute("update hold set person_id = e.person_id from enrolment e where e.id = hold.enrolment_id")
    op.alter_column("hold", "person_id", nullable=False)
    op.create_index(op.f("ix_hold_person_id"), "hold", ["person_id"])
    op.create_foreign_key(op.f("fk_hold_person_id_person"), "hold", "person", ["person_id"], ["id"])
    op.create_foreign_key(op.f("fk_hold_college_id_college"), "hold", "college", ["college_id"], ["id"])
    _create_lifts()
    op.execute(
        "insert into hold_lift (college_id, hold_id, reason, lifted_at, lifted_by)"
        " select college_id, id, 'Motif non consigné.', closed_at, coalesce(closed_by, opened_by)"
        " from hold where closed_at is not null"
    )
    op.drop_constraint(op.f("fk_hold_closed_by_person"), "hold")
    op.drop_column("hold", "closed_at")
    op.drop_column("hold", "closed_by")
    op.execute(f"revoke update on hold from {APP}")
    op.execute("drop policy update on hold")
    op.execute("drop policy delete on hold")
    _move_revocations()


def _create_lifts() -> None:
    op.create_table(
        "hold_lift",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("hold_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hold_id", "college_id"],
            ["hold.id", "hold.college_id"],
            name=op.f("fk_hold_lift_hold_id_college_id_hold"),
        ),
        sa.ForeignKeyConstraint(["lifted_by"], ["person.id"], name=op.f("fk_hold_lift_lifted_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_lift")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_hold_lift_hold_id")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_hold_lift_id_college_id")),
    )
    op.create_index(op.f("ix_hold_lift_college_id"), "hold_lift", ["college_id"])
    op.execute(f"grant select, insert on hold_lift to {APP}")
    op.execute(f"grant usage on sequence hold_lift_id_seq to {APP}")
    op.execute("alter table hold_lift enable row level security")
    op.execute(f'create policy "select" on hold_lift for select using ({MINE})')
    op.execute(f'create policy "insert" on hold_lift for insert with check ({MINE})')


def _move_revocations() -> None:
    """Open the hold of each revocation for cause, lifted where another certificate was allowed again."""
    op.add_column("revocation", sa.Column("hold_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_revocation_hold_id_college_id_hold"),
        "revocation",
        "hold",
        ["hold_id", "college_id"],
        ["id", "college_id"],
    )
    database = op.get_bind()
    for row in database.execute(FOR_CAUSE).mappings().all():
        hold_id = database.execute(OPEN, dict(row)).scalar_one()
        database.execute(sa.text("update revocation set hold_id = :hold where id = :id"), {"hold": hold_id, **row})
        if row["lifted_at"] is not None:
            database.execute(LIFT, {"hold_id": hold_id, **row})
    op.drop_constraint(op.f("ck_revocation_lifted"), "revocation")
    for column in ("lift_reason", "lifted_by", "lifted_at"):
        op.drop_column("revocation", column)
    op.create_check_constraint(
        op.f("ck_revocation_held"),
        "revocation",
        "(hold_id is not null) = (coalesce(revoked, false) and ground = 'cause')",
    )
    op.execute(f"grant update (hold_id) on revocation to {APP}")


def downgrade() -> None:
    """Put them back as they were: a hold of the whole college is then on the person's first enrolment there."""
    op.add_column("revocation", sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("revocation", sa.Column("lifted_by", sa.Integer(), nullable=True))
    op.add_column("revocation", sa.Column("lift_reason", sa.String(length=500), nullable=True))
    op.create_foreign_key(op.f("fk_revocation_lifted_by_person"), "revocation", "person", ["lifted_by"], ["id"])
    op.execute(
        "update revocation r set lifted_at = l.lifted_at, lifted_by = l.lifted_by, lift_reason = left(l.reason, 500)"
        " from hold_lift l where l.hold_id = r.hold_id"
    )
    op.drop_constraint(op.f("ck_revocation_held"), "revocation")
    op.drop_constraint(op.f("fk_revocation_hold_id_college_id_hold"), "revocation")
    op.drop_column("revocation", "hold_id")
    op.create_check_constraint(op.f("ck_revocation_lifted"), "revocation", LIFTED)
    op.execute(f"grant update (lifted_at, lifted_by, lift_reason) on revocation to {APP}")

    op.add_column("hold", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("hold", sa.Column("closed_by", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_hold_closed_by_person"), "hold", "person", ["closed_by"], ["id"])
    op.execute(
        "update hold h set closed_at = l.lifted_at, closed_by = l.lifted_by from hold_lift l where l.hold_id = h.id"
    )
    op.drop_table("hold_lift")
    op.execute("delete from hold where kind = 'revocation'")
    op.execute(
        "update hold h set enrolment_id = (select min(e.id) from enrolment e where e.person_id = h.person_id"
        " and e.college_id = h.college_id), reason = left(h.reason, 500) where h.enrolment_id is null"
    )
    op.execute("delete from hold where enrolment_id is null")
    op.execute("update hold set reason = left(reason, 500)")
    op.drop_constraint(op.f("fk_hold_person_id_person"), "hold")
    op.drop_constraint(op.f("fk_hold_college_id_college"), "hold")
    op.drop_index(op.f("ix_hold_person_id"), "hold")
    op.drop_column("hold", "person_id")
    op.drop_column("hold", "kind")
    op.alter_column("hold", "enrolment_id", nullable=False)
    op.alter_column("hold", "reason", type_=sa.String(length=500))
    op.execute(f"grant update on hold to {APP}")
    op.execute(f"create policy update on hold for update using ({MINE}) with check ({MINE})")
    op.execute(f"create policy delete on hold for delete using ({MINE})")
    op.execute("delete from notification where kind in ('hold_opened', 'hold_lifted')")
