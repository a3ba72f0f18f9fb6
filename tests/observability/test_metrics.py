"""Metrics: who reads them, what they count, over one process and over several."""

import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from starlette.datastructures import State

from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.observability.access import may_observe
from tests.factories.network import World, as_

TOKEN = "a-token-that-is-long-enough"


@pytest.fixture
def scraper(client: TestClient) -> TestClient:
    """Return a client of a deployment with a token."""
    state = client.app.state._state  # type: ignore[attr-defined]
    secret = Settings(metrics_token=TOKEN).metrics_token
    settings = state["settings"].model_copy(update={"metrics_token": secret})
    client.app.state = State({**state, "settings": settings})  # type: ignore[attr-defined]
    return client


def scrape(client: TestClient) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the value of each sample, by its name and the values of its labels."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, tuple(s.labels.values())): s.value for family in families for s in family.samples}


def test_requests_are_counted_by_declared_route(scraper: TestClient, database: Database, world: World) -> None:
    route = "/api/v1/cohorts/{cohort_id}"
    labels = ("GET", route, "200")
    before = scrape(scraper)
    as_(scraper, database, world, "coordinator")
    for _ in range(2):
        scraper.get(f"/api/v1/cohorts/{world.cohort}")
    scraper.get("/une-page-qui-n-existe-pas")
    after = scrape(scraper)

    def added(name: str, labels: tuple[str, ...] = ()) -> float:
        return after[name, labels] - before.get((name, labels), 0.0)

    assert added("escouade_requests_total", labels) == 2
    assert added("escouade_request_seconds_count", ("GET", route)) == 2
    assert added("escouade_requests_total", ("GET", "none", "404")) == 1
    assert added("escouade_request_statements_count") == 4, "the first reading of the metrics too"
    assert added("escouade_request_statements_sum") > 6
    assert added("escouade_queue_seconds_count") >= 2
    assert after["escouade_requests_in_progress", ()] == 1
    assert after["escouade_pool_in_use", ()] == before["escouade_pool_in_use", ()] == 0


def test_service_is_described(scraper: TestClient, database: Database) -> None:
    read = scrape(scraper)
    assert read["escouade_check_failing", ("schema",)] == 0
    assert read["escouade_backlog", ("unsealed",)] > 0
    assert read["escouade_backlog_oldest_seconds", ("letters_due",)] == 0
    assert read["escouade_files_free_bytes", ()] > 0
    assert {name for name, _ in read} >= {"escouade_build_info", "escouade_pool_size"}


def test_paths_make_no_labels(scraper: TestClient) -> None:
    """Strangers ask for any path, with any method: what is kept of them is bounded."""
    before = len(scrape(scraper))
    for number in range(30):
        scraper.request(f"M{number}", f"/chemin-{number}")
        scraper.get(f"/v/{number:08d}")
    added = len(scrape(scraper)) - before
    assert added < 2 * 3 * 16, "three pairs of method and route at most, of as many samples as a histogram has"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}])
def test_without_the_token_there_are_no_metrics(scraper: TestClient, headers: dict[str, str]) -> None:
    refused = scraper.get("/metrics", headers=headers)
    missing = scraper.get("/metriques", headers=headers)
    assert (refused.status_code, refused.text) == (404, missing.text.replace("/metriques", "/metrics"))


@pytest.mark.parametrize(
    ("environment", "peer", "headers", "may"),
    [
        ("development", "127.0.0.1", {}, True),
        ("development", "::1", {}, True),
        ("development", "192.0.2.1", {}, False),
        ("development", "", {}, False),
        ("development", "127.0.0.1", {"x-forwarded-for": "192.0.2.1"}, False),
        ("development", "127.0.0.1", {"forwarded": "for=192.0.2.1"}, False),
        ("development", "127.0.0.1", {"via": "1.1 proxy"}, False),
        ("production", "127.0.0.1", {}, False),  # a proxy on this machine need not say that it is one
    ],
)
def test_without_a_token_only_this_machine_reads_them_and_never_in_production(
    environment: str, peer: str, headers: dict[str, str], *, may: bool
) -> None:
    settings = Settings(base_url="http://127.0.0.1").model_copy(update={"environment": environment})
    assert may_observe(settings, peer, headers) is may


def test_trusted_proxy_on_this_machine_opens_nothing(client: TestClient) -> None:
    """What it forwards becomes the client's address; the connection's own is what counts, and the header forbids."""
    state = client.app.state._state  # type: ignore[attr-defined]
    guard = TestClient(client.app, client=("127.0.0.1", 5), follow_redirects=False)
    assert guard.get("/metrics").status_code == 200
    assert guard.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    assert state["settings"].metrics_token is None


def test_any_host_reads_them(scraper: TestClient) -> None:
    """Prometheus asks a machine by its address."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "192.0.2.7:8000"}
    assert scraper.get("/metrics", headers=headers).status_code == 200


def test_short_token_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        Settings(metrics_token="court")


COUNTED = """
import sys
from pathlib import Path
from app.platform.observability import metrics
from app.platform.observability.figures import Figures
metrics.observe(Figures("x", waited=0.1), method="GET", route="/", status=200, seconds=0.1)
metrics.POOL_SIZE.set(10)
if sys.argv[1:] == ["read"]:
    from prometheus_client import generate_latest
    print(generate_latest(metrics.of_processes()).decode())
"""


def test_processes_are_added_up_and_those_that_ended_hold_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three processes, of which two have ended: their requests count, their connections do not."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    outputs = [
        subprocess.run([sys.executable, "-c", COUNTED, *words], capture_output=True, text=True, check=True).stdout
        for words in ([], [], ["read"])
    ]
    families = text_string_to_metric_families(outputs[-1])
    read = {(s.name, tuple(s.labels.values())): s.value for family in families for s in family.samples}
    assert read["escouade_requests_total", ("GET", "/", "200")] == 3
    assert read["escouade_queue_seconds_count", ()] == 3
    assert read["escouade_pool_size", ()] == 10
