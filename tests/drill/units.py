"""Programs kept running as ``deploy/systemd`` keeps them: started again two seconds after they end."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from app.platform.locations import ROOT

RESTART_SECONDS = 2.0
PATIENCE = 180.0


class Unit:
    """A program, its log, and a thread that starts it again until it is stopped."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        variables: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        **account: Any,
    ) -> None:
        self.name, self.log = name, log
        self._command, self._cwd, self._account = list(command), cwd, account
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("ESCOUADE_", "PG", "PORT"))}
        self._variables = clean | dict(variables or {})
        self._wanted = threading.Event()
        self._wanted.set()
        self._allowed = threading.Event()
        self._allowed.set()
        self.process = self._launch()
        self._watcher = threading.Thread(target=self._keep_running, daemon=True)
        self._watcher.start()

    def _launch(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as output:
            return subprocess.Popen(
                self._command, cwd=self._cwd, env=self._variables, stdout=output, stderr=output, **self._account
            )

    def _keep_running(self) -> None:
        while True:
            self.process.wait()
            time.sleep(RESTART_SECONDS)
            self._allowed.wait()
            if not self._wanted.is_set():
                return
            self.process = self._launch()

    def processes(self) -> list[psutil.Process]:
        """Return its main process and all that has come of it; none while it waits to be started again."""
        with suppress(psutil.NoSuchProcess):
            main = psutil.Process(self.process.pid)
            return [main, *main.children(recursive=True)] if main.status() != psutil.STATUS_ZOMBIE else []
        return []

    def signal(self, number: int) -> None:
        """Send a signal to its main process."""
        self.process.send_signal(number)

    def kill_all(self) -> None:
        """Kill all of its processes."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Kill it, and let it be started again only after the block."""
        self._allowed.clear()
        self.kill_all()
        try:
            yield
        finally:
            self._allowed.set()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all of its processes where they are, until the end of the block."""
        stopped = self.processes()
        for process in stopped:
            process.suspend()
        try:
            yield
        finally:
            for process in stopped:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def stop(self) -> None:
        """Stop it for good, and all that has come of it."""
        self._wanted.clear()
        self._allowed.set()
        family = self.processes()
        with suppress(ProcessLookupError):
            self.process.terminate()
        _, alive = psutil.wait_procs(family, timeout=15)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._watcher.join(PATIENCE)

    def lines_since(self, offset: int) -> str:
        """Return what it has printed after so many bytes."""
        with self.log.open("rb") as log:
            log.seek(offset)
            return log.read().decode("utf-8", errors="replace")

    def printed(self) -> int:
        """Return how many bytes it has printed."""
        return self.log.stat().st_size if self.log.exists() else 0
