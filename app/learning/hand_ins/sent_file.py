"""The file of a form: sent with it, or in parts before it."""

from fastapi import UploadFile

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.learning.hand_ins.rules import MEGABYTE, clean_name
from app.learning.uploads.service import content_of, see_upload
from app.platform.database.session import Session
from app.platform.errors import Invalid, NotFound, Reason
from app.platform.files.store import FileStore
from app.platform.schema import Command
from app.platform.security.actor import Actor


class SentFile(Command):
    """A file, or the id of an upload of the same enrolment that is whole."""

    file: UploadFile | None = None
    upload_id: int | None = None

    def named(
        self, db: Session, actor: Actor, enrolment: EnrolmentRef, *, files: FileStore, megabytes: int
    ) -> dict[str, str | bytes]:
        """Return the name and content of the file, read no further than one byte above the limit."""
        if (self.file is None) is (self.upload_id is None):
            raise Invalid("invalid", Reason("missing" if self.file is None else "file_sent_twice", field="file"))
        if self.file is not None:
            content = self.file.file.read(megabytes * MEGABYTE + 1)
            return {"name": clean_name(self.file.filename or ""), "content": content}
        upload = see_upload(db, actor, self.upload_id or 0)
        if upload.enrolment_id != enrolment.id:
            raise NotFound
        return {"name": upload.file_name, "content": content_of(db, upload, files)}
