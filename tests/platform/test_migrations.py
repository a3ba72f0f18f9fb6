"""Migrations: one head, upgrade and downgrade with data, no drift from the models, row-level security."""

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from app.cohorts.models import cohort_search_key
from app.deployment import current, head, revisions
from app.features import METADATA
from app.people.models import SEARCH_KEY
from app.people.rules import sorted_name
from app.platform.database.session import APP_ROLE
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.search import search_key
from tests.factories.network import World

OF_ONE_PERSON = {
    "advisor_profile", "profile_expertise",
    "account", "account_secret", "address_change", "api_token", "calendar_feed", "idempotent_request", "letter",
    "mail_preference", "oidc_flow",
    "oidc_identity", "password_reset", "project_person", "recovery_code", "saved_comment", "sign_in",
}  # fmt: skip
"""Tables of the whole network whose rows belong to one account or person."""
CONFIG = Config(str(ROOT / "alembic.ini"))


def _do(connection: Connection, name: str, *arguments: str) -> None:
    CONFIG.attributes["connection"] = connection
    getattr(command, name)(CONFIG, *arguments)


def test_migrations_have_one_head() -> None:
    assert len(ScriptDirectory.from_config(CONFIG).get_heads()) == 1


def test_revisions_are_those_of_alembic_in_their_order() -> None:
    scripts = list(ScriptDirectory.from_config(CONFIG).walk_revisions())
    assert revisions() == [script.revision for script in reversed(scripts)]


