"""Problems of curriculum files: file, line, path and reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.platform.errors import NONE, Params, Reason
from app.platform.messages.i18n import explain

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem; ``file`` is relative to the curricula folder, ``line`` counts from 1."""

    file: str
    line: int
    path: Location
    code: str
    params: Params = field(default_factory=lambda: NONE)

    @property
    def message(self) -> str:
        """The problem in the reader's language."""
        return explain(Reason(self.code, self.params))

    @property
    def where(self) -> str:
        """The path as text: ``modules[0].activities[2].hours``."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return "".join(parts).removeprefix(".")

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}:"
        return " ".join(part for part in (at, self.where, self.message) if part)


class CurriculumError(RuntimeError):
    """The curricula cannot be used; ``problems`` lists every problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
