"""The limit of concurrent requests: those beyond the pool's size wait for a connection (docs/decisions/0002)."""

import urllib.request
from concurrent.futures import ThreadPoolExecutor

from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.conftest import RING
from tests.platform.test_middleware import served

REQUESTS = 60
AT_ONCE = 20


def test_more_requests_than_connections_all_get_a_response(settings: Settings, database: Database) -> None:
    small = Database(database.addresses, pool_size=2)
    with served(create_app(settings, small, RING)) as port:

        def ask(_: int) -> int:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=60) as answer:
                return int(answer.status)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            assert list(pool.map(ask, range(REQUESTS))) == [200] * REQUESTS
    assert small.request_engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    small.dispose()
