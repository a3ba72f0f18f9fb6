"""``escouade init``: the first college and its administrator."""

from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from sqlmodel import select

from app.cli.failures import stop, validation_messages
from app.deployment import deployment, load_keyring
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account
from app.identity.roles.service import grant_role
from app.network import service as network
from app.network.models import College
from app.network.schemas import NewCollege
from app.platform.config import settings
from app.platform.database.session import set_actor
from app.platform.messages.i18n import t
from app.platform.security.permissions import Role

CommandModel = TypeVar("CommandModel", NewCollege, NewAccount)


def init(  # noqa: PLR0917 - the command's options, asked one after the other
    college: Annotated[str, typer.Option(prompt=t("cli.init.college"), help=t("cli.init.college"))],
    slug: Annotated[str, typer.Option(prompt=t("cli.init.slug"), help=t("cli.init.slug"))],
    city: Annotated[str, typer.Option(prompt=t("cli.init.city"), help=t("cli.init.city"))],
    region: Annotated[str, typer.Option(prompt=t("cli.init.region"), help=t("cli.init.region"))],
    prefix: Annotated[str, typer.Option(prompt=t("cli.init.prefix"), help=t("cli.init.prefix"))],
    first_name: Annotated[str, typer.Option(prompt=t("cli.init.first_name"), help=t("cli.init.first_name"))],
    last_name: Annotated[str, typer.Option(prompt=t("cli.init.last_name"), help=t("cli.init.last_name"))],
    email: Annotated[str, typer.Option(prompt=t("cli.init.email"), help=t("cli.init.email"))],
    password: Annotated[
        str,
        typer.Option(
            prompt=t("cli.init.password"),
            hide_input=True,
            confirmation_prompt=t("cli.init.password_again"),
            envvar="ESCOUADE_FIRST_PASSWORD",
            help=t("cli.init.password"),
        ),
    ],
) -> None:
    """Create the first college with its administrator, who is also its coordinator and registrar."""
    chosen = settings()
    with deployment(chosen, migrate=True) as database:
        load_keyring(chosen)  # the first administrator will need it to encrypt their second factor
        with database.transaction() as db:
            if db.exec(select(College.id)).first() is not None:
                typer.echo(t("cli.init.already"), err=True)
                raise typer.Exit(1)
            errors: list[str] = []
            new_college = _validated(
                NewCollege, errors, name=college, slug=slug, city=city, region_code=region, number_prefix=prefix
            )
            new_account = _validated(
                NewAccount,
                errors,
                legal_first_name=first_name,
                legal_last_name=last_name,
                email=email,
                password=password,
            )
            if new_college is None or new_account is None:
                stop(*errors)
            college_id = network.open_college(db, new_college).id
            person_id = add_account(db, new_account)
            set_actor(db, colleges=[college_id], person=None)
            grant_role(db, person_id, Role.ADMIN)
            grant_role(db, person_id, Role.COORDINATOR, college_id=college_id)
            grant_role(db, person_id, Role.REGISTRAR, college_id=college_id)
        typer.echo(t("cli.init.done", college=college, email=email))


def _prompts() -> dict[str, str]:
    """Return the prompts of ``init`` by the field that each fills."""
    return {
        "name": t("cli.init.college"),
        "slug": t("cli.init.slug"),
        "city": t("cli.init.city"),
        "region_code": t("cli.init.region"),
        "number_prefix": t("cli.init.prefix"),
        "legal_first_name": t("cli.init.first_name"),
        "legal_last_name": t("cli.init.last_name"),
        "email": t("cli.init.email"),
        "password": t("cli.init.password"),
    }


def _validated(model: type[CommandModel], errors: list[str], **answers: str) -> CommandModel | None:
    """Return the validated answers; when they are invalid, ``None`` with the messages added to ``errors``."""
    try:
        return model(**answers)
    except ValidationError as error:
        errors.extend(validation_messages(error, _prompts()))
        return None
