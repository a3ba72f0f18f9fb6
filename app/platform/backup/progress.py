"""What a long work tells whoever watches it."""

from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """The parts of a backup or of a restore."""

    DUMP = "dump"
    DIGEST = "digest"
    FILES = "files"
    VERIFY = "verify"
    LOAD = "load"


class Progress(Protocol):
    """Shows how far a long work is."""

    def begin(self, stage: Stage, total: int) -> None:
        """Begin a stage; ``total`` is in tables or bytes."""

    def advance(self, done: int) -> None:
        """Add to what was done of the stage."""
