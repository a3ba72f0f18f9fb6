"""Batches processed here and now, as their jobs do one by one."""

from sqlalchemy import text

from app.certificates.batches.jobs import (
    BatchContext,
    Render,
    issue_next,
    items_to_issue,
    items_to_render,
    render_item,
)
from app.certificates.documents.layout import Draft
from app.certificates.documents.service import DocumentStore
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.documents.render_pool import Result
from tests.conftest import RING


def render_stub(draft: Draft) -> Result:
    """Return a small file that contains the certificate's number, where the layout does not matter."""
    return b"%PDF-1.7 " + draft.record.number.encode()


def batch_context(database: Database, settings: Settings, render: Render = render_stub) -> BatchContext:
    """Return what the jobs of batches need."""
    return BatchContext(database, DocumentStore.from_settings(settings, RING), render)


def process_pending(context: BatchContext) -> None:
    """Issue every certificate that waits, then render every document."""
    for item_id in items_to_issue(context.database):
        issue_next(context, item_id)
    for item_id in items_to_render(context.database):
        render_item(context, item_id)


def unfinished_batches(database: Database) -> list[int]:
    """Return the batches with something left to do."""
    with database.engine.connect() as owner:
        return list(owner.execute(text("select id from batch where finished_at is null order by id")).scalars())
