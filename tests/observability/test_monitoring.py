"""The alert rules and the dashboard of ``deploy/monitoring`` name metrics, labels and checks that exist."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app.deployment import CHECKS
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from tests.factories.network import World, as_

FOLDER = ROOT / "deploy" / "monitoring"
RULES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((FOLDER / "grafana.json").read_text())


def expressions() -> Iterator[str]:
    """Yield every query of both files."""
    yield from (rule["expr"] for rule in RULES)
    yield from (annotation["expr"] for annotation in DASHBOARD["annotations"]["list"])
    yield from (target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"])


@pytest.fixture
def known(client: TestClient, database: Database, world: World) -> dict[str, set[str]]:
    """Return the labels of each sample that ``/metrics`` has."""
    with database.engine.begin() as owner:
        owner.exec_driver_sql(
            "insert into queue.worker (id, name, host, pid, version, parts)"
            " values (gen_random_uuid(), 'one', 'here', 1, '0', '{}')"
        )
        owner.exec_driver_sql("set local search_path = queue")
        owner.exec_driver_sql(
            "insert into procrastinate_jobs (queue_name, task_name, args) values ('upkeep', 'seal_record', '{}')"
        )
    as_(client, database, world, "coordinator").get("/")
    here = TestClient(client.app, client=("127.0.0.1", 5))
    families = text_string_to_metric_families(here.get("/metrics").text)
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def test_every_metric_and_label_named_exists(known: dict[str, set[str]]) -> None:
    named = {name for expression in expressions() for name in re.findall(r"escouade_\w+", expression)}
    assert named - known.keys() == set()
    assert len(named) > 12
    for expression in expressions():
        for name, matchers in re.findall(r"(escouade_\w+)\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)=", matchers)) <= known[name], expression


def test_every_check_named_exists() -> None:
    named = {
        name
        for rule in RULES
        for matcher in re.findall(r'check=~?"([^"]+)"', rule["expr"])
        for name in matcher.split("|")
    }
    assert named <= {check.name for check in CHECKS if check.is_quick}
    assert named >= {check.name for check in CHECKS if check.is_quick and check.is_critical}


def test_every_metric_is_documented(known: dict[str, set[str]]) -> None:
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in known}
    ours = {name for name in families if name.startswith("escouade_")}
    assert {name for name in ours if not re.search(f"`{name}(_total)?`", page)} == set()
    assert {check.name for check in CHECKS if f"`{check.name}`" not in page} == set()
