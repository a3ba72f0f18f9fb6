"""Metrics of the service as a whole, read when Prometheus asks, and the text of all metrics."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app import __version__
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.observability.checks import Report
from app.platform.observability.metrics import of_processes


def render(report: Report, settings: Settings) -> bytes:
    """Return all metrics as text."""
    service = CollectorRegistry()
    service.register(ServiceFigures(report, settings))
    return generate_latest(of_processes()) + generate_latest(service)


class ServiceFigures(Collector):
    """What is read of the service when it is asked: checks, what waits, workers, the disk."""

    def __init__(self, report: Report, settings: Settings) -> None:
        self.report, self.settings = report, settings

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics."""
        yield _gauge("escouade_build_info", "The version that runs.", ("version",), [((__version__,), 1)])
        checks = [((r.check.name,), float(r.is_failing)) for r in self.report.results if r.findings is not None]
        yield _gauge("escouade_check_failing", "1 for a check that fails (docs/operate.md).", ("check",), checks)
        yield from self._backlog()
        yield from self._jobs()
        if self.settings.bucket is None and self.settings.data_dir.exists():
            disk = shutil.disk_usage(self.settings.data_dir)
            yield _gauge("escouade_files_free_bytes", "Free where files are kept.", (), [((), disk.free)])
            yield _gauge("escouade_files_size_bytes", "Size of the disk of files.", (), [((), disk.total)])

    def _backlog(self) -> Iterator[GaugeMetricFamily]:
        waiting = self.report.backlog
        yield _gauge(
            "escouade_backlog", "What waits or was stopped, by kind.", ("kind",),
            [((kind,), found.n) for kind, found in waiting.items()],
        )  # fmt: skip
        yield _gauge(
            "escouade_backlog_oldest_seconds", "Age of the oldest that waits, by kind.", ("kind",),
            [((kind,), self._age(found.since)) for kind, found in waiting.items()],
        )  # fmt: skip

    def _jobs(self) -> Iterator[GaugeMetricFamily]:
        jobs = self.report.jobs
        if jobs is None:
            return
        states = [
            ((kind.name, state), getattr(kind, state))
            for kind in jobs.kinds
            for state in ("waiting", "running", "failed")
        ]
        yield _gauge("escouade_jobs", "Background jobs, by name and state.", ("task", "state"), states)
        late = [((kind.name,), self._age(kind.due_since)) for kind in jobs.kinds]
        yield _gauge("escouade_job_late_seconds", "How late the oldest job that is due is.", ("task",), late)
        beats = [((worker.name,), self._age(worker.seen_at)) for worker in jobs.workers]
        yield _gauge("escouade_worker_silent_seconds", "Since a worker's last sign of life.", ("worker",), beats)

    def _age(self, since: datetime | None) -> float:
        return 0.0 if since is None else max(0.0, (now() - since).total_seconds())


def _gauge(
    name: str, meaning: str, labels: tuple[str, ...], values: Sequence[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for label, value in values:
        family.add_metric(label, value)
    return family
