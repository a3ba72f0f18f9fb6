"""``escouade keys``: create, check and rotate the keyring; encrypt stored secrets again under the current key."""

import typer

from app.platform.config import settings
from app.platform.messages.i18n import explain, t
from app.platform.security import keyring as keys
from app.platform.security.keyring import KeyPurpose

app = typer.Typer(no_args_is_help=True)


@app.command("create", help=t("cli.keys.create.help"))
def create() -> None:
    """Create the keyring; an existing one is never replaced."""
    file = settings().keyring_file
    if not keys.create(file):
        typer.echo(t("cli.keys.create.already", file=file), err=True)
        raise typer.Exit(1)
    typer.echo(t("cli.keys.create.done", file=file))


@app.command("check", help=t("cli.keys.check.help"))
def check() -> None:
    """Print the keyring's versions; exit 1 when it is not safe to use."""
    file = settings().keyring_file
    weaknesses = list(keys.weaknesses(file))
    for reason in weaknesses:
        typer.echo(explain(reason), err=True)
    if weaknesses:
        raise typer.Exit(1)
    keyring = keys.load(file)
    versions = ", ".join(str(version) for version in sorted(keyring.keys))
    typer.echo(t("cli.keys.check.done", file=file, current=keyring.current, versions=versions))


@app.command("rotate", help=t("cli.keys.rotate.help"))
def rotate() -> None:
    """Add a new current key; the older keys still decrypt what they encrypted."""
    keyring = keys.rotate(settings().keyring_file)
    typer.echo(t("cli.keys.rotate.done", current=keyring.current))


@app.command("reseal", help=t("cli.keys.reseal.help"))
def reseal() -> None:
    """Encrypt every stored secret again under the current key: all of them, or none."""
    # Imported here: the other commands of this group need no database.
    from app.certificates.badges.college_keys import reencrypt_keys as reencrypt_college_keys  # noqa: PLC0415
    from app.codev.confidences.service import reencrypt_group_keys  # noqa: PLC0415
    from app.deployment import deployment, load_keyring  # noqa: PLC0415
    from app.grading.conflicts.service import reencrypt_details  # noqa: PLC0415
    from app.identity.reencryption import reencrypt as reencrypt_accounts  # noqa: PLC0415

    chosen = settings()
    keyring = load_keyring(chosen)
    with deployment(chosen) as database, database.as_owner() as db:
        account_secrets = reencrypt_accounts(db, keyring)
        college_keys = reencrypt_college_keys(db, keyring)
        groups = reencrypt_group_keys(db, keyring)
        interests = reencrypt_details(db, keyring)
    totp, oidc = account_secrets[KeyPurpose.TOTP], account_secrets[KeyPurpose.OIDC]
    figures = {"totp": totp, "oidc": oidc, "badges": college_keys, "groups": groups, "interests": interests}
    typer.echo(t("cli.keys.reseal.done", **figures, current=keyring.current))
