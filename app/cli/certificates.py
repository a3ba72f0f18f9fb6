"""``escouade certificates``: look at a design while it is drawn; the keys that sign a college's credentials."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from jinja2 import TemplateError
from pydantic import ValidationError

from app.certificates.badges import college_keys
from app.certificates.documents import layout
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
    """Draw the design's sample; with ``--watch``, again whenever one of its files changes."""
    folder = DESIGNS / design
    if folder.parent != DESIGNS or not (folder / "design.yaml").is_file():
        known = ", ".join(sorted(path.parent.name for path in DESIGNS.glob("*/design.yaml")))
        typer.echo(t("cli.certificates.preview.unknown", design=design, known=known), err=True)
        raise typer.Exit(1)
    place = output or Path(f"{design}.pdf")
    seen = _stamps(folder)
    drawn = _draw(folder, place)
    try:
        while watch:
            time.sleep(POLL_SECONDS)
            if (now := _stamps(folder)) != seen:
                seen = now
                drawn = _draw(folder, place)
    except KeyboardInterrupt:
        return
    raise typer.Exit(0 if drawn else 1)


def _draw(folder: Path, place: Path) -> bool:
    """Draw and say how long it took, or what is wrong: a design is wrong most of the time while it is written."""
    layout.forget_designs()
    pdf.forget_styles()
    start = time.perf_counter()
    try:
        sample = CertificateRecord.model_validate_json((folder / "sample.json").read_text("utf-8"))
        record = sample.model_copy(update={"design": layout.design_version(folder.name)})
        content = layout.document(layout.Draft(record))
    except DomainError as refusal:
        typer.echo(explain_error(refusal), err=True)
    except PermissionError as refusal:
        typer.echo(t("cli.certificates.preview.refused", address=str(refusal)), err=True)
    except (TemplateError, ValidationError, ValueError, KeyError, OSError) as fault:
        typer.echo(t("cli.certificates.preview.fault", detail=str(fault)), err=True)
    else:
        place.write_bytes(content)
        took = f"{(time.perf_counter() - start) * 1000:.0f}"
        typer.echo(t("cli.certificates.preview.done", place=place, took=took, kilobytes=len(content) // 1000))
        return True
    return False


def _stamps(folder: Path) -> Mapping[Path, int]:
    """When each file of the design, and of the fonts that it shares, was last written."""
    files = (path for root in (folder, pdf.fonts_of(folder)) for path in root.rglob("*") if path.is_file())
    return {path: path.stat().st_mtime_ns for path in files}


# Keys -------------------------------------------------------------------------------------------


@app.command("keys", help=t("cli.certificates.keys.help"))
def keys(
    college: Annotated[str, typer.Argument(help=t("cli.certificates.keys.college"))],
    *,
    rotate: Annotated[bool, typer.Option("--rotate", help=t("cli.certificates.keys.rotate"))] = False,
) -> None:
    """List a college's keys, after a new one was made if asked."""
    chosen = settings()
    keyring = load_keyring(chosen)
    with deployment(chosen) as database, database.as_owner() as db:
        if rotate:
            college_keys.rotate(db, keyring, college)
        found = college_keys.keys_of(db, college)
    if not found:
        typer.echo(t("cli.certificates.keys.none"))
    for key in found:
        state = "cli.certificates.keys.signs" if key.retired_at is None else "cli.certificates.keys.retired"
        since = (key.retired_at or key.created_at).astimezone(QUEBEC)
        typer.echo(t(state, name=key.name, public_key=key.public_key, day=day(since)))
