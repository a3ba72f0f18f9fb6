"""Whoever presents a secret is recognised and their claims are sealed in one round trip; claims cost less to verify.

``authenticate_secret`` takes the place of ``sign_in_of`` and ``api_token_of``. It seals only what certainly holds, for
the transaction that asks; the application compares, and seals itself where it decides otherwise
(docs/decisions/0018). The functions that policies call verify the seal themselves instead of calling another one.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

APP = "escouade_app"
DEFINER = "security definer set search_path = pg_catalog, pg_temp"
STABLE = f"language plpgsql stable parallel restricted {DEFINER}"


def mac(content: str) -> str:
    """Return the expression of a content's seal by the key ``k``, for this connection and transaction (RFC 2104)."""
    bound = f"{content} || '|' || pg_backend_pid() || '|' || extract(epoch from now())"
    return f"encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to({bound}, 'UTF8'))), 'hex')"


def verified(value: str) -> str:
    """Return the body of a function that reads ``value`` from the claims ``s``, null where their seal is wrong."""
    return f"""
        declare s text := current_setting('app.claims', true);
        begin
          return (select {value} from public.claim_key k
                   where k.id = split_part(s, '|', 5) and split_part(s, '|', 6) = {mac("left(s, -65)")});
        end
    """  # noqa: S608 - our own constants


CLAIMED = {
    "acting_colleges()": ("int[]", verified("string_to_array(split_part(s, '|', 1), ',')::int[]")),
    "acting_person()": ("int", verified("nullif(split_part(s, '|', 2), '')::int")),
    "acting_account()": ("int", verified("nullif(split_part(s, '|', 3), '')::int")),
    "acting_may(asked text)": ("boolean", verified("asked = any (string_to_array(split_part(s, '|', 4), ','))")),
}
"""What the claims say, where their seal is right; nothing otherwise."""
CLAIMED_BEFORE = {
    "acting_colleges()": ("int[]", "begin return string_to_array((public.claims())[1], ',')::int[]; end"),
    "acting_person()": ("int", "begin return nullif((public.claims())[2], '')::int; end"),
    "acting_account()": ("int", "begin return nullif((public.claims())[3], '')::int; end"),
    "acting_may(asked text)": (
        "boolean",
        "begin return coalesce(asked = any (string_to_array((public.claims())[4], ',')), false); end",
    ),
}

OPEN_ROLES = "from public.role_held h where h.person_id = p.id and h.ended_at is null"
PERSON = f"""
  p.chosen_name, p.legal_first_name, p.legal_last_name, a.id as account_id, p.id as person_id, a.suspended_at,
  a.totp_confirmed_at,
  (select coalesce(json_agg(json_build_array(h.role, h.college_id, h.cohort_id, h.group_id, h.project_id)), '[]')
     {OPEN_ROLES}) as roles,
  case when exists (select {OPEN_ROLES} and h.role = 'admin') then array(select c.id from public.college c order by 1)
       else array(select distinct h.college_id {OPEN_ROLES} and h.college_id is not null order by 1) end as colleges
"""  # noqa: S608 - our own constants
NEEDS_TWO_FACTORS = f"exists (select {OPEN_ROLES} and h.role in ('admin', 'registrar'))"
AUTHENTICATE = f"""
  declare
    who record;
    claims text;
    seal text;
  begin
    if kind = 'sign_in' then
      select s.id, s.seen_at, s.expires_at, s.ended_at, s.second_factor_at, {PERSON},
             s.ended_at is null and a.suspended_at is null and s.expires_at > now()
               and s.seen_at > now() - interval '1 day'
               and (s.second_factor_at is not null or (a.totp_confirmed_at is null and not {NEEDS_TWO_FACTORS}))
               as is_sealed
        into who
        from public.sign_in s join public.account a on a.id = s.account_id join public.person p on p.id = a.person_id
       where s.secret_hash = digest;
    else
      select t.id, t.seen_at, t.expires_at, t.ended_at, t.permissions, {PERSON},
             t.ended_at is null and a.suspended_at is null and t.expires_at > now()
               and (a.totp_confirmed_at is not null or not {NEEDS_TWO_FACTORS}) as is_sealed
        into who
        from public.api_token t join public.account a on a.id = t.account_id join public.person p on p.id = a.person_id
       where t.token_hash = digest;
    end if;
    if who.id is null then
      return null;
    end if;
    if who.is_sealed then
      claims := array_to_string(who.colleges, ',') || '|' || who.person_id || '|||' || key;
      seal := (select {mac("claims")} from public.claim_key k where k.id = key);
      who.is_sealed := seal is not null;
    end if;
    if who.is_sealed then
      perform set_config('app.claims', claims || '|' || seal, true),
              set_config('app.college_ids', array_to_string(who.colleges, ','), true),
              set_config('app.person_id', who.person_id::text, true);
    end if;
    return to_json(who);
  end
"""  # noqa: S608 - our own constants
"""Who presents a secret: nothing can be listed.

Claims are sealed where nothing is left to decide: the sign-in is open and used within the longest idle time that
settings allow, the second factor is proven or nobody asks for it.
"""

