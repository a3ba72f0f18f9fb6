"""The settings file of ``escouade serve``, and a reload that cannot start."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

from tests.cli.serving import serve
from tests.factories.waiting import wait_until
from tests.server import addresses_of


def test_reload_with_a_wrong_setting_changes_nothing_and_says_why(fresh_url: Callable[[], str], tmp_path: Path) -> None:
    """A real service, which starts once, and once in vain. Its supervisor logs as the settings file asks, too."""
    url = fresh_url()
    file = tmp_path / "escouade.env"
    right = f"ESCOUADE_DATABASE_URL={addresses_of(url).url}\nESCOUADE_LOG_FORMAT=json\n"
    file.write_text(right)
    with serve(tmp_path, settings=str(file), database_owner_url=url) as served:
        wait_until(lambda: served.generations() and served.ask() == 200)
        [former] = served.generations()
        file.write_text(right + "ESCOUADE_POOL_SIZE=many\n")
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "not reloaded" in served.log)
        assert served.ask() == 200
        assert [generation.pid for generation in served.generations()] == [former.pid]
        assert "ESCOUADE_POOL_SIZE" in served.log
        records = [json.loads(line) for line in served.log.splitlines() if line.startswith("{")]
        assert "reloading" in {record["message"] for record in records}
