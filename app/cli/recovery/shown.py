"""What the commands of this folder print while they work and once they are done."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from app.platform.backup.progress import Stage
from app.platform.messages.i18n import number, t


class ShownProgress:
    """A bar for each stage, on standard error."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def begin(self, stage: Stage, total: int) -> None:
        """Show the former stage as done, and a new one."""
        self.end()
        self._task = self._bars.add_task(t(f"backup.stage.{stage.value}"), total=total or 1)

    def advance(self, done: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._bars.advance(self._task, done)

    def end(self) -> None:
        """Show the stage as done, as something may have been counted once less or once more."""
        if self._task is not None:
            self._bars.update(self._task, completed=self._bars.tasks[self._task].total)


@contextmanager
def shown_progress() -> Iterator[ShownProgress]:
    """Yield a progress that is shown on standard error while the context lasts."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        shown = ShownProgress(bars)
        yield shown
        shown.end()


def size(count: int) -> str:
    """Return a size in megabytes, as people read it."""
    return t("backup.megabytes", size=number(count / 1e6, 1))
