"""The application in a process of its own, which a test kills without warning and starts again at its address.

``python -m tests.e2e.site_process ADDRESSES FOLDER PORT`` serves it, prints its address, and ends with its input.
"""

import pickle
import subprocess
import sys
from pathlib import Path

from app.deployment import open_database
from app.platform.config import Settings
from app.platform.database.transaction import Addresses, Database
from app.platform.locations import ROOT
from tests.e2e.live_site import LiveSite


class SiteProcess:
    """A process that serves a database, at an address of this machine."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._arguments = [pickle.dumps(database.addresses).hex(), str(data_dir)]
        self._port = "0"
        self.start()
        self.settings = Settings(base_url=self.url)

    def start(self) -> None:
        """Serve, at the same address as before."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.site_process", *self._arguments, self._port],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        self._port = self.url.rpartition(":")[2]

    def kill(self) -> None:
        """Kill it as a power cut would: nothing that it was doing is finished."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def settle(self) -> None:
        """Wait for nothing: what it is doing ends when it is killed."""


def main(pickled: str, data_dir: str, port: str) -> None:
    """Serve until the standard input is closed."""
    addresses: Addresses = pickle.loads(bytes.fromhex(pickled))  # noqa: S301 - of our own test
    site = LiveSite(port=int(port))
    site.attach(open_database(addresses, pool_size=4), Path(data_dir))
    print(site.url, flush=True)
    sys.stdin.read()
    site.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
