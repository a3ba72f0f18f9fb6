"""Comments to use again: kept, found and removed by their author; a removed one changes no judgement."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import col, select

from app.grading.comments.models import SavedComment
from app.grading.comments.schemas import (
    TITLE_LENGTH,
    NewSavedComment,
    SavedCommentPage,
    SavedCommentRef,
    SavedCommentsApiQuery,
    SavedCommentShown,
    SavedCommentSort,
    SavedCommentsQuery,
)
from app.platform.clock import now
from app.platform.database.paging import Orders, Rows, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, Reason
from app.platform.paging import Page
from app.platform.search import search_key, search_words
from app.platform.security.actor import Actor

MOST = 200
"""How many comments someone keeps at most: the form of a judgement offers them all."""

ORDERS: Orders = {
    SavedCommentSort.TITLE: (col(SavedComment.search_key),),
    SavedCommentSort.AGE: (col(SavedComment.saved_at),),
}


def list_comments(db: Session, actor: Actor, query: SavedCommentsQuery) -> Page[SavedCommentShown]:
    """Return a page of the actor's comments."""
    statement = _own(actor, query.words)
    return fetch_page(db, statement, query, ORDERS, col(SavedComment.id)).map(SavedCommentShown.model_validate)


def comments_after(db: Session, actor: Actor, query: SavedCommentsApiQuery) -> SavedCommentPage:
    """Return the actor's comments by title, for a program; raise ``Invalid`` where ``after`` names none of them."""
    statement = _own(actor, search_words(query.search))
    order = ORDERS[SavedCommentSort.TITLE]
    rows, next_ = fetch_after(db, statement, order, col(SavedComment.id), after=query.after, limit=query.limit)
    return SavedCommentPage(items=tuple(SavedCommentShown.model_validate(row) for row in rows), next=next_)


def _own(actor: Actor, words: Sequence[str]) -> Rows:
    has_words = (col(SavedComment.search_key).contains(word, autoescape=True) for word in words)
    return sa.select(
        col(SavedComment.id), col(SavedComment.title), col(SavedComment.text), col(SavedComment.saved_at)
    ).where(col(SavedComment.author_id) == actor.person_id, *has_words)


def own_comments(db: Session, actor: Actor) -> list[SavedCommentShown]:
    """Return all comments of the actor, by title."""
    statement = select(SavedComment).where(SavedComment.author_id == actor.person_id)
    return [SavedCommentShown.model_validate(row) for row in db.exec(statement.order_by(col(SavedComment.search_key)))]


def see_saved_comment(db: Session, actor: Actor, saved_comment_id: int) -> SavedCommentRef:
    """Return a comment of the actor's own; raise ``NotFound`` for any other."""
    own = select(SavedComment).where(SavedComment.id == saved_comment_id, SavedComment.author_id == actor.person_id)
    row = db.exec(own).one_or_none()
    if row is None:
        raise NotFound
    return SavedCommentRef.model_validate(row)


def keep_comment(db: Session, actor: Actor, command: NewSavedComment) -> SavedCommentShown:
    """Keep a comment and return it; the same text kept again is the one that is there, under its title.

    Raise ``Conflict`` when there are too many.
    """
    own = own_comments(db, actor)
    same = next((kept for kept in own if kept.text == command.text), None)
    if same is not None:
        return same
    if len(own) >= MOST:
        raise Conflict("too_many_comments", Reason("too_many_comments", {"n": MOST}))
    row = SavedComment(
        author_id=actor.person_id,
        title=command.title,
        search_key=search_key(f"{command.title} {command.text}"),
        text=command.text,
        saved_at=now(),
    )
    db.add(row)
    db.flush()
    return SavedCommentShown.model_validate(row)


def keep_text(db: Session, actor: Actor, text: str) -> None:
    """Keep the comment of a judgement, under its first words."""
    first_line = text.strip().splitlines()[0]
    title = first_line if len(first_line) <= TITLE_LENGTH else f"{first_line[: TITLE_LENGTH - 1].rstrip()}…"
    keep_comment(db, actor, NewSavedComment(title=title, text=text))


def remove_comment(db: Session, ref: SavedCommentRef) -> None:
    """Remove a comment."""
    db.delete(db.get_one(SavedComment, ref.id))
    db.flush()
