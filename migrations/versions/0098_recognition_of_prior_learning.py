"""Recognition of prior learning: pieces of a dossier, claims, and the steps of each claim."""

import sqlalchemy as sa
from alembic import op

revision = "0098"
down_revision = "0097"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
TABLES = ("prior_learning_piece", "prior_learning_claim", "prior_learning_step")
TYPES = ("diploma", "certification", "microcredential", "attestation")
KINDS = ("named", "judged", "granted", "refused", "review_asked", "withdrawn")
STATES = ("received", *KINDS)


def upgrade() -> None:
    """Add the tables, to which rows are only added; a claim's state follows its steps."""
    _add_pieces()
    _add_claims()
    _add_steps()
    for table in TABLES:
        op.execute(f"grant select, insert on {table} to {APP}")
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({MINE})')
        op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')
    op.execute(f"grant update (state, specialist_id) on prior_learning_claim to {APP}")
    op.execute(f'create policy "update" on prior_learning_claim for update using ({MINE}) with check ({MINE})')


def _keys(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f(f"fk_{table}_enrolment_id_college_id_enrolment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("id", "college_id", name=op.f(f"uq_{table}_id_college_id")),
    )


def _index(table: str, *columns: str) -> None:
    for column in ("college_id", "enrolment_id", *columns):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _add_pieces() -> None:
    table = "prior_learning_piece"
    kind = sa.Enum(*TYPES, name="credentialtype", native_enum=False, length=40, create_constraint=True)
    file = "num_nonnulls(file_name, file_type, file_size, file_sha256) in (0, 4)"
    op.create_table(
        table,
        *_keys(table),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("credential_type", kind, nullable=True),
        sa.Column("issuer", sa.String(length=200), nullable=True),
        sa.Column("obtained_on", sa.Date(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("file_type", sa.String(length=100), nullable=True),
        sa.Column("file_size", sa.Integer(), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("deposited_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(credential_type, issuer, obtained_on) in (0, 3)", name=op.f(f"ck_{table}_credential")
        ),
        sa.CheckConstraint("num_nonnulls(credential_type, file_sha256) > 0", name=op.f(f"ck_{table}_content")),
        sa.CheckConstraint(file, name=op.f(f"ck_{table}_file_whole")),
    )
    _index(table)


def _add_claims() -> None:
    table = "prior_learning_claim"
    state = sa.Enum(*STATES, name="claimstate", native_enum=False, length=40, create_constraint=True)
    op.create_table(
        table,
        *_keys(table),
        sa.Column("competency_code", sa.String(length=20), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("statement", sa.String(length=4000), nullable=False),
        sa.Column("pieces", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("supervisor", sa.String(length=200), nullable=True),
        sa.Column("state", state, nullable=False),
        sa.Column("specialist_id", sa.Integer(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level between 1 and 4", name=op.f(f"ck_{table}_level")),
        sa.ForeignKeyConstraint(["specialist_id"], ["person.id"], name=op.f(f"fk_{table}_specialist_id_person")),
    )
    _index(table, "specialist_id")


def _add_steps() -> None:
    table = "prior_learning_step"
    kind = sa.Enum(*KINDS, name="stepkind", native_enum=False, length=40, create_constraint=True)
    op.create_table(
        table,
        *_keys(table),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("specialist_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=2000), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("level between 1 and 4", name=op.f(f"ck_{table}_level")),
        sa.CheckConstraint("round between 1 and 2", name=op.f(f"ck_{table}_round")),
        sa.CheckConstraint("(kind = 'named') = (specialist_id is not null)", name=op.f(f"ck_{table}_specialist")),
        sa.CheckConstraint("kind <> 'granted' or level is not null", name=op.f(f"ck_{table}_granted")),
        sa.CheckConstraint(
            "kind = 'named' or kind = 'withdrawn' or reason is not null", name=op.f(f"ck_{table}_reason")
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "college_id"],
            ["prior_learning_claim.id", "prior_learning_claim.college_id"],
            name=op.f(f"fk_{table}_claim_id_college_id_prior_learning_claim"),
        ),
        sa.ForeignKeyConstraint(["specialist_id"], ["person.id"], name=op.f(f"fk_{table}_specialist_id_person")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f(f"fk_{table}_recorded_by_person")),
    )
    _index(table, "claim_id", "specialist_id")
    op.create_index(
        "uq_prior_learning_step_once",
        table,
        ["claim_id", "round", "kind"],
        unique=True,
        postgresql_where=sa.text("kind <> 'named'"),
    )


def downgrade() -> None:
    """Drop them, and the messages about them; what they exempted is to follow again once progress is computed again."""
    op.execute("delete from notification where kind like 'recognition!_%' escape '!'")
    for table in reversed(TABLES):
        op.drop_table(table)
