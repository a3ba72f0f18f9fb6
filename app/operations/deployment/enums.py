"""The states of a check of the deployment."""

from enum import StrEnum


class CheckState(StrEnum):
    """The state of a check: ``NOT_RUN`` where one before it fails, ``BY_COMMAND`` where ``doctor`` alone runs it."""

    OK = "ok"
    FAILING = "failing"
    NOT_RUN = "not_run"
    BY_COMMAND = "by_command"


class ServiceStatus(StrEnum):
    """Whether requests are served: ``DEGRADED`` when they are and something else fails."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"
