"""Proof: certificates that are replaced or revoked, signed as credentials, issued by the hundred.

Who asks for a credential's keys or for a status list is nobody we know: two functions that run as their
owner give what is public of them, and nothing of the key that signs.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
GRANTED = {
    "revocation": "select, insert, "
    "update (answer, answered_at, decided_at, decided_by, revoked, contest, contested_at)",
    "college_key": "select, insert, update (retired_at)",
    "status_list": "select, insert, update (credential, signed_at)",
    "batch": "select, insert, update (finished_at)",
    "batch_item": "select, insert, update (certificate_id, refusal)",
    "name_change": "select, insert",
}
FIELDS = """
  state text, issued_on date, ended_on date, number text, kind text, holder text, path_title text, college_name text,
  recognised_minutes int, ceu text, document_sha256 text
"""


def upgrade() -> None:
    create_tables()
    op.execute(f"grant update (credential, ended_on) on certificate to {APP}")
    for table, rights in GRANTED.items():
        op.execute(f"grant {rights} on {table} to {APP}")
        if table != "status_list":
            op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy seen on {table} for select using ({MINE})")
        op.execute(f"create policy written on {table} for insert with check ({MINE})")
        op.execute(f"create policy changed on {table} for update using ({MINE}) with check ({MINE})")
    consent_to("employer_list", "evaluation_study", "image_and_testimony")
    open_doors()


def consent_to(*purposes: str) -> None:
    named = ", ".join(f"'{purpose}'" for purpose in purposes)
    op.drop_constraint(op.f("ck_consent_purpose"), "consent")
    op.create_check_constraint(op.f("ck_consent_purpose"), "consent", f"purpose in ({named})")


def open_doors() -> None:
    op.execute("drop function verify_certificate(text)")
    door("verify_certificate(asked text)", FIELDS, """
        select c.state::text, c.issued_on, c.ended_on, v.*
          from public.certificate c
          left join lateral (
            select c.number::text, c.kind::text, c.record ->> 'holder', c.record ->> 'path_title',
                   c.record ->> 'college_name', (c.record ->> 'recognised_minutes')::int, c.record ->> 'ceu',
                   c.pdf_sha256::text
             where c.state = 'valid'
          ) v on true
         where c.code = asked
    """)  # fmt: skip
    door("college_keys(asked text)", "name text, public_key text", """
        select k.name::text, k.public_key::text
          from public.college_key k join public.college c on c.id = k.college_id
         where c.slug = asked order by k.id
    """)  # fmt: skip
    door("college_status_list(asked text, which int)", "credential text", """
        select l.credential::text
          from public.status_list l join public.college c on c.id = l.college_id
         where c.slug = asked and l.number = which
    """)  # fmt: skip


def door(signature: str, columns: str, body: str) -> None:
    """A question that anyone may ask: it runs as its owner and gives these columns only."""
    op.execute(
        f"create function {signature} returns table ({columns}) language sql stable security definer "
        f"set search_path = pg_catalog, pg_temp as $$ {body} $$"
    )
    op.execute(f"revoke all on function {signature} from public")
    op.execute(f"grant execute on function {signature} to {APP}")


def create_tables() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_batch_college_id_college")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_batch_decided_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_batch_id_college_id")),
    )
    op.create_index(op.f("ix_batch_college_id"), "batch", ["college_id"], unique=False)
    op.create_table(
        "college_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("public_key", sa.String(length=100), nullable=False),
        sa.Column("private_sealed", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_college_key_college_id_college")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_college_key")),
        sa.UniqueConstraint("college_id", "name", name=op.f("uq_college_key_college_id_name")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_college_key_id_college_id")),
    )
    op.create_index(op.f("ix_college_key_college_id"), "college_key", ["college_id"], unique=False)
    op.create_table(
        "name_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("former_first_name", sa.String(length=100), nullable=False),
        sa.Column("former_last_name", sa.String(length=100), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("seen_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_name_change_college_id_college")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_name_change_person_id_person")),
        sa.ForeignKeyConstraint(["seen_by"], ["person.id"], name=op.f("fk_name_change_seen_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_change")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_name_change_id_college_id")),
    )
    op.create_index(op.f("ix_name_change_college_id"), "name_change", ["college_id"], unique=False)
    op.create_index(op.f("ix_name_change_person_id"), "name_change", ["person_id"], unique=False)
    op.create_table(
        "status_list",
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("credential", sa.String(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_status_list_college_id_college")),
        sa.PrimaryKeyConstraint("college_id", "number", name=op.f("pk_status_list")),
    )
    op.create_table(
        "batch_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "attestation_participation",
                "attestation_reussite",
                "certification_collegiale",
                name="certificatekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("certificate_id", sa.Integer(), nullable=True),
        sa.Column("refusal", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id", "college_id"],
            ["batch.id", "batch.college_id"],
            name=op.f("fk_batch_item_batch_id_college_id_batch"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id", "college_id"],
            ["certificate.id", "certificate.college_id"],
            name=op.f("fk_batch_item_certificate_id_college_id_certificate"),
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_batch_item_enrolment_id_college_id_enrolment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_item")),
        sa.UniqueConstraint("batch_id", "enrolment_id", "kind", name=op.f("uq_batch_item_batch_id_enrolment_id_kind")),
        sa.UniqueConstraint("certificate_id", name=op.f("uq_batch_item_certificate_id")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_batch_item_id_college_id")),
    )
    op.create_index(op.f("ix_batch_item_batch_id"), "batch_item", ["batch_id"], unique=False)
    op.create_index(op.f("ix_batch_item_college_id"), "batch_item", ["college_id"], unique=False)
    op.create_index(op.f("ix_batch_item_enrolment_id"), "batch_item", ["enrolment_id"], unique=False)
    op.create_table(
        "revocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(length=4000), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=True),
        sa.Column("contest", sa.String(length=4000), nullable=True),
        sa.Column("contested_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(decided_at is null) = (decided_by is null) and (decided_at is null) = (revoked is null)",
            name=op.f("ck_revocation_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id", "college_id"],
            ["certificate.id", "certificate.college_id"],
            name=op.f("fk_revocation_certificate_id_college_id_certificate"),
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_revocation_decided_by_person")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_revocation_opened_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_revocation_id_college_id")),
    )
    op.create_index(op.f("ix_revocation_certificate_id"), "revocation", ["certificate_id"], unique=False)
    op.create_index(op.f("ix_revocation_college_id"), "revocation", ["college_id"], unique=False)
    op.create_index(
        "uq_revocation_one_open",
        "revocation",
        ["certificate_id"],
        unique=True,
        postgresql_where=sa.text("decided_at is null"),
    )
    op.add_column("certificate", sa.Column("credential", sa.String(), nullable=True))
    op.add_column("certificate", sa.Column("why", sa.String(length=500), nullable=True))
    op.add_column("certificate", sa.Column("ended_on", sa.Date(), nullable=True))
    op.add_column("college", sa.Column("logo", sa.String(length=70), nullable=True))
    op.add_column("college", sa.Column("ink", sa.String(length=7), nullable=True))
    op.add_column("college", sa.Column("accent", sa.String(length=7), nullable=True))
    op.add_column("signatory", sa.Column("image", sa.String(length=70), nullable=True))
    op.create_check_constraint(op.f("ck_certificate_ended"), "certificate", "(state = 'valid') = (ended_on is null)")


def downgrade() -> None:
    for signature in ("college_status_list(text, int)", "college_keys(text)", "verify_certificate(text)"):
        op.execute(f"drop function {signature}")
    op.execute("delete from consent where purpose = 'employer_list'")
    consent_to("evaluation_study", "image_and_testimony")
    op.drop_constraint(op.f("ck_certificate_ended"), "certificate")
    op.drop_column("signatory", "image")
    op.drop_column("college", "accent")
    op.drop_column("college", "ink")
    op.drop_column("college", "logo")
    op.drop_column("certificate", "ended_on")
    op.drop_column("certificate", "why")
    op.drop_column("certificate", "credential")
    op.drop_index("uq_revocation_one_open", table_name="revocation", postgresql_where=sa.text("decided_at is null"))
    op.drop_index(op.f("ix_revocation_college_id"), table_name="revocation")
    op.drop_index(op.f("ix_revocation_certificate_id"), table_name="revocation")
    op.drop_table("revocation")
    op.drop_index(op.f("ix_batch_item_enrolment_id"), table_name="batch_item")
    op.drop_index(op.f("ix_batch_item_college_id"), table_name="batch_item")
    op.drop_index(op.f("ix_batch_item_batch_id"), table_name="batch_item")
    op.drop_table("batch_item")
    op.drop_table("status_list")
    op.drop_index(op.f("ix_name_change_person_id"), table_name="name_change")
    op.drop_index(op.f("ix_name_change_college_id"), table_name="name_change")
    op.drop_table("name_change")
    op.drop_index(op.f("ix_college_key_college_id"), table_name="college_key")
    op.drop_table("college_key")
    op.drop_index(op.f("ix_batch_college_id"), table_name="batch")
    op.drop_table("batch")
    door("verify_certificate(asked text)", """
        state text, issued_on date, number text, kind text, holder text, path_title text, college_name text,
        recognised_minutes int, ceu text
    """, """
        select c.state::text, c.issued_on, v.*
          from public.certificate c
          left join lateral (
            select c.number::text, c.kind::text, c.record ->> 'holder', c.record ->> 'path_title',
                   c.record ->> 'college_name', (c.record ->> 'recognised_minutes')::int, c.record ->> 'ceu'
             where c.state = 'valid'
          ) v on true
         where c.code = asked
    """)  # fmt: skip
