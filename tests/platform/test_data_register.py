"""Every column of every table is classified, with a purpose and a retention; the figures are those applied."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from app.cli import worker
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


def test_secrets_are_confidential_and_links_to_people_are_not_nothing() -> None:
    for table, entry in register().tables.items():
        for kind, column in entry.columns():
            if column.endswith(("_hash", "_sealed")):
                assert kind is Sensitivity.CONFIDENTIAL, f"{table}.{column}"
            if column in {"person_id", "account_id", "email"} or column.endswith("_by"):
                assert kind is not Sensitivity.NONE, f"{table}.{column}"


def test_one_column() -> None:
    assert sensitivity("person", "legal_last_name") is Sensitivity.PERSONAL
    assert sensitivity("account", "password_hash") is Sensitivity.CONFIDENTIAL
    assert sensitivity("region", "name") is Sensitivity.NONE
    with pytest.raises(KeyError):
        sensitivity("person", "birth_date")


SWEPT: dict[str, tuple[Callable[[Database], int], str]] = {
    "session": (
        worker.sweep_sign_ins,
        "insert into sign_in (account_id, kind, secret_hash, created_at, seen_at, expires_at, user_agent, origin) "
        "values (1, 'cookie', md5(random()::text), now(), now(), now() - :age, '', '')",
    ),
    "attempt": (
        worker.sweep_attempts,
        "insert into attempt (door, subject_hash, at) values ('reset', '', now() - :age)",
    ),
    "answer": (
        worker.sweep_answers,
        "insert into idempotent_request (person_id, key, answer_sealed, created_at) "
        "values (1, md5(random()::text), '', now() - :age)",
    ),
    "letter": (
        worker.sweep_letters,
        "insert into letter (recipient, subject, body, created_at, due_at, tries, last_error) "
        "values ('', '', '', now(), now() - :age, 1, '')",
    ),
}
"""What destroys under each retention, and a row as old as one wants."""


@pytest.mark.parametrize("name", SWEPT)
def test_what_the_service_destroys_is_what_is_said(database: Database, name: str) -> None:
    rule, (sweep, insert) = register().retention[name], SWEPT[name]
    kept = timedelta(hours=rule.hours or 0, days=rule.days or 0)
    with database.engine.begin() as owner:
        for age in (kept - timedelta(minutes=5), kept + timedelta(minutes=5), kept * 2):
            owner.execute(text(insert), {"age": age})
    assert sweep(database) == 2


def test_nothing_else_is_said_to_be_destroyed_by_the_service() -> None:
    said = {name for name, rule in register().retention.items() if rule.applied_by == "service"}
    assert said == {*SWEPT, "flow"}  # flows under way: tests/identity/test_oidc.py


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
def test_a_retention_is_one_figure_with_a_reason(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Retention.model_validate(RULE | rule)


def test_good_retentions() -> None:
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
def test_a_table_says_each_column_once(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TableEntry.model_validate(TABLE | entry)


def test_a_retention_that_is_not_there_or_serves_nothing() -> None:
    known = {"path": RULE | {"years": 7}}
    assert Register.model_validate({"retention": known, "tables": {"a": TABLE}, "elsewhere": []})
    for retention, table in ((known, TABLE | {"retention": "rien"}), (known | {"rien": RULE | {"days": 1}}, TABLE)):
        with pytest.raises(ValidationError):
            Register.model_validate({"retention": retention, "tables": {"a": table}, "elsewhere": []})


def test_a_table_said_twice_is_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    twice = tmp_path / "privacy.toml"
    twice.write_text("[tables.a]\n[tables.a]\n")
    monkeypatch.setattr(privacy, "FILE", twice)
    with pytest.raises(ValueError, match="declare"):
        register.__wrapped__()
