"""The kept figure of progress: the projection of each enrolment's facts."""

from collections.abc import Iterator

from app.platform.database.session import Session
from app.platform.kept_figures import Difference
from app.progress.service import mismatches, recompute


class Projection:
    """The row of each enrolment, against what its facts give."""

    name = "progress"

    def differences(self, db: Session) -> Iterator[Difference]:
        """Yield the enrolments whose row differs; facts that are written meanwhile may appear."""
        for enrolment_id in mismatches(db):
            yield Difference(str(enrolment_id), None, None)

    def mend(self, db: Session) -> None:
        """Compute those rows again, under the locks that any write of a fact takes."""
        ids = mismatches(db)
        if ids:
            recompute(db, ids)


FIGURES = (Projection(),)
