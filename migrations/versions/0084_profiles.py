"""Profiles of expertise, and the three consents that open each to one audience."""

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None

APP = "escouade_app"
OWN = "person_id = (select acting_person())"
AGREED = "exists (select from consent c where c.person_id = {table}.person_id and c.purpose = '{purpose}' and c.withdrawn_at is null)"  # noqa: E501
OF_COLLEGE = (
    "exists (select from enrolment e where e.person_id = {table}.person_id"
    " and e.college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and e.college_id = any ((select acting_colleges())::int[]))"
)
STANDS = """
create function expertise_stands(person int, certificate int, mandate int) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (
             select from public.certificate c join public.enrolment e on e.id = c.enrolment_id
              where c.id = certificate and e.person_id = person and c.state = 'valid')
        or exists (
             select from public.mandate_advisor a where a.mandate_id = mandate and a.person_id = person)
$$
"""
"""Whether what an expertise rests on is still its person's, in whichever college: a revoked certificate is not."""
PURPOSES = ("evaluation_study", "image_and_testimony", "employer_list")
OF_PROFILES = ("profile_directory", "profile_photo", "profile_employer")


def upgrade() -> None:
    """Create the tables: another's profile is a row only by a consent that is in force."""
    _allow((*PURPOSES, *OF_PROFILES))
    op.create_table(
        "advisor_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("presentation", sa.String(length=600), nullable=False),
        sa.Column("not_doing", sa.String(length=300), nullable=False),
        sa.Column("regions", sa.ARRAY(sa.String(length=2)), nullable=False),
        sa.Column("sectors", sa.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("availability", sa.String(length=40), nullable=False),
        sa.Column("contribution", sa.String(length=40), nullable=True),
        sa.Column("contribution_on", sa.Date(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "availability in ('open', 'limited', 'not_now')", name=op.f("ck_advisor_profile_availability")
        ),
        sa.CheckConstraint(
            "contribution in ('review_tool', 'welcome', 'keep_resource')",
            name=op.f("ck_advisor_profile_contributionkind"),
        ),
        sa.CheckConstraint(
            "(contribution is null) = (contribution_on is null)", name=op.f("ck_advisor_profile_contribution")
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_advisor_profile_version")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_advisor_profile_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advisor_profile")),
        sa.UniqueConstraint("person_id", name=op.f("uq_advisor_profile_person_id")),
    )
    op.create_table(
        "profile_expertise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("competency", sa.String(length=10), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=True),
        sa.Column("mandate_id", sa.Integer(), nullable=True),
        sa.Column("proven_on", sa.Date(), nullable=False),
        sa.CheckConstraint("num_nonnulls(certificate_id, mandate_id) = 1", name=op.f("ck_profile_expertise_proof")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_profile_expertise_person_id_person")),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_profile_expertise_certificate_id_certificate")
        ),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandate.id"], name=op.f("fk_profile_expertise_mandate_id_mandate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_expertise")),
        sa.UniqueConstraint("person_id", "competency", name=op.f("uq_profile_expertise_person_id_competency")),
    )
    for column in ("person_id", "competency", "certificate_id", "mandate_id"):
        op.create_index(op.f(f"ix_profile_expertise_{column}"), "profile_expertise", [column])
    op.execute(STANDS)
    op.execute("revoke all on function expertise_stands(int, int, int) from public")
    op.execute(f"grant execute on function expertise_stands(int, int, int) to {APP}")
    for table in ("advisor_profile", "profile_expertise"):
        published = AGREED.format(table=table, purpose="profile_directory")
        shared = f"{AGREED.format(table=table, purpose='profile_employer')} and {OF_COLLEGE.format(table=table)}"
        read = f"{OWN} or (select acting_person()) is not null and ({published} or {shared})"
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({read})')
        op.execute(f'create policy "insert" on {table} for insert with check ({OWN})')
        op.execute(f'create policy "delete" on {table} for delete using ({OWN})')
    op.execute(f'create policy "update" on advisor_profile for update using ({OWN}) with check ({OWN})')
    op.execute(f"grant select, insert, update, delete on advisor_profile to {APP}")
    op.execute(f"grant select, insert, delete on profile_expertise to {APP}")


def _allow(purposes: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_consent_purpose"), "consent")
    named = ", ".join(map(repr, purposes))
    op.create_check_constraint(op.f("ck_consent_purpose"), "consent", f"purpose in ({named})")


def downgrade() -> None:
    """Drop them, with what people consented to for them."""
    op.drop_table("profile_expertise")
    op.drop_table("advisor_profile")
    op.execute("drop function expertise_stands(int, int, int)")
    op.execute("delete from consent where purpose like 'profile_%'")
    _allow(PURPOSES)
