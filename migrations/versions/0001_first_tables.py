"""First tables of every feature, the application role and row-level security.

Requests run as ``escouade_app`` with the actor's colleges in ``app.college_ids``: a query without them
sees no college's rows. Tables of facts grant no UPDATE and no DELETE: a correction is a new row. The
owner's policies are not forced, so that a data migration sees what it changes.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APP = "escouade_app"

REGIONS = {
    "01": "Bas-Saint-Laurent", "02": "Saguenay–Lac-Saint-Jean", "03": "Capitale-Nationale", "04": "Mauricie",
    "05": "Estrie", "06": "Montréal", "07": "Outaouais", "08": "Abitibi-Témiscamingue", "09": "Côte-Nord",
    "10": "Nord-du-Québec", "11": "Gaspésie–Îles-de-la-Madeleine", "12": "Chaudière-Appalaches", "13": "Laval",
    "14": "Lanaudière", "15": "Laurentides", "16": "Montérégie", "17": "Centre-du-Québec",
}  # fmt: skip

COLLEGE_OWNED = (
    "certificate_counter", "cohort", "enterprise", "management_link", "signatory", "codev_group", "enrolment",
    "mandate", "scheduled_session", "activity_completion", "application", "catch_up", "certificate", "codev_membership",
    "codev_session", "enrolment_move", "field_hours", "hand_in", "hold", "judgement", "mandate_advisor",
    "mandate_milestone", "progress", "role_held", "roll_call", "codev_record", "countersignature", "judgement_evidence",
    "role_assignment", "roll_call_entry", "codev_presence", "codev_turn",
)  # fmt: skip

FACTS = (
    "application", "enrolment_move", "roll_call", "roll_call_entry", "catch_up", "activity_completion", "hand_in",
    "field_hours", "countersignature", "mandate_milestone", "codev_record", "codev_presence", "codev_turn",
    "judgement", "judgement_evidence",
)  # fmt: skip
SETTLED = ("region", "published_curriculum")
PLANS = ("role_assignment",)
SEALED = {"certificate": "state, pdf_sha256"}

MINE = "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
MY_OWN = "person_id = nullif(current_setting('app.person_id', true), '')::int"
WIDER = {
    "role_held": f"college_id is null or {MINE} or {MY_OWN}",
    "enrolment": f"{MINE} or {MY_OWN}",
    "cohort": f"{MINE} or applications_open",
}
"""What may be read beyond one's colleges: one's own roles and enrolments, and cohorts open to applications."""


def upgrade() -> None:
    create_tables()
    op.bulk_insert(
        sa.table("region", sa.column("code"), sa.column("name")),
        [{"code": code, "name": name} for code, name in REGIONS.items()],
    )
    create_role()
    grant()
    wall()


def create_role() -> None:
    """The role is the cluster's: another database of it may have made it already."""
    op.execute(
        f"""
        do $$ begin
          if not exists (select from pg_roles where rolname = '{APP}') then
            create role {APP} nologin nosuperuser nobypassrls nocreatedb nocreaterole;
          end if;
        exception when duplicate_object or unique_violation then null;
        end $$
        """
    )


def grant() -> None:
    op.execute(f"grant usage on schema public to {APP}")
    op.execute(f"grant select, insert, update on all tables in schema public to {APP}")
    op.execute(f"grant usage on all sequences in schema public to {APP}")
    op.execute(f"revoke all on alembic_version from {APP}")
    op.execute(f"grant select on alembic_version to {APP}")
    for table in FACTS + SETTLED:
        op.execute(f"revoke update on {table} from {APP}")
    op.execute(f"revoke insert on region from {APP}")
    for table in PLANS:
        op.execute(f"grant delete on {table} to {APP}")
    for table, columns in SEALED.items():
        op.execute(f"revoke update on {table} from {APP}")
        op.execute(f"grant update ({columns}) on {table} to {APP}")


def wall() -> None:
    for table in COLLEGE_OWNED:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy seen on {table} for select using ({WIDER.get(table, MINE)})")
        writable = f"college_id is null or {MINE}" if table == "role_held" else MINE
        op.execute(f"create policy written on {table} for insert with check ({writable})")
        op.execute(f"create policy changed on {table} for update using ({writable}) with check ({writable})")
        op.execute(f"create policy removed on {table} for delete using ({MINE})")


