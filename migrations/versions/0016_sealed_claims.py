"""Claims that the database verifies, secrets of accounts apart, and policies on what opens an account.

Requests connect as a login role of their own. What they may reach (``app.claims``) is sealed by the application for one
connection and one transaction; ``claims`` verifies the seal with keys that the login role cannot read, and every policy
believes it alone. The setting in the clear stays beside it in the conditions: the planner reads it.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

APP = "escouade_app"
COLLEGES = (
    "(college_id = ANY ((string_to_array(current_setting('app.college_ids'::text, true), ','::text))::integer[]))"
)
PRESENTED = "token_hash = current_setting('app.presented', true)"
PERSON = "(NULLIF(current_setting('app.person_id'::text, true), ''::text))::integer"
SEALED_COLLEGES = "college_id = any ((select acting_colleges())::int[])"
SEALED_PERSON = "(select acting_person())"
OF_ACCOUNT = "account_id = (select acting_account())"
OF_PERSON = "person_id = (select acting_person())"
ROLES = (
    f"(college_id is null and (select acting_may('platform_roles')))"
    f" or ({COLLEGES} and {SEALED_COLLEGES} and (select acting_may('roles')))"
)
OIDC = "(select acting_may('oidc'))"
POLICIES = {
    "account": {
        "select": "true",
        "insert": "(select acting_may('accounts'))",
        "update": "id = (select acting_account()) or (select acting_may('suspension'))",
    },
    "account_secret": dict.fromkeys(("select", "insert", "update"), OF_ACCOUNT),
    "api_token": dict.fromkeys(("select", "insert", "update"), OF_ACCOUNT),
    "idempotent_request": dict.fromkeys(("select", "insert"), OF_PERSON),
    "oidc_flow": dict.fromkeys(("select", "insert", "update", "delete"), OIDC),
    "oidc_identity": {
        "select": f"{OF_ACCOUNT} or {OIDC}",
        "insert": OF_ACCOUNT,
        "update": f"{OF_ACCOUNT} or {OIDC}",
        "delete": OF_ACCOUNT,
    },
    "password_reset": dict.fromkeys(("select", "insert", "update"), OF_ACCOUNT),
    "recovery_code": dict.fromkeys(("select", "insert", "update", "delete"), OF_ACCOUNT),
    "sign_in": dict.fromkeys(("select", "insert", "update"), OF_ACCOUNT),
}
"""Who may read and write what belongs to one account or person."""
FUNCTIONS = {
    "claims()": (
        "text[]",
        """
        declare
          parts text[] := string_to_array(current_setting('app.claims', true), '|');
          content text := array_to_string(parts[1:5], '|');
          bound text := content || '|' || pg_backend_pid() || '|' || extract(epoch from now());
          expected text;
        begin
          if coalesce(array_length(parts, 1), 0) <> 6 then
            return null;
          end if;
          select encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(bound, 'UTF8'))), 'hex') into expected
            from public.claim_key k where k.id = parts[5];
          if expected = parts[6] then
            return parts;
          end if;
          return null;
        end
        """,
    ),
    "acting_colleges()": ("int[]", "begin return string_to_array((public.claims())[1], ',')::int[]; end"),
    "acting_person()": ("int", "begin return nullif((public.claims())[2], '')::int; end"),
    "acting_account()": ("int", "begin return nullif((public.claims())[3], '')::int; end"),
    "acting_may(asked text)": (
        "boolean",
        "begin return coalesce(asked = any (string_to_array((public.claims())[4], ',')), false); end",
    ),
}
"""What the claims say, where their seal is right; nothing otherwise."""
HELD = """
  (select coalesce(json_agg(json_build_array(h.role, h.college_id, h.cohort_id, h.group_id, h.project_id)), '[]')
     from public.role_held h where h.person_id = a.person_id and h.ended_at is null)
