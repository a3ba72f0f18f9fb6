"""Prometheus' own ``promtool`` (Debian's, laid out by ``.ci/proofs``) reads the alert rules and the metrics."""

import subprocess

from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from tests.factories.network import World, as_

PROMTOOL = ROOT / ".venv-proofs" / "debian" / "usr" / "bin" / "promtool"


def promtool(*words: str, sent: str = "") -> str:
    """Return what promtool says; fail when it finds anything."""
    done = subprocess.run([PROMTOOL, *words], input=sent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_alert_rules_are_sound() -> None:
    said = promtool("check", "rules", str(ROOT / "deploy" / "monitoring" / "alerts.yaml"))
    assert "9 rules found" in said


def test_metrics_are_sound(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator").get("/")
    text = TestClient(client.app, client=("127.0.0.1", 5)).get("/metrics").text
    assert promtool("check", "metrics", sent=text) == ""