def create_tables() -> None:  # noqa: PLR0915 - as Alembic wrote it
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("legal_first_name", sa.String(length=100), nullable=False),
        sa.Column("legal_last_name", sa.String(length=100), nullable=False),
        sa.Column("chosen_name", sa.String(length=200), nullable=True),
        sa.Column("search_key", sa.String(length=420), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_search_key"), "person", ["search_key"], unique=False)
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("funder", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_project_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("slug", name=op.f("uq_project_slug")),
    )
    op.create_table(
        "published_curriculum",
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slug", "version", name=op.f("pk_published_curriculum")),
    )
    op.create_table(
        "region",
        sa.Column("code", sa.String(length=2), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_account_email_lower")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
    )
    op.create_table(
        "college",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("region_code", sa.String(), nullable=False),
        sa.Column("number_prefix", sa.String(length=6), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("is_sofeduc_member", sa.Boolean(), nullable=False),
        sa.Column("authorised_kinds", sa.ARRAY(sa.String(length=40)), nullable=False),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_college_region_code_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_college")),
        sa.UniqueConstraint("number_prefix", name=op.f("uq_college_number_prefix")),
        sa.UniqueConstraint("slug", name=op.f("uq_college_slug")),
    )
    op.create_index(op.f("ix_college_region_code"), "college", ["region_code"], unique=False)
    op.create_table(
        "project_target",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "advisors",
                "enterprises",
                "regions",
                name="targetkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.CheckConstraint("value > 0", name=op.f("ck_project_target_value")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_target_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "kind", name=op.f("pk_project_target")),
    )
    op.create_table(
        "certificate_counter",
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_certificate_counter_college_id_college")),
        sa.PrimaryKeyConstraint("college_id", "year", name=op.f("pk_certificate_counter")),
    )
    op.create_table(
        "cohort",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(), nullable=False),
        sa.Column(
            "phase",
            sa.Enum("prototype", "deployment", name="phase", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("curriculum_slug", sa.String(length=60), nullable=False),
        sa.Column("curriculum_version", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("late_join_pct", sa.Integer(), nullable=False),
        sa.Column("grace_hours", sa.Integer(), nullable=False),
        sa.Column("applications_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("capacity between 1 and 200", name=op.f("ck_cohort_capacity")),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_cohort_period")),
        sa.CheckConstraint("late_join_pct between 0 and 100", name=op.f("ck_cohort_late_join_pct")),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_cohort_college_id_college")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_cohort_created_by_person")),
        sa.ForeignKeyConstraint(
            ["curriculum_slug", "curriculum_version"],
            ["published_curriculum.slug", "published_curriculum.version"],
            name=op.f("fk_cohort_curriculum_slug_curriculum_version_published_curriculum"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_cohort_project_id_project")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_cohort_region_code_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort")),
        sa.UniqueConstraint("college_id", "code", name=op.f("uq_cohort_college_id_code")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_cohort_id_college_id")),
    )
    op.create_index(op.f("ix_cohort_college_id"), "cohort", ["college_id"], unique=False)
    op.create_index(op.f("ix_cohort_project_id"), "cohort", ["project_id"], unique=False)
    op.create_index(op.f("ix_cohort_region_code"), "cohort", ["region_code"], unique=False)
    op.create_table(
        "enterprise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("neq", sa.String(length=10), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_key", sa.String(length=420), nullable=False),
        sa.Column("sector", sa.String(length=60), nullable=False),
        sa.Column(
            "size",
            sa.Enum(
                "1-4",
                "5-49",
                "50-249",
                "250+",
                name="enterprisesize",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("region_code", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("neq ~ '^[0-9]{10}$'", name=op.f("ck_enterprise_neq")),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_enterprise_college_id_college")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_enterprise_created_by_person")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_enterprise_region_code_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise")),
        sa.UniqueConstraint("college_id", "neq", name=op.f("uq_enterprise_college_id_neq")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_enterprise_id_college_id")),
    )
    op.create_index(op.f("ix_enterprise_college_id"), "enterprise", ["college_id"], unique=False)
    op.create_index(op.f("ix_enterprise_region_code"), "enterprise", ["region_code"], unique=False)
    op.create_index(op.f("ix_enterprise_search_key"), "enterprise", ["search_key"], unique=False)
    op.create_table(
        "management_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_management_link_college_id_college")),
        sa.ForeignKeyConstraint(["declared_by"], ["person.id"], name=op.f("fk_management_link_declared_by_person")),
        sa.ForeignKeyConstraint(["manager_id"], ["person.id"], name=op.f("fk_management_link_manager_id_person")),
        sa.ForeignKeyConstraint(["member_id"], ["person.id"], name=op.f("fk_management_link_member_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_management_link")),
        sa.UniqueConstraint(
            "college_id", "manager_id", "member_id", name=op.f("uq_management_link_college_id_manager_id_member_id")
        ),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_management_link_id_college_id")),
    )
    op.create_index(op.f("ix_management_link_college_id"), "management_link", ["college_id"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("cookie", "bearer", name="signinkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sign_in_secret_hash")),
    )
    op.create_index(op.f("ix_sign_in_account_id"), "sign_in", ["account_id"], unique=False)
    op.create_table(
        "signatory",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to is null or valid_to >= valid_from", name=op.f("ck_signatory_period")),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_signatory_college_id_college")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatory")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_signatory_id_college_id")),
    )
    op.create_index(op.f("ix_signatory_college_id"), "signatory", ["college_id"], unique=False)
    op.create_table(
        "codev_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id", "college_id"],
            ["cohort.id", "cohort.college_id"],
            name=op.f("fk_codev_group_cohort_id_college_id_cohort"),
        ),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_codev_group_created_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_group")),
        sa.UniqueConstraint("cohort_id", "name", name=op.f("uq_codev_group_cohort_id_name")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_group_id_college_id")),
    )
    op.create_index(op.f("ix_codev_group_cohort_id"), "codev_group", ["cohort_id"], unique=False)
    op.create_index(op.f("ix_codev_group_college_id"), "codev_group", ["college_id"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("curriculum_slug", sa.String(length=60), nullable=False),
        sa.Column("curriculum_version", sa.String(length=20), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "applied",
                "admitted",
                "active",
                "completed",
                "refused",
                "on_leave",
                "incomplete",
                "withdrawn",
                "transferred",
                "failed",
                name="enrolmentstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("employer", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["cohort_id", "college_id"],
            ["cohort.id", "cohort.college_id"],
            name=op.f("fk_enrolment_cohort_id_college_id_cohort"),
        ),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_enrolment_college_id_college")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("cohort_id", "person_id", name=op.f("uq_enrolment_cohort_id_person_id")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_enrolment_id_college_id")),
    )
    op.create_index(op.f("ix_enrolment_cohort_id"), "enrolment", ["cohort_id"], unique=False)
    op.create_index(op.f("ix_enrolment_college_id"), "enrolment", ["college_id"], unique=False)
    op.create_index(op.f("ix_enrolment_person_id"), "enrolment", ["person_id"], unique=False)
    op.create_index(op.f("ix_enrolment_state"), "enrolment", ["state"], unique=False)
    op.create_index(
        "uq_enrolment_one_active_per_path",
        "enrolment",
        ["person_id", "curriculum_slug"],
        unique=True,
        postgresql_where=sa.text("state in ('admitted', 'active', 'on_leave')"),
    )
    op.create_table(
        "mandate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enterprise_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "orientation",
                "accompagnement",
                name="mandatekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_mandate_created_by_person")),
        sa.ForeignKeyConstraint(
            ["enterprise_id", "college_id"],
            ["enterprise.id", "enterprise.college_id"],
            name=op.f("fk_mandate_enterprise_id_college_id_enterprise"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_mandate_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_mandate_id_college_id")),
    )
    op.create_index(op.f("ix_mandate_college_id"), "mandate", ["college_id"], unique=False)
    op.create_index(op.f("ix_mandate_enterprise_id"), "mandate", ["enterprise_id"], unique=False)
    op.create_index(op.f("ix_mandate_project_id"), "mandate", ["project_id"], unique=False)
    op.create_table(
        "scheduled_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "async",
                "onsite",
                "online",
                "hybrid",
                "field",
                name="mode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Integer(), nullable=True),
        sa.Column("cancel_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint("planned_minutes between 15 and 720", name=op.f("ck_scheduled_session_planned_minutes")),
        sa.ForeignKeyConstraint(["cancelled_by"], ["person.id"], name=op.f("fk_scheduled_session_cancelled_by_person")),
        sa.ForeignKeyConstraint(
            ["cohort_id", "college_id"],
            ["cohort.id", "cohort.college_id"],
            name=op.f("fk_scheduled_session_cohort_id_college_id_cohort"),
        ),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_scheduled_session_created_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_session")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_scheduled_session_id_college_id")),
    )
    op.create_index(op.f("ix_scheduled_session_cohort_id"), "scheduled_session", ["cohort_id"], unique=False)
    op.create_index(op.f("ix_scheduled_session_college_id"), "scheduled_session", ["college_id"], unique=False)
    op.create_index(op.f("ix_scheduled_session_starts_at"), "scheduled_session", ["starts_at"], unique=False)
    op.create_table(
        "activity_completion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_activity_completion_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_activity_completion_recorded_by_person")),
        sa.ForeignKeyConstraint(
            ["supersedes_id", "college_id"],
            ["activity_completion.id", "activity_completion.college_id"],
            name=op.f("fk_activity_completion_supersedes_id_college_id_activity_completion"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_completion")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_activity_completion_id_college_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_activity_completion_supersedes_id")),
    )
    op.create_index(op.f("ix_activity_completion_college_id"), "activity_completion", ["college_id"], unique=False)
    op.create_index(op.f("ix_activity_completion_enrolment_id"), "activity_completion", ["enrolment_id"], unique=False)
    op.create_index(
        "uq_activity_completion_first",
        "activity_completion",
        ["enrolment_id", "activity_code"],
        unique=True,
        postgresql_where=sa.text("supersedes_id is null"),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("motive", sa.String(length=4000), nullable=False),
        sa.Column("employer", sa.String(length=200), nullable=True),
        sa.Column("employer_agrees", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_application_enrolment_id_college_id_enrolment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("enrolment_id", name=op.f("uq_application_enrolment_id")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_application_id_college_id")),
    )
    op.create_index(op.f("ix_application_college_id"), "application", ["college_id"], unique=False)
    op.create_table(
        "catch_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(done_on is null) = (supersedes_id is null)", name=op.f("ck_catch_up_done_supersedes")),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_catch_up_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_catch_up_recorded_by_person")),
        sa.ForeignKeyConstraint(
            ["supersedes_id", "college_id"],
            ["catch_up.id", "catch_up.college_id"],
            name=op.f("fk_catch_up_supersedes_id_college_id_catch_up"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catch_up")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_catch_up_id_college_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_catch_up_supersedes_id")),
    )
    op.create_index(op.f("ix_catch_up_college_id"), "catch_up", ["college_id"], unique=False)
    op.create_index(op.f("ix_catch_up_enrolment_id"), "catch_up", ["enrolment_id"], unique=False)
    op.create_index(
        "uq_catch_up_first",
        "catch_up",
        ["enrolment_id", "activity_code"],
        unique=True,
        postgresql_where=sa.text("supersedes_id is null"),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
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
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "valid",
                "superseded",
                "revoked",
                name="certificatestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("design", sa.String(length=60), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=True),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_certificate_college_id_college")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_certificate_decided_by_person")),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_certificate_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id", "college_id"],
            ["certificate.id", "certificate.college_id"],
            name=op.f("fk_certificate_supersedes_id_college_id_certificate"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("code", name=op.f("uq_certificate_code")),
        sa.UniqueConstraint("college_id", "year", "sequence", name=op.f("uq_certificate_college_id_year_sequence")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_certificate_id_college_id")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_certificate_supersedes_id")),
    )
    op.create_index(op.f("ix_certificate_college_id"), "certificate", ["college_id"], unique=False)
    op.create_index(op.f("ix_certificate_enrolment_id"), "certificate", ["enrolment_id"], unique=False)
    op.create_index(
        "uq_certificate_one_valid",
        "certificate",
        ["enrolment_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 'valid'"),
    )
    op.create_table(
        "codev_membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_codev_membership_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "college_id"],
            ["codev_group.id", "codev_group.college_id"],
            name=op.f("fk_codev_membership_group_id_college_id_codev_group"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_membership")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_membership_id_college_id")),
    )
    op.create_index(op.f("ix_codev_membership_college_id"), "codev_membership", ["college_id"], unique=False)
    op.create_index(op.f("ix_codev_membership_enrolment_id"), "codev_membership", ["enrolment_id"], unique=False)
    op.create_index(op.f("ix_codev_membership_group_id"), "codev_membership", ["group_id"], unique=False)
    op.create_index(
        "uq_codev_membership_current",
        "codev_membership",
        ["enrolment_id"],
        unique=True,
        postgresql_where=sa.text("left_on is null"),
    )
    op.create_table(
        "codev_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "async",
                "onsite",
                "online",
                "hybrid",
                "field",
                name="mode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("planned_minutes between 30 and 480", name=op.f("ck_codev_session_planned_minutes")),
        sa.ForeignKeyConstraint(["cancelled_by"], ["person.id"], name=op.f("fk_codev_session_cancelled_by_person")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_codev_session_created_by_person")),
        sa.ForeignKeyConstraint(
            ["group_id", "college_id"],
            ["codev_group.id", "codev_group.college_id"],
            name=op.f("fk_codev_session_group_id_college_id_codev_group"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_session")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_session_id_college_id")),
    )
    op.create_index(op.f("ix_codev_session_college_id"), "codev_session", ["college_id"], unique=False)
    op.create_index(op.f("ix_codev_session_group_id"), "codev_session", ["group_id"], unique=False)
    op.create_index(op.f("ix_codev_session_starts_at"), "codev_session", ["starts_at"], unique=False)
    op.create_table(
        "enrolment_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column(
            "from_state",
            sa.Enum(
                "applied",
                "admitted",
                "active",
                "completed",
                "refused",
                "on_leave",
                "incomplete",
                "withdrawn",
                "transferred",
                "failed",
                name="from_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "applied",
                "admitted",
                "active",
                "completed",
                "refused",
                "on_leave",
                "incomplete",
                "withdrawn",
                "transferred",
                "failed",
                name="enrolmentstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_by", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_enrolment_move_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["moved_by"], ["person.id"], name=op.f("fk_enrolment_move_moved_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_move")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_enrolment_move_id_college_id")),
    )
    op.create_index(op.f("ix_enrolment_move_college_id"), "enrolment_move", ["college_id"], unique=False)
    op.create_index(op.f("ix_enrolment_move_enrolment_id"), "enrolment_move", ["enrolment_id"], unique=False)
    op.create_table(
        "field_hours",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("worked_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_field_hours_minutes")),
        sa.ForeignKeyConstraint(["declared_by"], ["person.id"], name=op.f("fk_field_hours_declared_by_person")),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_field_hours_enrolment_id_college_id_enrolment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_hours")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_field_hours_id_college_id")),
    )
    op.create_index(op.f("ix_field_hours_college_id"), "field_hours", ["college_id"], unique=False)
    op.create_index(op.f("ix_field_hours_enrolment_id"), "field_hours", ["enrolment_id"], unique=False)
    op.create_table(
        "hand_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("file_type", sa.String(length=100), nullable=True),
        sa.Column("file_size", sa.Integer(), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("completed_at_declared", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_from", sa.Integer(), nullable=False),
        sa.CheckConstraint("(body is null) <> (file_sha256 is null)", name=op.f("ck_hand_in_text_or_file")),
        sa.CheckConstraint("(file_sha256 is null) = (file_name is null)", name=op.f("ck_hand_in_file_whole")),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_hand_in_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["received_from"], ["person.id"], name=op.f("fk_hand_in_received_from_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_in")),
        sa.UniqueConstraint(
            "enrolment_id", "activity_code", "attempt", name=op.f("uq_hand_in_enrolment_id_activity_code_attempt")
        ),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_hand_in_id_college_id")),
    )
    op.create_index(op.f("ix_hand_in_college_id"), "hand_in", ["college_id"], unique=False)
    op.create_index(op.f("ix_hand_in_enrolment_id"), "hand_in", ["enrolment_id"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_hold_closed_by_person")),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_hold_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_hold_opened_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_hold_id_college_id")),
    )
    op.create_index(op.f("ix_hold_college_id"), "hold", ["college_id"], unique=False)
    op.create_index(op.f("ix_hold_enrolment_id"), "hold", ["enrolment_id"], unique=False)
    op.create_table(
        "judgement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("competency_code", sa.String(length=20), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("criteria_met", sa.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("comment", sa.String(length=4000), nullable=False),
        sa.Column("validated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assessor_id", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.CheckConstraint("level between 1 and 4", name=op.f("ck_judgement_level")),
        sa.CheckConstraint(
            "supersedes_id is null or reason is not null", name=op.f("ck_judgement_superseding_with_reason")
        ),
        sa.ForeignKeyConstraint(["assessor_id"], ["person.id"], name=op.f("fk_judgement_assessor_id_person")),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_judgement_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id", "college_id"],
            ["judgement.id", "judgement.college_id"],
            name=op.f("fk_judgement_supersedes_id_college_id_judgement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_judgement_id_college_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_judgement_supersedes_id")),
    )
    op.create_index(op.f("ix_judgement_assessor_id"), "judgement", ["assessor_id"], unique=False)
    op.create_index(op.f("ix_judgement_college_id"), "judgement", ["college_id"], unique=False)
    op.create_index(op.f("ix_judgement_enrolment_id"), "judgement", ["enrolment_id"], unique=False)
    op.create_table(
        "mandate_advisor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("mandate_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_mandate_advisor_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(
            ["mandate_id", "college_id"],
            ["mandate.id", "mandate.college_id"],
            name=op.f("fk_mandate_advisor_mandate_id_college_id_mandate"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mandate_advisor_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate_advisor")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_mandate_advisor_id_college_id")),
        sa.UniqueConstraint("mandate_id", "person_id", name=op.f("uq_mandate_advisor_mandate_id_person_id")),
    )
    op.create_index(op.f("ix_mandate_advisor_college_id"), "mandate_advisor", ["college_id"], unique=False)
    op.create_index(op.f("ix_mandate_advisor_enrolment_id"), "mandate_advisor", ["enrolment_id"], unique=False)
    op.create_index(op.f("ix_mandate_advisor_mandate_id"), "mandate_advisor", ["mandate_id"], unique=False)
    op.create_index(op.f("ix_mandate_advisor_person_id"), "mandate_advisor", ["person_id"], unique=False)
    op.create_table(
        "mandate_milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("mandate_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "agreement",
                "diagnostic",
                "plan",
                name="milestonekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("confidentiality_clause", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind <> 'agreement' or confidentiality_clause", name=op.f("ck_mandate_milestone_confidential_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["mandate_id", "college_id"],
            ["mandate.id", "mandate.college_id"],
            name=op.f("fk_mandate_milestone_mandate_id_college_id_mandate"),
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_mandate_milestone_recorded_by_person")),
        sa.ForeignKeyConstraint(
            ["supersedes_id", "college_id"],
            ["mandate_milestone.id", "mandate_milestone.college_id"],
            name=op.f("fk_mandate_milestone_supersedes_id_college_id_mandate_milestone"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate_milestone")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_mandate_milestone_id_college_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_mandate_milestone_supersedes_id")),
    )
    op.create_index(op.f("ix_mandate_milestone_college_id"), "mandate_milestone", ["college_id"], unique=False)
    op.create_index(op.f("ix_mandate_milestone_mandate_id"), "mandate_milestone", ["mandate_id"], unique=False)
    op.create_index(
        "uq_mandate_milestone_first",
        "mandate_milestone",
        ["mandate_id", "kind"],
        unique=True,
        postgresql_where=sa.text("supersedes_id is null"),
    )
    op.create_table(
        "progress",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recognised_minutes", sa.Integer(), nullable=False),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column("attended_minutes", sa.Integer(), nullable=False),
        sa.Column("attendance_base_minutes", sa.Integer(), nullable=False),
        sa.Column("modules_done", sa.Integer(), nullable=False),
        sa.Column("modules_total", sa.Integer(), nullable=False),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("last_fact_on", sa.Date(), nullable=True),
        sa.Column("eligible", sa.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("folded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_progress_enrolment_id_college_id_enrolment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress")),
        sa.UniqueConstraint("enrolment_id", name=op.f("uq_progress_enrolment_id")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_progress_id_college_id")),
    )
    op.create_index(op.f("ix_progress_college_id"), "progress", ["college_id"], unique=False)
    op.create_table(
        "role_held",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "participant",
                "trainer",
                "facilitator",
                "coordinator",
                "registrar",
                "observer",
                "admin",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("college_id", sa.Integer(), nullable=True),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("cohort_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(role in ('admin', 'observer')) = (college_id is null)", name=op.f("ck_role_held_place")),
        sa.CheckConstraint(
            "cohort_id is null or college_id is not null", name=op.f("ck_role_held_cohort_within_college")
        ),
        sa.ForeignKeyConstraint(
            ["cohort_id", "college_id"],
            ["cohort.id", "cohort.college_id"],
            name=op.f("fk_role_held_cohort_id_college_id_cohort"),
        ),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_role_held_college_id_college")),
        sa.ForeignKeyConstraint(["granted_by"], ["person.id"], name=op.f("fk_role_held_granted_by_person")),
        sa.ForeignKeyConstraint(
            ["group_id", "college_id"],
            ["codev_group.id", "codev_group.college_id"],
            name=op.f("fk_role_held_group_id_college_id_codev_group"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_held_person_id_person")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_role_held_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_held")),
    )
    op.create_index(op.f("ix_role_held_cohort_id"), "role_held", ["cohort_id"], unique=False)
    op.create_index(op.f("ix_role_held_group_id"), "role_held", ["group_id"], unique=False)
    op.create_index(op.f("ix_role_held_person_id"), "role_held", ["person_id"], unique=False)
    op.create_index(
        "uq_role_held_once",
        "role_held",
        [
            "person_id",
            "role",
            sa.literal_column("coalesce(college_id, 0)"),
            sa.literal_column("coalesce(project_id, 0)"),
            sa.literal_column("coalesce(cohort_id, 0)"),
            sa.literal_column("coalesce(group_id, 0)"),
        ],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "roll_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_roll_call_closed_by_person")),
        sa.ForeignKeyConstraint(
            ["session_id", "college_id"],
            ["scheduled_session.id", "scheduled_session.college_id"],
            name=op.f("fk_roll_call_session_id_college_id_scheduled_session"),
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id", "college_id"],
            ["roll_call.id", "roll_call.college_id"],
            name=op.f("fk_roll_call_supersedes_id_college_id_roll_call"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_call")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_roll_call_id_college_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_roll_call_supersedes_id")),
    )
    op.create_index(op.f("ix_roll_call_college_id"), "roll_call", ["college_id"], unique=False)
    op.create_index(op.f("ix_roll_call_session_id"), "roll_call", ["session_id"], unique=False)
    op.create_index(
        "uq_roll_call_first",
        "roll_call",
        ["session_id"],
        unique=True,
        postgresql_where=sa.text("supersedes_id is null"),
    )
    op.create_table(
        "codev_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("facilitator_id", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_codev_record_closed_by_person")),
        sa.ForeignKeyConstraint(["facilitator_id"], ["person.id"], name=op.f("fk_codev_record_facilitator_id_person")),
        sa.ForeignKeyConstraint(
            ["session_id", "college_id"],
            ["codev_session.id", "codev_session.college_id"],
            name=op.f("fk_codev_record_session_id_college_id_codev_session"),
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id", "college_id"],
            ["codev_record.id", "codev_record.college_id"],
            name=op.f("fk_codev_record_supersedes_id_college_id_codev_record"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_record")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_record_id_college_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_codev_record_supersedes_id")),
    )
    op.create_index(op.f("ix_codev_record_college_id"), "codev_record", ["college_id"], unique=False)
    op.create_index(op.f("ix_codev_record_session_id"), "codev_record", ["session_id"], unique=False)
    op.create_index(
        "uq_codev_record_first",
        "codev_record",
        ["session_id"],
        unique=True,
        postgresql_where=sa.text("supersedes_id is null"),
    )
    op.create_table(
        "countersignature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("field_hours_id", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("accepted or reason is not null", name=op.f("ck_countersignature_refusal_with_reason")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_countersignature_decided_by_person")),
        sa.ForeignKeyConstraint(
            ["field_hours_id", "college_id"],
            ["field_hours.id", "field_hours.college_id"],
            name=op.f("fk_countersignature_field_hours_id_college_id_field_hours"),
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id", "college_id"],
            ["countersignature.id", "countersignature.college_id"],
            name=op.f("fk_countersignature_supersedes_id_college_id_countersignature"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_countersignature")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_countersignature_id_college_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_countersignature_supersedes_id")),
    )
    op.create_index(op.f("ix_countersignature_college_id"), "countersignature", ["college_id"], unique=False)
    op.create_index(op.f("ix_countersignature_field_hours_id"), "countersignature", ["field_hours_id"], unique=False)
    op.create_index(
        "uq_countersignature_first",
        "countersignature",
        ["field_hours_id"],
        unique=True,
        postgresql_where=sa.text("supersedes_id is null"),
    )
    op.create_table(
        "judgement_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("judgement_id", sa.Integer(), nullable=False),
        sa.Column("hand_in_id", sa.Integer(), nullable=True),
        sa.Column("mandate_id", sa.Integer(), nullable=True),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(hand_in_id, mandate_id, session_id) = 1", name=op.f("ck_judgement_evidence_exactly_one")
        ),
        sa.ForeignKeyConstraint(
            ["hand_in_id", "college_id"],
            ["hand_in.id", "hand_in.college_id"],
            name=op.f("fk_judgement_evidence_hand_in_id_college_id_hand_in"),
        ),
        sa.ForeignKeyConstraint(
            ["judgement_id", "college_id"],
            ["judgement.id", "judgement.college_id"],
            name=op.f("fk_judgement_evidence_judgement_id_college_id_judgement"),
        ),
        sa.ForeignKeyConstraint(
            ["mandate_id", "college_id"],
            ["mandate.id", "mandate.college_id"],
            name=op.f("fk_judgement_evidence_mandate_id_college_id_mandate"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id", "college_id"],
            ["scheduled_session.id", "scheduled_session.college_id"],
            name=op.f("fk_judgement_evidence_session_id_college_id_scheduled_session"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement_evidence")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_judgement_evidence_id_college_id")),
    )
    op.create_index(op.f("ix_judgement_evidence_college_id"), "judgement_evidence", ["college_id"], unique=False)
    op.create_index(
        "ix_judgement_evidence_hand_in_id",
        "judgement_evidence",
        ["hand_in_id"],
        unique=False,
        postgresql_where=sa.text("hand_in_id is not null"),
    )
    op.create_index(op.f("ix_judgement_evidence_judgement_id"), "judgement_evidence", ["judgement_id"], unique=False)
    op.create_table(
        "role_assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "client",
                "reserve",
                "observer",
                "note_taker",
                "digital_facilitator",
                name="codevrole",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("position between 1 and 4", name=op.f("ck_role_assignment_position")),
        sa.ForeignKeyConstraint(
            ["membership_id", "college_id"],
            ["codev_membership.id", "codev_membership.college_id"],
            name=op.f("fk_role_assignment_membership_id_college_id_codev_membership"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id", "college_id"],
            ["codev_session.id", "codev_session.college_id"],
            name=op.f("fk_role_assignment_session_id_college_id_codev_session"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_assignment")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_role_assignment_id_college_id")),
        sa.UniqueConstraint(
            "session_id", "position", "membership_id", name=op.f("uq_role_assignment_session_id_position_membership_id")
        ),
    )
    op.create_index(op.f("ix_role_assignment_college_id"), "role_assignment", ["college_id"], unique=False)
    op.create_index(op.f("ix_role_assignment_session_id"), "role_assignment", ["session_id"], unique=False)
    op.create_index(
        "uq_role_assignment_one_client",
        "role_assignment",
        ["session_id", "position"],
        unique=True,
        postgresql_where=sa.text("role = 'client'"),
    )
    op.create_table(
        "roll_call_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("roll_call_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "present",
                "late",
                "left_early",
                "excused",
                "absent",
                name="presencestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "mode",
            sa.Enum(
                "onsite", "video", "phone", name="presencemode", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status in ('excused', 'absent')) = (minutes = 0)", name=op.f("ck_roll_call_entry_absent_without_minutes")
        ),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_roll_call_entry_minutes")),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_roll_call_entry_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(
            ["roll_call_id", "college_id"],
            ["roll_call.id", "roll_call.college_id"],
            name=op.f("fk_roll_call_entry_roll_call_id_college_id_roll_call"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_call_entry")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_roll_call_entry_id_college_id")),
        sa.UniqueConstraint("roll_call_id", "enrolment_id", name=op.f("uq_roll_call_entry_roll_call_id_enrolment_id")),
    )
    op.create_index(op.f("ix_roll_call_entry_college_id"), "roll_call_entry", ["college_id"], unique=False)
    op.create_index(op.f("ix_roll_call_entry_enrolment_id"), "roll_call_entry", ["enrolment_id"], unique=False)
    op.create_index(op.f("ix_roll_call_entry_roll_call_id"), "roll_call_entry", ["roll_call_id"], unique=False)
    op.create_table(
        "codev_presence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "present",
                "late",
                "left_early",
                "excused",
                "absent",
                name="presencestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "mode",
            sa.Enum(
                "onsite", "video", "phone", name="presencemode", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status in ('excused', 'absent')) = (minutes = 0)", name=op.f("ck_codev_presence_absent_without_minutes")
        ),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_codev_presence_minutes")),
        sa.ForeignKeyConstraint(
            ["membership_id", "college_id"],
            ["codev_membership.id", "codev_membership.college_id"],
            name=op.f("fk_codev_presence_membership_id_college_id_codev_membership"),
        ),
        sa.ForeignKeyConstraint(
            ["record_id", "college_id"],
            ["codev_record.id", "codev_record.college_id"],
            name=op.f("fk_codev_presence_record_id_college_id_codev_record"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_presence")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_presence_id_college_id")),
        sa.UniqueConstraint("record_id", "membership_id", name=op.f("uq_codev_presence_record_id_membership_id")),
    )
    op.create_index(op.f("ix_codev_presence_college_id"), "codev_presence", ["college_id"], unique=False)
    op.create_index(op.f("ix_codev_presence_membership_id"), "codev_presence", ["membership_id"], unique=False)
    op.create_index(op.f("ix_codev_presence_record_id"), "codev_presence", ["record_id"], unique=False)
    op.create_table(
        "codev_turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("planned_client_id", sa.Integer(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "held",
                "postponed",
                "swapped",
                "cancelled",
                name="turnstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "absence",
                "pass",
                "time",
                "technical",
                "quorum",
                name="turnreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "status <> 'swapped' or planned_client_id <> client_id", name=op.f("ck_codev_turn_swapped_from_another")
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "college_id"],
            ["codev_membership.id", "codev_membership.college_id"],
            name=op.f("fk_codev_turn_client_id_college_id_codev_membership"),
        ),
        sa.ForeignKeyConstraint(
            ["planned_client_id", "college_id"],
            ["codev_membership.id", "codev_membership.college_id"],
            name=op.f("fk_codev_turn_planned_client_id_college_id_codev_membership"),
        ),
        sa.ForeignKeyConstraint(
            ["record_id", "college_id"],
            ["codev_record.id", "codev_record.college_id"],
            name=op.f("fk_codev_turn_record_id_college_id_codev_record"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_turn")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_turn_id_college_id")),
        sa.UniqueConstraint("record_id", "position", name=op.f("uq_codev_turn_record_id_position")),
    )
    op.create_index(op.f("ix_codev_turn_college_id"), "codev_turn", ["college_id"], unique=False)
    op.create_index(op.f("ix_codev_turn_record_id"), "codev_turn", ["record_id"], unique=False)


