"""The keyring: making it, checking it, a new current key, and sealing again what older keys sealed."""

import typer

from app.certificates.badges.college_keys import reseal as reseal_colleges
from app.deployment import deployment, load_keyring
from app.identity.reseal import reseal as reseal_accounts
from app.platform.config import settings
from app.platform.messages.i18n import explain, t
from app.platform.security import keyring as keys
from app.platform.security.keyring import Use

app = typer.Typer(no_args_is_help=True)


@app.command("create", help=t("cli.keys.create.help"))
def create() -> None:
    """Make the keyring where there is none; one that is there is never replaced."""
    file = settings().keyring_file
    if not keys.make(file):
        typer.echo(t("cli.keys.create.already", file=file), err=True)
        raise typer.Exit(1)
    typer.echo(t("cli.keys.create.done", file=file))


@app.command("check", help=t("cli.keys.check.help"))
def check() -> None:
    """Say what the keyring holds; exit 1 when it may not serve."""
    file = settings().keyring_file
    wrong = list(keys.weaknesses(file))
    for reason in wrong:
        typer.echo(explain(reason), err=True)
    if wrong:
        raise typer.Exit(1)
    keyring = keys.load(file)
    versions = ", ".join(str(version) for version in sorted(keyring.keys))
    typer.echo(t("cli.keys.check.done", file=file, current=keyring.current, versions=versions))


@app.command("rotate", help=t("cli.keys.rotate.help"))
def rotate() -> None:
    """A new current key; the others still open what they sealed."""
    keyring = keys.rotate(settings().keyring_file)
    typer.echo(t("cli.keys.rotate.done", current=keyring.current))


@app.command("reseal", help=t("cli.keys.reseal.help"))
def reseal() -> None:
    """Seal every secret again under the current key: all of them, or none."""
    chosen = settings()
    keyring = load_keyring(chosen)
    with deployment(chosen) as database, database.as_owner() as db:
        done = reseal_accounts(db, keyring)
        badges = reseal_colleges(db, keyring)
    said = {"totp": done[Use.TOTP], "oidc": done[Use.OIDC], "badges": badges, "current": keyring.current}
    typer.echo(t("cli.keys.reseal.done", **said))
