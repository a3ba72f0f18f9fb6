"""The keyring: making it, checking it, a new current key, and sealing again what older keys sealed."""

import typer

from app import keys
from app.certificates.service_college_keys import reseal as reseal_colleges
from app.cli.deployment import deployment, keyring
from app.config import settings
from app.keys import Use
from app.people.service_reseal import reseal as reseal_accounts
from app.text import explain, t

app = typer.Typer(no_args_is_help=True)


@app.command("create", help=t("cli.keys.create.help"))
def create() -> None:
    """Make the ring where there is none; one that is there is never replaced."""
    file = settings().keyring_file
    if not keys.make(file):
        typer.echo(t("cli.keys.create.already", file=file), err=True)
        raise typer.Exit(1)
    typer.echo(t("cli.keys.create.done", file=file))


@app.command("check", help=t("cli.keys.check.help"))
def check() -> None:
    """Say what the ring holds; exit 1 when it may not serve."""
    file = settings().keyring_file
    wrong = list(keys.weaknesses(file))
    for reason in wrong:
        typer.echo(explain(reason), err=True)
    if wrong:
        raise typer.Exit(1)
    ring = keys.load(file)
    versions = ", ".join(str(version) for version in sorted(ring.keys))
    typer.echo(t("cli.keys.check.done", file=file, current=ring.current, versions=versions))


@app.command("rotate", help=t("cli.keys.rotate.help"))
def rotate() -> None:
    """A new current key; the others still open what they sealed."""
    ring = keys.rotate(settings().keyring_file)
    typer.echo(t("cli.keys.rotate.done", current=ring.current))


@app.command("reseal", help=t("cli.keys.reseal.help"))
def reseal() -> None:
    """Seal every secret again under the current key: all of them, or none."""
    chosen = settings()
    ring = keyring(chosen)
    with deployment(chosen) as database, database.as_owner() as session:
        done = reseal_accounts(session, ring)
        badges = reseal_colleges(session, ring)
    said = {"totp": done[Use.TOTP], "oidc": done[Use.OIDC], "badges": badges, "current": ring.current}
    typer.echo(t("cli.keys.reseal.done", **said))
