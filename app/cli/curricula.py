"""``escouade curricula``: check a folder, compare or write editor schemas, compare versions, publish one.

Exit status 1 when there is something to correct.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.codev.protocols import library as codev
from app.curricula import library
from app.curricula.changes import Change, Changes, diff
from app.curricula.files import json_schema as export
from app.curricula.files.folder import CODEV
from app.curricula.files.problems import CurriculumError, Problem
from app.curricula.library import DEFAULT_ROOT, Library
from app.curricula.schemas import Curriculum
from app.platform.errors import NotFound
from app.platform.messages.i18n import hours, t

app = typer.Typer(help=t("curricula.cli.help"), no_args_is_help=True, add_completion=False)
PIPE_WIDTH = 240

Folder = Annotated[Path, typer.Option("--path", help=t("curricula.cli.path"), show_default=False)]
Slug = Annotated[str, typer.Argument(help=t("curricula.cli.slug"), show_default=False)]


@app.command(help=t("curricula.cli.check"))
def check(
    path: Annotated[Path, typer.Argument(help=t("curricula.cli.path"), show_default=False)] = DEFAULT_ROOT,
) -> None:
    """Print every problem of a folder of curricula."""
    checked, problems = library.check(path)
    if found := (*problems, *codev.check(path)[1]):
        _refuse(found)
    versions = checked.curricula.values()
    activities = sum(len(curriculum.activities) for curriculum in versions)
    _print(t("curricula.cli.clean", curricula=len(versions), activities=activities))


@app.command(help=t("curricula.cli.schema"))
def schema(
    path: Folder = DEFAULT_ROOT,
    write: Annotated[bool, typer.Option("--write/--check", help=t("curricula.cli.write"))] = False,
) -> None:
    """Compare the JSON schemas for editors with the code, or write them."""
    folders = {path / "schema": export.MODELS}
    if (path / CODEV).is_dir():
        folders[path / CODEV / "schema"] = codev.MODELS
    names = ", ".join(name for folder, models in folders.items() for name in export.drifted(folder, models))
    if not names:
        _print(t("curricula.cli.schema.same"))
    elif write:
        for folder, models in folders.items():
            export.write_schemas(folder, models)
        _print(t("curricula.cli.schema.written", names=names))
    else:
        _print(t("curricula.cli.schema.drift", names=names))
        raise typer.Exit(1)


@app.command("diff", help=t("curricula.cli.diff"))
def compare(
    slug: Slug,
    before: Annotated[str, typer.Argument(help=t("curricula.cli.before"), show_default=False)],
    after: Annotated[str, typer.Argument(help=t("curricula.cli.after"), show_default=False)],
    path: Folder = DEFAULT_ROOT,
) -> None:
    """Print the differences between two versions, with hours gained and lost."""
    curricula = _load(path)
    old, new = (_version(curricula, slug, version) for version in (before, after))
    difference = diff(old, new)
    pages = curricula.changed_pages(slug, before, after)
    _print(t("curricula.cli.diff.head", slug=slug, before=before, after=after))
    if difference.fields:
        _print(t("curricula.cli.diff.fields", fields=", ".join(difference.fields)))
    for name, changes in (("modules", difference.modules), ("activities", difference.activities)):
        if changes:
            _print_changes(name, changes)
    if pages:
        _print(t("curricula.cli.diff.pages", codes=", ".join(pages)))
    if not (difference or pages):
        _print(t("curricula.cli.diff.none"))


@app.command(help=t("curricula.cli.publish"))
def publish(
    slug: Slug,
    version: Annotated[str, typer.Argument(help=t("curricula.cli.version"), show_default=False)],
    path: Folder = DEFAULT_ROOT,
) -> None:
    """Add a version of a path, or of a contract, to the register of published versions."""
    try:
        sha256 = (codev.publish if slug in codev.KINDS else library.publish)(path, slug, version)
    except CurriculumError as error:
        _refuse(error.problems)
    except NotFound:
        _exit_not_found(slug, version)
    else:
        _print(t("curricula.cli.published", slug=slug, version=version, sha256=sha256))


def _print(text: str) -> None:
    _console().print(text, markup=False, highlight=False, soft_wrap=True)


def _console() -> Console:
    """Return the console; a pipe or a log gets a fixed wide width, so that each row stays on one line."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)


def _refuse(problems: Iterable[Problem]) -> NoReturn:
    """Print the problems, file by file, and exit with status 1."""
    in_order = sorted(problems, key=lambda problem: (problem.file, problem.line))
    rows = ((f"{problem.file}:{problem.line}", problem.where, problem.message) for problem in in_order)
    _print_table(("place", "path", "message"), rows)
    _print(t("curricula.cli.problems", n=len(in_order)))
    raise typer.Exit(1)


def _exit_not_found(slug: str, version: str) -> NoReturn:
    _print(t("curricula.cli.not_found", slug=slug, version=version))
    raise typer.Exit(1)


def _load(path: Path) -> Library:
    try:
        return library.load_library(path)
    except CurriculumError as error:
        _refuse(error.problems)


def _version(curricula: Library, slug: str, version: str) -> Curriculum:
    try:
        return curricula.curriculum(slug, version)
    except NotFound:
        _exit_not_found(slug, version)


def _print_changes(name: str, changes: Changes) -> None:
    kinds = (("added", changes.added), ("removed", changes.removed), ("changed", changes.changed))
    rows = (_row(kind, change) for kind, items in kinds for change in items)
    _print_table(("code", "title", "change", "before", "after", "fields"), rows, t(f"curricula.cli.{name}"))
    _print(t("curricula.cli.diff.minutes", gained=hours(changes.gained_minutes), lost=hours(changes.lost_minutes)))


def _row(kind: str, change: Change) -> tuple[str, ...]:
    before, after = hours(change.before_minutes), hours(change.after_minutes)
    return change.code, change.title, t(f"curricula.cli.{kind}"), before, after, ", ".join(change.fields)


def _print_table(columns: Iterable[str], rows: Iterable[tuple[str, ...]], title: str | None = None) -> None:
    table = Table(*(t(f"curricula.cli.column.{name}") for name in columns), title=title, title_justify="left")
    for row in rows:
        # Text, not markup: a file may hold anything between brackets.
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    _console().print(table)


if __name__ == "__main__":
    app()
