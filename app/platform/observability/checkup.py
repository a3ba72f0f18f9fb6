"""The checks that a server process runs when it is asked, and how long their report is kept."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from threading import Lock
from time import monotonic

from app.platform.config import Settings
from app.platform.database.transaction import Addresses
from app.platform.observability.checks import Check, Finding, Report, Result, run_checks

log = logging.getLogger("escouade.checks")
KEPT_SECONDS = 5
"""How long a report serves: asking often costs nothing more."""
UNSEEN_SECONDS = 120
"""How long nobody may ask before what a process finds is new: it cannot know whether it went on in between."""


class Checkup:
    """The checks that a server process runs when it is asked, at most every few seconds.

    A finding that does not know since when says since when this process has seen it.
    """

    def __init__(self, checks: Iterable[Check]) -> None:
        every = tuple(checks)
        self.checks = tuple(check for check in every if check.is_quick)
        self.others = tuple(check for check in every if not check.is_quick)
        """Those that ``escouade doctor`` alone runs."""
        self._lock = Lock()
        self._report: Report | None = None
        self._until = 0.0
        self._first: dict[tuple[str, str], datetime] = {}

    def report(self, settings: Settings, addresses: Addresses) -> Report:
        """Return the last report, made again when it is old; one thread does so at a time."""
        with self._lock:
            if self._report is None or monotonic() > self._until:
                if monotonic() > self._until + UNSEEN_SECONDS:
                    self._first.clear()
                self._report = self._dated(run_checks(settings, addresses, self.checks))
                self._until = monotonic() + KEPT_SECONDS
            return self._report

    def _dated(self, report: Report) -> Report:
        seen = {(r.check.name, f.reason.code) for r in report.results for f in r.findings or ()}
        for name, code in sorted(seen - self._first.keys()):
            log.warning("the check %s fails: %s", name, code)
        for name, code in sorted(self._first.keys() - seen):
            log.info("the check %s no longer says: %s", name, code)
        self._first = {key: self._first.get(key, report.at) for key in seen}
        results = tuple(
            replace(r, findings=tuple(self._since(r, f) for f in r.findings)) if r.findings else r
            for r in report.results
        )
        return replace(report, results=results)

    def _since(self, result: Result, finding: Finding) -> Finding:
        first = self._first[result.check.name, finding.reason.code]
        return finding if finding.since is not None else replace(finding, since=first)