def downgrade() -> None:  # noqa: PLR0915
    op.drop_index(op.f("ix_codev_turn_record_id"), table_name="codev_turn")
    op.drop_index(op.f("ix_codev_turn_college_id"), table_name="codev_turn")
    op.drop_table("codev_turn")
    op.drop_index(op.f("ix_codev_presence_record_id"), table_name="codev_presence")
    op.drop_index(op.f("ix_codev_presence_membership_id"), table_name="codev_presence")
    op.drop_index(op.f("ix_codev_presence_college_id"), table_name="codev_presence")
    op.drop_table("codev_presence")
    op.drop_index(op.f("ix_roll_call_entry_roll_call_id"), table_name="roll_call_entry")
    op.drop_index(op.f("ix_roll_call_entry_enrolment_id"), table_name="roll_call_entry")
    op.drop_index(op.f("ix_roll_call_entry_college_id"), table_name="roll_call_entry")
    op.drop_table("roll_call_entry")
    op.drop_index(
        "uq_role_assignment_one_client", table_name="role_assignment", postgresql_where=sa.text("role = 'client'")
    )
    op.drop_index(op.f("ix_role_assignment_session_id"), table_name="role_assignment")
    op.drop_index(op.f("ix_role_assignment_college_id"), table_name="role_assignment")
    op.drop_table("role_assignment")
    op.drop_index(op.f("ix_judgement_evidence_judgement_id"), table_name="judgement_evidence")
    op.drop_index(
        "ix_judgement_evidence_hand_in_id",
        table_name="judgement_evidence",
        postgresql_where=sa.text("hand_in_id is not null"),
    )
    op.drop_index(op.f("ix_judgement_evidence_college_id"), table_name="judgement_evidence")
    op.drop_table("judgement_evidence")
    op.drop_index(
        "uq_countersignature_first", table_name="countersignature", postgresql_where=sa.text("supersedes_id is null")
    )
    op.drop_index(op.f("ix_countersignature_field_hours_id"), table_name="countersignature")
    op.drop_index(op.f("ix_countersignature_college_id"), table_name="countersignature")
    op.drop_table("countersignature")
    op.drop_index("uq_codev_record_first", table_name="codev_record", postgresql_where=sa.text("supersedes_id is null"))
    op.drop_index(op.f("ix_codev_record_session_id"), table_name="codev_record")
    op.drop_index(op.f("ix_codev_record_college_id"), table_name="codev_record")
    op.drop_table("codev_record")
    op.drop_index("uq_roll_call_first", table_name="roll_call", postgresql_where=sa.text("supersedes_id is null"))
    op.drop_index(op.f("ix_roll_call_session_id"), table_name="roll_call")
    op.drop_index(op.f("ix_roll_call_college_id"), table_name="roll_call")
    op.drop_table("roll_call")
    op.drop_index("uq_role_held_once", table_name="role_held", postgresql_where=sa.text("ended_at is null"))
    op.drop_index(op.f("ix_role_held_person_id"), table_name="role_held")
    op.drop_index(op.f("ix_role_held_group_id"), table_name="role_held")
    op.drop_index(op.f("ix_role_held_cohort_id"), table_name="role_held")
    op.drop_table("role_held")
    op.drop_index(op.f("ix_progress_college_id"), table_name="progress")
    op.drop_table("progress")
    op.drop_index(
        "uq_mandate_milestone_first", table_name="mandate_milestone", postgresql_where=sa.text("supersedes_id is null")
    )
    op.drop_index(op.f("ix_mandate_milestone_mandate_id"), table_name="mandate_milestone")
    op.drop_index(op.f("ix_mandate_milestone_college_id"), table_name="mandate_milestone")
    op.drop_table("mandate_milestone")
    op.drop_index(op.f("ix_mandate_advisor_person_id"), table_name="mandate_advisor")
    op.drop_index(op.f("ix_mandate_advisor_mandate_id"), table_name="mandate_advisor")
    op.drop_index(op.f("ix_mandate_advisor_enrolment_id"), table_name="mandate_advisor")
    op.drop_index(op.f("ix_mandate_advisor_college_id"), table_name="mandate_advisor")
    op.drop_table("mandate_advisor")
    op.drop_index(op.f("ix_judgement_enrolment_id"), table_name="judgement")
    op.drop_index(op.f("ix_judgement_college_id"), table_name="judgement")
    op.drop_index(op.f("ix_judgement_assessor_id"), table_name="judgement")
    op.drop_table("judgement")
    op.drop_index(op.f("ix_hold_enrolment_id"), table_name="hold")
    op.drop_index(op.f("ix_hold_college_id"), table_name="hold")
    op.drop_table("hold")
    op.drop_index(op.f("ix_hand_in_enrolment_id"), table_name="hand_in")
    op.drop_index(op.f("ix_hand_in_college_id"), table_name="hand_in")
    op.drop_table("hand_in")
    op.drop_index(op.f("ix_field_hours_enrolment_id"), table_name="field_hours")
    op.drop_index(op.f("ix_field_hours_college_id"), table_name="field_hours")
    op.drop_table("field_hours")
    op.drop_index(op.f("ix_enrolment_move_enrolment_id"), table_name="enrolment_move")
    op.drop_index(op.f("ix_enrolment_move_college_id"), table_name="enrolment_move")
    op.drop_table("enrolment_move")
    op.drop_index(op.f("ix_codev_session_starts_at"), table_name="codev_session")
    op.drop_index(op.f("ix_codev_session_group_id"), table_name="codev_session")
    op.drop_index(op.f("ix_codev_session_college_id"), table_name="codev_session")
    op.drop_table("codev_session")
    op.drop_index(
        "uq_codev_membership_current", table_name="codev_membership", postgresql_where=sa.text("left_on is null")
    )
    op.drop_index(op.f("ix_codev_membership_group_id"), table_name="codev_membership")
    op.drop_index(op.f("ix_codev_membership_enrolment_id"), table_name="codev_membership")
    op.drop_index(op.f("ix_codev_membership_college_id"), table_name="codev_membership")
    op.drop_table("codev_membership")
    op.drop_index("uq_certificate_one_valid", table_name="certificate", postgresql_where=sa.text("state = 'valid'"))
    op.drop_index(op.f("ix_certificate_enrolment_id"), table_name="certificate")
    op.drop_index(op.f("ix_certificate_college_id"), table_name="certificate")
    op.drop_table("certificate")
    op.drop_index("uq_catch_up_first", table_name="catch_up", postgresql_where=sa.text("supersedes_id is null"))
    op.drop_index(op.f("ix_catch_up_enrolment_id"), table_name="catch_up")
    op.drop_index(op.f("ix_catch_up_college_id"), table_name="catch_up")
    op.drop_table("catch_up")
    op.drop_index(op.f("ix_application_college_id"), table_name="application")
    op.drop_table("application")
    op.drop_index(
        "uq_activity_completion_first",
        table_name="activity_completion",
        postgresql_where=sa.text("supersedes_id is null"),
    )
    op.drop_index(op.f("ix_activity_completion_enrolment_id"), table_name="activity_completion")
    op.drop_index(op.f("ix_activity_completion_college_id"), table_name="activity_completion")
    op.drop_table("activity_completion")
    op.drop_index(op.f("ix_scheduled_session_starts_at"), table_name="scheduled_session")
    op.drop_index(op.f("ix_scheduled_session_college_id"), table_name="scheduled_session")
    op.drop_index(op.f("ix_scheduled_session_cohort_id"), table_name="scheduled_session")
    op.drop_table("scheduled_session")
    op.drop_index(op.f("ix_mandate_project_id"), table_name="mandate")
    op.drop_index(op.f("ix_mandate_enterprise_id"), table_name="mandate")
    op.drop_index(op.f("ix_mandate_college_id"), table_name="mandate")
    op.drop_table("mandate")
    op.drop_index(
        "uq_enrolment_one_active_per_path",
        table_name="enrolment",
        postgresql_where=sa.text("state in ('admitted', 'active', 'on_leave')"),
    )
    op.drop_index(op.f("ix_enrolment_state"), table_name="enrolment")
    op.drop_index(op.f("ix_enrolment_person_id"), table_name="enrolment")
    op.drop_index(op.f("ix_enrolment_college_id"), table_name="enrolment")
    op.drop_index(op.f("ix_enrolment_cohort_id"), table_name="enrolment")
    op.drop_table("enrolment")
    op.drop_index(op.f("ix_codev_group_college_id"), table_name="codev_group")
    op.drop_index(op.f("ix_codev_group_cohort_id"), table_name="codev_group")
    op.drop_table("codev_group")
    op.drop_index(op.f("ix_signatory_college_id"), table_name="signatory")
    op.drop_table("signatory")
    op.drop_index(op.f("ix_sign_in_account_id"), table_name="sign_in")
    op.drop_table("sign_in")
    op.drop_index(op.f("ix_management_link_college_id"), table_name="management_link")
    op.drop_table("management_link")
    op.drop_index(op.f("ix_enterprise_search_key"), table_name="enterprise")
    op.drop_index(op.f("ix_enterprise_region_code"), table_name="enterprise")
    op.drop_index(op.f("ix_enterprise_college_id"), table_name="enterprise")
    op.drop_table("enterprise")
    op.drop_index(op.f("ix_cohort_region_code"), table_name="cohort")
    op.drop_index(op.f("ix_cohort_project_id"), table_name="cohort")
    op.drop_index(op.f("ix_cohort_college_id"), table_name="cohort")
    op.drop_table("cohort")
    op.drop_table("certificate_counter")
    op.drop_table("project_target")
    op.drop_index(op.f("ix_college_region_code"), table_name="college")
    op.drop_table("college")
    op.drop_table("account")
    op.drop_table("region")
    op.drop_table("published_curriculum")
    op.drop_table("project")
    op.drop_index(op.f("ix_person_search_key"), table_name="person")
    op.drop_table("person")
