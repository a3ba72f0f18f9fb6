"""Reading and changing one's own preferences."""

from sqlmodel import select

from app.network.colleges.rules import zone_reasons
from app.notifications.enums import Kind
from app.notifications.preferences.models import MailPreference
from app.notifications.preferences.schemas import (
    ChangePreferences,
    KindChoice,
    OfferedChoice,
    PreferencesForm,
    PreferencesShown,
)
from app.notifications.rules import CHOICES, QUIET_FROM, choice_of
from app.platform.database.session import Session
from app.platform.errors import Invalid, Reason, refuse_unless
from app.platform.security.actor import Actor


def preferences(db: Session, actor: Actor) -> PreferencesShown:
    """Return how the actor gets e-mails."""
    return _shown(_row(db, actor))


def change(db: Session, actor: Actor, command: ChangePreferences) -> PreferencesShown:
    """Change how the actor gets e-mails; raise ``Invalid`` for a time zone that does not exist."""
    refuse_unless(*zone_reasons(command.timezone), code="invalid")
    row = _row(db, actor)
    row.choices = {
        one.kind.value: one.choice.value for one in command.choices if one.choice is not CHOICES[one.kind][0]
    }
    row.timezone, row.language = command.timezone, command.language
    row.quiet_from, row.quiet_until = command.quiet_from, command.quiet_until
    db.add(row)
    db.flush()
    return _shown(row)


def of_form(form: PreferencesForm) -> ChangePreferences:
    """Return the command of a form; raise ``Invalid`` for a choice that is not offered."""
    chosen = []
    for one in form.choices:
        kind, _, choice = one.partition(":")
        offered = CHOICES.get(Kind(kind), ()) if kind in set(Kind) else ()
        if choice not in {value.value for value in offered}:
            raise Invalid("invalid", Reason("message_must_be_known", field="choices"))
        chosen.append(KindChoice.model_validate({"kind": kind, "choice": choice}))
    return ChangePreferences(**form.model_dump(exclude={"choices"}), choices=tuple(chosen))


def _row(db: Session, actor: Actor) -> MailPreference:
    own = select(MailPreference).where(MailPreference.person_id == actor.person_id)
    return db.exec(own).one_or_none() or MailPreference(person_id=actor.person_id, choices={}, quiet_from=QUIET_FROM)


def _shown(row: MailPreference) -> PreferencesShown:
    return PreferencesShown(
        choices=tuple(
            OfferedChoice(kind=kind, choice=choice_of(kind, row.choices), offered=offered)
            for kind, offered in CHOICES.items()
        ),
        timezone=row.timezone,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        language=row.language,
    )