"""
QUESTIONS = {
    "sign_in_of(secret text)": (
        "id int, account_id int, person_id int, seen_at timestamptz, expires_at timestamptz, ended_at timestamptz,"
        " second_factor_at timestamptz, suspended_at timestamptz, totp_confirmed_at timestamptz, roles json",
        f"""
        select s.id, a.id, a.person_id, s.seen_at, s.expires_at, s.ended_at, s.second_factor_at, a.suspended_at,
               a.totp_confirmed_at, {HELD}
          from public.sign_in s join public.account a on a.id = s.account_id
         where s.secret_hash = secret
        """,  # noqa: S608 - our own constant
    ),
    "api_token_of(secret text)": (
        "id int, account_id int, person_id int, seen_at timestamptz, expires_at timestamptz, ended_at timestamptz,"
        " permissions text[], suspended_at timestamptz, totp_confirmed_at timestamptz, roles json",
        f"""
        select t.id, a.id, a.person_id, t.seen_at, t.expires_at, t.ended_at, t.permissions::text[], a.suspended_at,
               a.totp_confirmed_at, {HELD}
          from public.api_token t join public.account a on a.id = t.account_id
         where t.token_hash = secret
        """,  # noqa: S608 - our own constant
    ),
    "password_reset_account(hash text)": (
        "account_id int",
        "select r.account_id from public.password_reset r where r.token_hash = hash",
    ),
}
"""What a secret opens, for whoever presents its digest: nothing can be listed."""


def upgrade() -> None:
    """Create the keys and the functions, move the secrets apart, close the tables, seal every policy."""
    op.create_table(
        "claim_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("inner_pad", sa.LargeBinary(), nullable=False),
        sa.Column("outer_pad", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_key")),
    )
    op.execute("revoke all on claim_key from public")
    for signature, (kind, body) in FUNCTIONS.items():
        function(signature, kind, f"language plpgsql stable parallel restricted {body_of(body)}")
    for signature, (columns, body) in QUESTIONS.items():
        function(signature, f"table ({columns})", f"language sql stable {body_of(body)}")
    separate_secrets()
    for table, policies in POLICIES.items():
        op.execute(f"alter table {table} enable row level security")
        for command, condition in policies.items():
            clause = {"insert": f"with check ({condition})", "update": f"using ({condition}) with check ({condition})"}
            op.execute(f'create policy "{command}" on {table} for {command} '
                       + clause.get(command, f"using ({condition})"))  # fmt: skip
    op.execute(f"revoke update on oidc_identity from {APP}")
    op.execute(f"grant update (seen_at) on oidc_identity to {APP}")
    seal_policies()
    op.execute(f'alter policy "insert" on role_held with check ({ROLES})')
    op.execute(f'alter policy "update" on role_held using ({ROLES}) with check ({ROLES})')
    proposed = f"{with_seal(COLLEGES)} and (select acting_may('roles'))"
    op.execute(f'alter policy "insert" on role_proposal with check ({proposed})')
    op.execute(f'alter policy "update" on role_proposal using ({proposed}) with check ({proposed})')
    rewrite("project_indicators(int)", "nullif(current_setting('app.person_id', true), '')::int",
            "public.acting_person()")  # fmt: skip


def body_of(body: str) -> str:
    """Return what a function that runs as its owner does."""
    return f"security definer set search_path = pg_catalog, pg_temp as $$ {body} $$"


def function(signature: str, kind: str, definition: str) -> None:
    """Create a function that the application role alone may call."""
    op.execute(f"create function {signature} returns {kind} {definition}")
    op.execute(f"revoke all on function {signature} from public")
    op.execute(f"grant execute on function {signature} to {APP}")


def separate_secrets() -> None:
    """Move passwords and second factors to a table whose policy shows one row, to the acts that need it."""
    op.create_table(
        "account_secret",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("totp_sealed", sa.String(length=300), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_secret_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_secret")),
    )
    op.execute("insert into account_secret select id, password_hash, totp_sealed, totp_step from account")
    op.execute(f"grant select, insert, update on account_secret to {APP}")
    for column in ("password_hash", "totp_sealed", "totp_step"):
        op.drop_column("account", column)


def seal_policies() -> None:
    """Add the sealed claims to each condition on the settings in the clear."""
    for table, name, using, check in policies_of_settings():
        clauses = [f"{word} ({with_seal(text)})" for word, text in (("using", using), ("with check", check)) if text]
        op.execute(f'alter policy "{name}" on {table} {" ".join(clauses)}')
    within = f"({with_seal(COLLEGES)} and (select acting_may('invitations')))"
    close_invitations(within, f"{within} or {PRESENTED}")


def close_invitations(within: str, shown: str) -> None:
    """Write the policies of invitations: those of one's colleges, and the ones of a link that is presented."""
    op.execute(f'alter policy "select" on invitation using ({shown})')
    op.execute(f'alter policy "insert" on invitation with check ({within})')
    op.execute(f'alter policy "update" on invitation using ({shown}) with check ({shown})')


