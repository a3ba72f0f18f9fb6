"""How a process ended, in words for the log, and when it is started again."""

import signal
from dataclasses import dataclass

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
LASTING_SECONDS = 60.0
"""A process that ran for so long was well: what ends it is no reason to wait longer than the first time."""


def describe(status: int) -> str:
    """Return the reason of an end: the name of the signal (a negative status), else the exit status."""
    if status >= 0:
        return f"ended with status {status}"
    name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
    hint = ", perhaps by the system for want of memory" if -status == signal.SIGKILL else ""
    return f"was killed by {name}{hint}"


@dataclass(slots=True)
class Backoff:
    """The delays before a process is started again: twice as long after each end that comes too soon."""

    _delay: float = FIRST_DELAY / 2

    def after(self, seconds: float) -> float:
        """Return how long to wait once a process has ended that ran for so many seconds."""
        self._delay = FIRST_DELAY if seconds >= LASTING_SECONDS else min(self._delay * 2, LONGEST_DELAY)
        return self._delay
