"""The time that each kind of work may take in the database; settings read it, without the database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The most seconds of a kind of work: a statement, the wait for a lock, a transaction in which nothing happens."""

    statement: float = 15
    lock: float = 2
    idle: float = 60

    @property
    def sql(self) -> str:
        """The statements that set the limits for the transaction under way, so that a pooler may stand between."""
        values = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle,
        }
        return "; ".join(f"set local {name} = {round(seconds * 1000)}" for name, seconds in values.items())


REQUEST, REPORT, JOB = TimeLimits(), TimeLimits(statement=120), TimeLimits(statement=900, lock=60, idle=600)
"""The kinds of work: an ordinary request, one that gathers a whole college, a job or command."""
JOB_STEP = TimeLimits(statement=120, lock=60, idle=30)
"""One step of a job, as the application role: it waits its turn, and a worker that hangs lets go of its locks."""