def policies_of_settings() -> list[tuple[str, str, str | None, str | None]]:
    """Return the policies that read a setting."""
    query = """
        select tablename, policyname, qual, with_check from pg_policies
         where schemaname = 'public' and concat(qual, with_check) like '%app.%'
    """
    return [tuple(row) for row in op.get_bind().execute(sa.text(query))]


def with_seal(condition: str) -> str:
    """Return a condition on the settings in the clear, and on the sealed claims."""
    condition = condition.replace(COLLEGES, f"({COLLEGES} and {SEALED_COLLEGES})")
    return re.sub(rf"\((\w+) = {re.escape(PERSON)}\)", rf"(\g<0> and \1 = {SEALED_PERSON})", condition)


def rewrite(signature: str, before: str, after: str) -> None:
    """Replace a part of a function."""
    definition = op.get_bind().execute(
        sa.text("select pg_get_functiondef(cast(:name as regprocedure))"), {"name": signature}
    ).scalar_one()  # fmt: skip
    if before not in definition:
        raise RuntimeError(f"{signature} no longer reads {before}")
    op.get_bind().exec_driver_sql(definition.replace(before, after).replace("%", "%%"))


def downgrade() -> None:
    """Trust the settings in the clear again."""
    rewrite("project_indicators(int)", "public.acting_person()",
            "nullif(current_setting('app.person_id', true), '')::int")  # fmt: skip
    op.execute(f'alter policy "insert" on role_proposal with check ({COLLEGES})')
    op.execute(f'alter policy "update" on role_proposal using ({COLLEGES}) with check ({COLLEGES})')
    writable = f"college_id is null or {COLLEGES}"
    op.execute(f'alter policy "insert" on role_held with check ({writable})')
    op.execute(f'alter policy "update" on role_held using ({writable}) with check ({writable})')
    close_invitations(COLLEGES, f"{COLLEGES} or {PRESENTED}")
    for table, name, using, check in policies_of_settings():
        clauses = [f"{word} ({without_seal(text)})" for word, text in (("using", using), ("with check", check)) if text]
        op.execute(f'alter policy "{name}" on {table} {" ".join(clauses)}')
    op.execute(f"grant update on oidc_identity to {APP}")
    for table, policies in POLICIES.items():
        for command in policies:
            op.execute(f'drop policy "{command}" on {table}')
        op.execute(f"alter table {table} disable row level security")
    op.add_column("account", sa.Column("password_hash", sa.String(length=255), nullable=True))
    op.add_column("account", sa.Column("totp_sealed", sa.String(length=300), nullable=True))
    op.add_column("account", sa.Column("totp_step", sa.Integer(), nullable=True))
    op.execute("update account a set password_hash = s.password_hash, totp_sealed = s.totp_sealed, "
               "totp_step = s.totp_step from account_secret s where s.account_id = a.id")  # fmt: skip
    op.alter_column("account", "password_hash", nullable=False)
    op.drop_table("account_secret")
    for signature in [*QUESTIONS, *reversed(FUNCTIONS)]:
        op.execute(f"drop function {signature}")
    op.drop_table("claim_key")


def without_seal(condition: str) -> str:
    """Return a condition on the settings in the clear alone."""
    return re.sub(
        r" AND \(\w+ = (ANY \(\(+ SELECT acting_colleges\(\) AS acting_colleges\)+::integer\[\]\)"
        r"|\( SELECT acting_person\(\) AS acting_person\))\)",
        "",
        condition,
    )
