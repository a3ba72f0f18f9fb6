"""``escouade init``: the first college, and the link with which its administrator opens their account."""

from datetime import timedelta
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlmodel import col, select

from app.cli.failures import stop, validation_messages
from app.deployment import deployment, load_keyring
from app.identity.invitations.operator import is_administered, print_link, withdraw_administrators
from app.identity.invitations.rules import FIRST_LINK_LIFETIME, Place
from app.identity.invitations.schemas import InvitedAddress
from app.identity.invitations.service import invite_to
from app.network import service as network
from app.network.models import College
from app.network.schemas import NewCollege
from app.platform.config import settings
from app.platform.messages.i18n import t
from app.platform.security.permissions import Role


def init(  # noqa: PLR0917 - the command's options, asked one after the other
    college: Annotated[str, typer.Option(prompt=t("cli.init.college"), help=t("cli.init.college"))],
    slug: Annotated[str, typer.Option(prompt=t("cli.init.slug"), help=t("cli.init.slug"))],
    city: Annotated[str, typer.Option(prompt=t("cli.init.city"), help=t("cli.init.city"))],
    region: Annotated[str, typer.Option(prompt=t("cli.init.region"), help=t("cli.init.region"))],
    prefix: Annotated[str, typer.Option(prompt=t("cli.init.prefix"), help=t("cli.init.prefix"))],
    email: Annotated[str, typer.Option(prompt=t("cli.init.email"), help=t("cli.init.email"))],
) -> None:
    """Create the first college and invite its administrator, who is also its coordinator and registrar.

    The link is printed once, for the person at this terminal, who is that administrator. While nobody has opened it,
    the command prints another.
    """
    chosen = settings()
    with deployment(chosen, migrate=True) as database:
        load_keyring(chosen)  # the first administrator will need it to encrypt their second factor
        with database.as_owner() as db:
            existing = db.exec(select(College).order_by(col(College.id))).first()
            if existing is not None and is_administered(db):
                stop(t("cli.init.already"))
            values = {"name": college, "slug": slug, "city": city, "region_code": region, "number_prefix": prefix}
            new_college, invitee = _validated(values, email)
            first = existing.id if existing is not None else network.open_college(db, new_college).id
            withdraw_administrators(db)
            places = (
                Place(Role.ADMIN),
                Place(Role.COORDINATOR, college_id=first),
                Place(Role.REGISTRAR, college_id=first),
            )
            invite_to(db, invitee, places, letter_from=None)
            link = print_link(db, invitee.email, site=chosen.base_url, lifetime=FIRST_LINK_LIFETIME)
    typer.echo(t("cli.init.done", college=existing.name if existing is not None else college))
    typer.echo(t("cli.init.next"))
    typer.echo(t("cli.init.link", email=invitee.email, minutes=FIRST_LINK_LIFETIME // timedelta(minutes=1)))
    typer.echo(link)


def _validated(values: dict[str, str], email: str) -> tuple[NewCollege, InvitedAddress]:
    """Return the validated answers, or stop with a line for each that is invalid."""
    prompts = {
        "name": t("cli.init.college"),
        "slug": t("cli.init.slug"),
        "city": t("cli.init.city"),
        "region_code": t("cli.init.region"),
        "number_prefix": t("cli.init.prefix"),
        "email": t("cli.init.email"),
    }
    errors: list[str] = []
    try:
        college = NewCollege.model_validate(values)
    except ValidationError as error:
        errors += validation_messages(error, prompts)
    try:
        invitee = InvitedAddress(email=email)
    except ValidationError as error:
        errors += validation_messages(error, prompts)
    if errors:
        stop(*errors)
    return college, invitee