def test_current_empty_database_is_none_and_a_migrated_one_is_at_the_head(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    assert current(url) == head()
    with database.engine.begin() as connection:
        connection.execute(text("drop table alembic_version"))
    assert current(url) is None


def test_models_match_the_migrations(database: Database) -> None:
    with database.engine.begin() as connection:
        _do(connection, "check")


def test_downgrade_and_upgrade_with_data(database: Database, world: World) -> None:
    assert world.cohort
    with database.engine.begin() as connection:
        _do(connection, "downgrade", "base")
    with database.engine.begin() as connection:
        _do(connection, "upgrade", "head")
        assert connection.execute(text("select count(*) from region")).scalar_one() == 17


def test_each_migration_keeps_existing_rows(database: Database) -> None:
    """From the first revision to the head, one by one, no row is lost or changed."""
    digest = text("select md5(string_agg(e::text, '|' order by id)) from enrolment e")
    with database.engine.begin() as connection:
        before = connection.execute(digest).scalar_one()
        steps = [s.revision for s in ScriptDirectory.from_config(CONFIG).walk_revisions()]
        _do(connection, "downgrade", "0001")
        for revision in reversed(steps):
            _do(connection, "upgrade", revision)
        assert connection.execute(digest).scalar_one() == before


def test_search_keys_are_written_again_as_the_application_writes_them(database: Database, world: World) -> None:
    """Names lose what nobody sees; a name of nothing visible stays, for people to mend."""
    stored = {
        world.people["maude"]: ("Mau\u200bde", "St-Pierre"),
        world.people["karim"]: (None, "O’Neil\u2060"),
        world.people["elise"]: ("\u200b", "Łukasz"),
    }
    write = text(
        "update person set legal_first_name = :first, legal_last_name = :last, search_key = 'x' where id = :id"
    )
    with database.engine.begin() as connection:
        _do(connection, "downgrade", "0008")
        for person_id, (first, last) in stored.items():
            connection.execute(write, {"id": person_id, "first": first, "last": last})
        connection.execute(text("update cohort set search_key = ''"))
        _do(connection, "upgrade", "head")
        rows = {row.id: row for row in connection.execute(text("select * from person"))}
        cohorts = connection.execute(text("select title, code, place, search_key from cohort")).all()
    for row in rows.values():
        names = sorted_name(row.legal_first_name, row.legal_last_name, row.chosen_name)
        assert row.search_key == search_key(names)[:SEARCH_KEY]
    assert [(rows[id_].legal_first_name, rows[id_].legal_last_name) for id_ in stored] == [
        ("Maude", "St-Pierre"), (None, "O’Neil"), ("\u200b", "Łukasz"),
    ]  # fmt: skip
    assert [row.search_key for row in cohorts] == [cohort_search_key(c.title, c.code, c.place) for c in cohorts]


def test_letters_keep_the_state_that_they_were_in(database: Database) -> None:
    letters = text(
        "insert into letter (recipient, subject, body, created_at, due_at, tries, sent_at, last_error) values"
        " ('é.roy@alma.example.com', 'Invitation de Alma', 'x', now(), now(), 0, null, ''),"
        " ('b@alma.example.com', 'Choisir un autre mot de passe', 'x', now(), now(), 2, null, 'SMTPException: 451'),"
        " ('c@alma.example.com', 'Votre mot de passe a changé', '', now(), now(), 1, now(), ''),"
        " ('d@alma.example.com', 'Décision', '', now(), now(), 9, null, 'OSError')"
    )
    with database.engine.begin() as connection:
        _do(connection, "downgrade", "0019")
        connection.execute(letters)
        _do(connection, "upgrade", "head")
        rows = connection.execute(
            text("select kind, masked, state, reason, stopped_at is not null as stopped from letter order by id")
        )
        assert rows.all() == [
            ("invitation", "é…@alma.example.com", "waiting", None, False),
            ("reset", "b…@alma.example.com", "retrying", "server_unreachable", False),
            ("password_changed", "c…@alma.example.com", "sent", None, False),
            ("other", "d…@alma.example.com", "given_up", "server_unreachable", True),
        ]


def test_what_stands_twice_is_settled_before_it_is_refused(database: Database, world: World) -> None:
    """One unanswered invitation, session, signatory and awaited certificate stays; no roll that was called is lost."""
    copies = {
        "invitation": "college_id, email, role, token_hash, created_at, created_by, expires_at",
        "scheduled_session": "college_id, cohort_id, activity_code, starts_at, planned_minutes, mode, place, timezone,"
        " created_at, created_by",
        "signatory": "college_id, name, title, position, valid_from, image",
        "batch": "college_id, decided_by, decided_at",
    }
    rows = {
        "invitation": f"{world.alma}, 'z@a.ca', 'trainer', 'h', now(), 4, now() + interval '1 day'",
        "scheduled_session": f"{world.alma}, {world.cohort}, 'GEN-1.B', '2026-09-01 13:00Z', 60, 'online', '', 'UTC',"
        " now(), 3",
        "signatory": f"{world.alma}, 'Hélène', 'Directrice', 1, '2026-01-01', null",
        "batch": f"{world.alma}, 4, now()",
    }
    with database.engine.begin() as connection:
        _do(connection, "downgrade", "0021")
        for table, columns in copies.items():
            for _ in range(3):
                connection.execute(text(f"insert into {table} ({columns}) values ({rows[table]})"))  # noqa: S608
        connection.execute(text("update invitation set expires_at = now() - interval '1 day' where id = 3"))
        connection.execute(text("update signatory set image = 'x.png' where id = 2"))
        connection.execute(
            text(
                f"insert into roll_call (college_id, session_id, closed_at, closed_by)"  # noqa: S608
                f" select {world.alma}, id, now(), 3 from scheduled_session where id in (2, 3)"
            )
        )
        connection.execute(
            text(
                f"insert into batch_item (college_id, batch_id, enrolment_id, kind)"  # noqa: S608
                f" select {world.alma}, id, {world.enrolments['maude']}, 'attestation_participation' from batch"
            )
        )
        _do(connection, "upgrade", "head")
        read = {
            "invitation": "id, withdrawn_at is null",
            "scheduled_session": "id, cancelled_at is null, repeated, cancel_reason is not null",
            "signatory": "id",
            "batch_item": "id, refusal -> 0 ->> 'code'",
        }
        kept = {
            table: [tuple(r) for r in connection.execute(text(f"select {what} from {table} order by id"))]  # noqa: S608
            for table, what in read.items()
        }
    assert kept == {
        "invitation": [(1, False), (2, True), (3, False)],
        "scheduled_session": [(1, False, False, True), (2, True, False, False), (3, True, True, False)],
        "signatory": [(2,)],
        "batch_item": [(1, None), (2, "certificate_awaited"), (3, "certificate_awaited")],
    }


def test_every_college_table_has_row_level_security(database: Database) -> None:
    owned = {t.name for t in METADATA.tables.values() if "college_id" in t.columns}
    with database.engine.connect() as connection:
        walled = connection.execute(text("select relname from pg_class where relrowsecurity")).scalars()
        assert set(walled) == owned | OF_ONE_PERSON


def test_every_policy_on_a_setting_is_sealed(database: Database) -> None:
    """What SQL can write in a setting is believed nowhere without the claims that the application sealed."""
    with database.engine.connect() as connection:
        policies = connection.execute(text("select tablename, concat(qual, with_check) from pg_policies")).all()
    assert policies
    for table, condition in policies:
        assert condition.count("'app.college_ids'") == condition.count("SELECT acting_colleges()"), table
        assert condition.count("'app.person_id'") == condition.count("SELECT acting_person()") or (
            "'app.person_id'" not in condition
        ), table


def test_revocations_for_cause_become_holds_and_come_back(database: Database, world: World) -> None:
    """What forbade another certificate still does, what was lifted stays so, and an error forbids nothing."""
    certificate = text(
        "insert into certificate (college_id, enrolment_id, kind, year, sequence, number, code, state, issued_on,"
        " ended_on, decided_by, decided_at, record, design)"
        " select :college, :enrolment, 'attestation_participation', 2026, n, 'ALM-2026-' || n, 'c' || n, 'revoked',"
        " '2026-06-01', '2026-07-01', :by, now(), '{}', 'escouade/1.0'"
        " from generate_series(1, 3) n"
    )
    revocation = text(
        "insert into revocation (college_id, certificate_id, ground, reason, opened_at, opened_by, answer_by,"
        " decided_at, decided_by, revoked, lifted_at, lifted_by, lift_reason)"
        " select :college, id, case sequence when 3 then 'error' else 'cause' end,"
        " 'Preuve empruntée ' || sequence, now(), :by, '2026-06-20', '2026-07-01', :by, true,"
        " case sequence when 2 then now() end, case sequence when 2 then :other end,"
        " case sequence when 2 then 'Repris.' end from certificate"
    )
    closed = text(
        "insert into hold (college_id, enrolment_id, reason, opened_at, opened_by, closed_at, closed_by)"
        " values (:college, :enrolment, 'Frais.', now(), :by, now(), :other)"
    )
    values = {
        "college": world.alma, "enrolment": world.enrolments["maude"],
        "by": world.people["registrar"], "other": world.people["coordinator"],
    }  # fmt: skip
    lifted = text("select id, ground, lifted_at, lifted_by, lift_reason from revocation order by id")
    holds = text(
        "select h.kind, h.reason, h.person_id, h.enrolment_id, l.lifted_by, l.reason from hold h"
        " left join hold_lift l on l.hold_id = h.id order by h.reason"
    )
    with database.engine.begin() as connection:
        former = str(ScriptDirectory.from_config(CONFIG).get_revision("0071").down_revision)
        _do(connection, "downgrade", former)
        for statement in (certificate, revocation, closed):
            connection.execute(statement, values)
        before = connection.execute(lifted).all()
        _do(connection, "upgrade", "head")
        maude, other = world.people["maude"], world.people["coordinator"]
        assert connection.execute(holds).all() == [
            ("formality", "Frais.", maude, world.enrolments["maude"], other, "Motif non consigné."),
            ("revocation", "Preuve empruntée 1", maude, None, None, None),
            ("revocation", "Preuve empruntée 2", maude, None, other, "Repris."),
        ]
        _do(connection, "downgrade", former)
        assert connection.execute(lifted).all() == before


def test_messages_that_an_older_version_cannot_read_go_with_their_migration(database: Database, world: World) -> None:
    """Of the others, the one session of each is kept, as the older version has it."""
    message = text(
        "insert into notification (person_id, kind, event_key, params, session_entries, page, created_at)"
        " values (:person, :kind, 'x', '{}', cast(:entries as jsonb), '/', now())"
    )
    kinds = ("session_planned", "series_planned", "record_disputed", "turn_passed", "team_named", "judged")
    stored = text("select kind, session_entry ->> 'id' from notification where event_key = 'x' order by kind")
    with database.engine.begin() as connection:
        for kind in kinds:
            entries = '[{"id": 7}]' if kind in {"session_planned", "series_planned"} else None
            connection.execute(message, {"person": world.people["maude"], "kind": kind, "entries": entries})
        _do(connection, "downgrade", "0089")
        assert connection.execute(stored).all() == [("judged", None), ("session_planned", "7")]
        _do(connection, "upgrade", "head")


def test_facts_cannot_be_rewritten(database: Database) -> None:
    """The application role may insert into the tables of facts, never update or delete."""
    facts = {
        "application", "enrolment_move", "roll_call", "roll_call_entry", "catch_up", "activity_completion", "hand_in",
        "field_hours", "countersignature", "mandate_milestone", "milestone_confirmation", "codev_record",
        "codev_presence", "codev_turn", "judgement", "judgement_evidence", "work_decision", "extra_attempt",
        "work_assignment",
        "session_change", "session_restoration", "codev_session_restoration",
        "codev_session_change", "codev_return", "codev_pass", "role_change",
        "signatory_change", "resource_change", "upload", "upload_part", "hold", "hold_lift", "cohort_document",
        "interest", "assessor_exception", "panel", "panel_seat", "panel_opinion", "panel_decision",
    }  # fmt: skip
    statement = text(
        "select table_name, privilege_type from information_schema.role_table_grants where grantee = :role"
    )
    with database.engine.connect() as connection:
        granted = connection.execute(statement, {"role": APP_ROLE}).all()
    rights: dict[str, set[str]] = {}
    for table, right in granted:
        rights.setdefault(table, set()).add(right)
    for table in facts:
        assert rights[table] == {"SELECT", "INSERT"}, table
    assert {t for t, r in rights.items() if "DELETE" in r} == {
        "role_assignment", "recovery_code", "oidc_identity", "oidc_flow",
        "judgement_draft", "judgement_draft_text",  # its author's, until it is validated
        "saved_comment",  # as above, until they remove it
        "advisor_profile", "profile_expertise",  # one's own, erased when its person wants
        "codev_confidence", "journal_entry",  # one's own journal: nobody keeps what its author destroys
        "project_target", "project_region_target",  # what was promised: the audit log keeps what was taken away
    }  # fmt: skip


def test_query_without_colleges_returns_no_row(database: Database, world: World) -> None:
    owned = sorted(t.name for t in METADATA.tables.values() if "college_id" in t.columns)
    open_tables = {"cohort", "role_held", "oidc_provider", "person_word"}  # words of names, as names are
    with database.transaction() as db:
        for table in owned:
            count = db.execute(text(f"select count(*) from {table}")).scalar_one()  # noqa: S608
            assert count == 0 or table in open_tables, table
    with database.transaction(colleges=[world.alma]) as db:
        colleges = db.execute(text("select distinct college_id from enrolment")).scalars().all()
        assert colleges == [world.alma]


def test_reference_across_colleges_is_refused(database: Database, world: World) -> None:
    statement = text(
        "insert into codev_group (college_id, cohort_id, name, contract_version, protocol_version,"
        " created_at, created_by) "
        "values (:college, :cohort, 'x', '1.0', '1.0', now(), :person)"
    )
    values = {"college": world.alma, "cohort": world.other_cohort, "person": world.people["admin"]}
    with (
        database.engine.begin() as connection,
        pytest.raises(IntegrityError, match="fk_codev_group_cohort_id_college_id_cohort"),
    ):
        connection.execute(statement, values)
