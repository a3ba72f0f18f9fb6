"""The register of personal data: every column is classified, every retention is valid and applied."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from app.cohorts.jobs import sweep_announcements
from app.identity.jobs import sweep_sign_ins
from app.learning.jobs import sweep_uploads
from app.notifications.jobs import sweep_notifications
from app.platform.audit import data_register as privacy
from app.platform.audit.data_register import (
    Register,
    Retention,
    Sensitivity,
    TableEntry,
    differences,
    register,
    sensitivity,
)
from app.platform.database.transaction import Database
from app.platform.jobs import upkeep

COLUMNS = text(
    """
    select c.table_name, c.column_name
      from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.table_name <> 'alembic_version'
    """
)
RULE: dict[str, Any] = {"after": "la fin", "reason": "Une bonne raison.", "applied_by": "college"}
TABLE: dict[str, Any] = {"purpose": "Un but qui se dit.", "retention": "path", "none": ["id"]}


def test_every_column_of_the_database_is_classified(database: Database) -> None:
    with database.engine.connect() as connection:
        columns = [(row.table_name, row.column_name) for row in connection.execute(COLUMNS)]
    assert len(columns) > 400
    assert differences(columns) == [], "say it in app/platform/audit/data_register.toml"
    assert differences([*columns, ("person", "birth_date")]) == ["person.birth_date"]
    assert differences(columns[1:]) == [".".join(columns[0])]


def test_secrets_are_confidential_and_references_to_people_are_personal() -> None:
    for table, entry in register().tables.items():
        for kind, column in entry.columns():
            if column.endswith(("_hash", "_sealed")):
                assert kind is Sensitivity.CONFIDENTIAL, f"{table}.{column}"
            if column in {"person_id", "account_id", "email"} or column.endswith("_by"):
                assert kind is not Sensitivity.NONE, f"{table}.{column}"


def test_sensitivity_of_a_column() -> None:
    assert sensitivity("person", "legal_last_name") is Sensitivity.PERSONAL
    assert sensitivity("account_secret", "password_hash") is Sensitivity.CONFIDENTIAL
    assert sensitivity("region", "name") is Sensitivity.NONE
    with pytest.raises(KeyError):
        sensitivity("person", "birth_date")


SWEPT: dict[str, tuple[Callable[[Database], int], str]] = {
    "session": (
        sweep_sign_ins,
        "insert into sign_in (account_id, kind, secret_hash, created_at, seen_at, expires_at, user_agent, origin) "
        "values (1, 'cookie', md5(random()::text), now(), now(), now() - :age, '', '')",
    ),
    "attempt": (
        upkeep.sweep_attempts,
        "insert into attempt (door, subject_hash, at) values ('reset', '', now() - :age)",
    ),
    "answer": (
        upkeep.sweep_answers,
        "insert into idempotent_request (person_id, key, answer_sealed, created_at) "
        "values (1, md5(random()::text), '', now() - :age)",
    ),
    "letter": (
        upkeep.sweep_messages,
        "insert into letter (kind, recipient, subject, body, created_at, due_at, tries, state, status, sent_at) "
        "values ('reset', '', '', '', now(), now() - :age, 1, 'sent', '', now())",
    ),
    "announcement": (
        sweep_announcements,
        "insert into announcement (college_id, cohort_id, subject, text, reaches, sent_at, sent_by) "
        "select c.college_id, c.id, '', '', 1, now() - :age, c.created_by from cohort c limit 1",
    ),
    "upload": (
        sweep_uploads,
        "insert into upload (college_id, enrolment_id, file_name, file_size, file_sha256, created_at, created_by) "
        "select e.college_id, e.id, '', 1, '', now() - :age, e.person_id from enrolment e limit 1",
    ),
    "notification": (
        sweep_notifications,
        "insert into notification (person_id, kind, event_key, params, page, created_at) "
        "values (1, 'admitted', random()::text, '{}', '/', now() - :age)",
    ),
}
"""For each retention, the sweep that applies it, and a statement that inserts a row of a given age."""


@pytest.mark.parametrize("name", SWEPT)
def test_sweep_deletes_at_the_declared_retention(database: Database, name: str) -> None:
    rule, (sweep, insert) = register().retention[name], SWEPT[name]
    period = timedelta(hours=rule.hours or 0, days=rule.days or 0)
    with database.engine.begin() as owner:
        for age in (period - timedelta(minutes=5), period + timedelta(minutes=5), period * 2):
            owner.execute(text(insert), {"age": age})
    assert sweep(database) == 2


def test_every_retention_applied_by_the_service_has_a_sweep() -> None:
    applied_by_service = {name for name, rule in register().retention.items() if rule.applied_by == "service"}
    # Sign-in flows: tests/identity/test_oidc.py; confidences: tests/codev/test_destruction.py; profiles, which their
    # person deletes: tests/community/test_profiles.py.
    assert applied_by_service == {*SWEPT, "flow", "confidences", "profile"}


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"days": 3, "years": 1},
        {"days": 3, "permanent": True},
        {"days": 0},
        {"days": "3"},
        {"years": 7, "reason": "court"},
        {"years": 7, "applied_by": "personne"},
        {"years": 7, "mois": 2},
    ],
)
def test_retention_without_exactly_one_unit_or_a_reason_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Retention.model_validate(RULE | rule)


def test_retention_with_one_unit_is_accepted() -> None:
    for figure in ({"hours": 24}, {"days": 30}, {"years": 7}, {"permanent": True}):
        assert Retention.model_validate(RULE | figure)


@pytest.mark.parametrize(
    "entry",
    [
        {"purpose": ""},
        {"none": ["id", "id"]},
        {"personal": ["id"]},
        {"why": {"name": "Une colonne qui n’est pas là."}},
        {"public": ["id"]},
        {"none": "id"},
    ],
)
def test_table_with_a_duplicate_or_unknown_column_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TableEntry.model_validate(TABLE | entry)


def test_undefined_or_unused_retention_is_refused() -> None:
    rules = {"path": RULE | {"years": 7}}
    assert Register.model_validate({"retention": rules, "tables": {"a": TABLE}, "elsewhere": []})
    for retention, table in (
        (rules, TABLE | {"retention": "rien"}),
        (rules | {"rien": RULE | {"days": 1}}, TABLE),
    ):
        with pytest.raises(ValidationError):
            Register.model_validate({"retention": retention, "tables": {"a": table}, "elsewhere": []})


def test_duplicate_table_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    twice = tmp_path / "privacy.toml"
    twice.write_text("[tables.a]\n[tables.a]\n")
    monkeypatch.setattr(privacy, "FILE", twice)
    with pytest.raises(ValueError, match="declare"):
        register.__wrapped__()
