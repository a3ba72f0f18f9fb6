"""Letters and what to do about each."""

from collections.abc import Mapping, Sequence

from app.identity.invitations.schemas import InvitationRef
from app.identity.invitations.service import invitations_behind
from app.operations.letters.rules import remedy
from app.operations.letters.schemas import OperatedLetter, OperatedLetters
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages import letters as delivery
from app.platform.messages.schemas import LettersApiQuery, LetterShown, LettersQuery
from app.platform.paging import Page
from app.platform.security.actor import Actor


def list_letters(db: Session, query: LettersQuery) -> Page[OperatedLetter]:
    """Return a page of the letters."""
    page = delivery.list_letters(db, query)
    behind = _behind(db, page.items)
    return page.map(lambda letter: _with_remedy(letter, behind))


def letters(db: Session, query: LettersApiQuery) -> OperatedLetters:
    """Return letters, newest first."""
    items, next_ = delivery.letters_after(db, query)
    behind = _behind(db, items)
    return OperatedLetters(items=tuple(_with_remedy(letter, behind) for letter in items), next=next_)


def see_letter(db: Session, _: Actor, letter_id: int) -> OperatedLetter:
    """Return a letter; raise ``NotFound`` when there is none. The guard checks the permission."""
    letter = delivery.letter(db, letter_id)
    if letter is None:
        raise NotFound
    return _with_remedy(letter, _behind(db, [letter]))


def try_now(db: Session, letter: OperatedLetter) -> OperatedLetter:
    """Have a letter that waits tried at once; raise ``Conflict("letter_settled")`` for any other."""
    delivery.try_now(db, letter.id)
    shown = delivery.letter(db, letter.id) or letter
    return _with_remedy(shown, _behind(db, [shown]))


def _behind(db: Session, letters: Sequence[LetterShown]) -> Mapping[int, InvitationRef]:
    return invitations_behind(db, [letter.id for letter in letters])


def _with_remedy(letter: LetterShown, behind: Mapping[int, InvitationRef]) -> OperatedLetter:
    invitation = behind.get(letter.id)
    return OperatedLetter(
        **{name: getattr(letter, name) for name in LetterShown.model_fields},
        remedy=remedy(letter.kind, letter.delivery.state, is_invitation_open=invitation is not None),
        college_id=invitation.college_id if invitation else None,
        invitation_id=invitation.id if invitation else None,
    )
