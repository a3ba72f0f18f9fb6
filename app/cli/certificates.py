"""``escouade certificates``: preview a certificate design; list and rotate a college's credential keys."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from jinja2 import TemplateError
from pydantic import ValidationError

from app.certificates.badges import college_keys
from app.certificates.documents import layout
from app.certificates.documents.designs import design_version
from app.certificates.schemas import CertificateRecord
from app.deployment import deployment, load_keyring
from app.platform.config import settings
from app.platform.documents import pdf
from app.platform.documents.pdf import DESIGNS
from app.platform.errors import DomainError
from app.platform.messages.i18n import QUEBEC, day, explain_error, t

app = typer.Typer(no_args_is_help=True)
POLL_SECONDS = 0.3


@app.command("preview", help=t("cli.certificates.preview.help"))
def preview(
    design: Annotated[str, typer.Argument(help=t("cli.certificates.preview.design"))],
    watch: Annotated[bool, typer.Option("--watch", help=t("cli.certificates.preview.watch"))] = False,
    output: Annotated[Path | None, typer.Option(help=t("cli.certificates.preview.output"))] = None,
) -> None:
    """Render the design's sample; with ``--watch``, again whenever one of its files changes."""
    folder = DESIGNS / design
    if folder.parent != DESIGNS or not (folder / "design.yaml").is_file():
        designs = ", ".join(sorted(path.parent.name for path in DESIGNS.glob("*/design.yaml")))
        typer.echo(t("cli.certificates.preview.unknown", design=design, known=designs), err=True)
        raise typer.Exit(1)
    file = output or Path(f"{design}.pdf")
    last_modified = _modification_times(folder)
    rendered = _render(folder, file)
    try:
        while watch:
            time.sleep(POLL_SECONDS)
            if (modified := _modification_times(folder)) != last_modified:
                last_modified = modified
                rendered = _render(folder, file)
    except KeyboardInterrupt:
        return
    raise typer.Exit(0 if rendered else 1)


def _render(folder: Path, file: Path) -> bool:
    """Render the sample and print how long it took, or print the error; return whether it was rendered.

    Errors of the design are expected: it is being written.
    """
    layout.clear_design_cache()
    pdf.clear_style_cache()
    start = time.perf_counter()
    try:
        sample = CertificateRecord.model_validate_json((folder / "sample.json").read_text("utf-8"))
        record = sample.model_copy(update={"design": design_version(folder.name)})
        content = layout.render_document(layout.Draft(record))
    except DomainError as refusal:
        typer.echo(explain_error(refusal), err=True)
    except PermissionError as refusal:
        typer.echo(t("cli.certificates.preview.refused", address=str(refusal)), err=True)
    except (TemplateError, ValidationError, ValueError, KeyError, OSError) as fault:
        typer.echo(t("cli.certificates.preview.fault", detail=str(fault)), err=True)
    else:
        file.write_bytes(content)
        milliseconds = f"{(time.perf_counter() - start) * 1000:.0f}"
        typer.echo(t("cli.certificates.preview.done", place=file, took=milliseconds, kilobytes=len(content) // 1000))
        return True
    return False


def _modification_times(folder: Path) -> Mapping[Path, int]:
    """Return the modification time (ns) of each file of the design and of the fonts that it shares."""
    files = (path for root in (folder, pdf.fonts_of(folder)) for path in root.rglob("*") if path.is_file())
    return {path: path.stat().st_mtime_ns for path in files}


# Keys -------------------------------------------------------------------------------------------


@app.command("keys", help=t("cli.certificates.keys.help"))
def keys(
    college: Annotated[str, typer.Argument(help=t("cli.certificates.keys.college"))],
    *,
    rotate: Annotated[bool, typer.Option("--rotate", help=t("cli.certificates.keys.rotate"))] = False,
) -> None:
    """List a college's keys; with ``--rotate``, create a new one first."""
    chosen = settings()
    keyring = load_keyring(chosen)
    with deployment(chosen) as database, database.as_owner() as db:
        if rotate:
            college_keys.rotate(db, keyring, college)
        college_key_list = college_keys.list_keys(db, college)
    if not college_key_list:
        typer.echo(t("cli.certificates.keys.none"))
    for key in college_key_list:
        state = "cli.certificates.keys.signs" if key.retired_at is None else "cli.certificates.keys.retired"
        since = (key.retired_at or key.created_at).astimezone(QUEBEC)
        typer.echo(t(state, name=key.name, public_key=key.public_key, day=day(since)))