HELD = """
  (select coalesce(json_agg(json_build_array(h.role, h.college_id, h.cohort_id, h.group_id, h.project_id)), '[]')
     from public.role_held h where h.person_id = a.person_id and h.ended_at is null)
"""
BEFORE = {
    "sign_in_of(secret text)": (
        "table (id int, account_id int, person_id int, seen_at timestamptz, expires_at timestamptz,"
        " ended_at timestamptz, second_factor_at timestamptz, suspended_at timestamptz, totp_confirmed_at timestamptz,"
        " roles json)",
        f"""
        select s.id, a.id, a.person_id, s.seen_at, s.expires_at, s.ended_at, s.second_factor_at, a.suspended_at,
               a.totp_confirmed_at, {HELD}
          from public.sign_in s join public.account a on a.id = s.account_id
         where s.secret_hash = secret
        """,  # noqa: S608
    ),
    "api_token_of(secret text)": (
        "table (id int, account_id int, person_id int, seen_at timestamptz, expires_at timestamptz,"
        " ended_at timestamptz, permissions text[], suspended_at timestamptz, totp_confirmed_at timestamptz,"
        " roles json)",
        f"""
        select t.id, a.id, a.person_id, t.seen_at, t.expires_at, t.ended_at, t.permissions::text[], a.suspended_at,
               a.totp_confirmed_at, {HELD}
          from public.api_token t join public.account a on a.id = t.account_id
         where t.token_hash = secret
        """,  # noqa: S608
    ),
}
AUTHENTICATE_SECRET = "authenticate_secret(kind text, digest text, key text)"  # noqa: S105 - a function


def function(signature: str, kind: str, definition: str) -> None:
    """Create a function, or replace its body; the application role alone may call it."""
    op.execute(f"create or replace function {signature} returns {kind} {definition}")
    op.execute(f"revoke all on function {signature} from public")
    op.execute(f"grant execute on function {signature} to {APP}")


def upgrade() -> None:
    """Recognise and seal in one function; verify without another."""
    for signature, (kind, body) in CLAIMED.items():
        function(signature, kind, f"{STABLE} as $${body}$$")
    function(AUTHENTICATE_SECRET, "json", f"language plpgsql strict {DEFINER} as $${AUTHENTICATE}$$")
    for signature in BEFORE:
        op.execute(f"drop function {signature}")


def downgrade() -> None:
    """Recognise a sign-in and a token in functions of their own, and leave the seal to the application."""
    for signature, (kind, body) in BEFORE.items():
        function(signature, kind, f"language sql stable rows 1 {DEFINER} as $${body}$$")
    op.execute(f"drop function {AUTHENTICATE_SECRET}")
    for signature, (kind, body) in CLAIMED_BEFORE.items():
        function(signature, kind, f"{STABLE} as $${body}$$")
