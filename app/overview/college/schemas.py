"""What a college's page counts."""

from app.platform.schema import Read


class CollegeFigures(Read):
    """How many cohorts a college has in each state, and how many take applications on that day."""

    draft: int
    open: int
    running: int
    closed: int
    archived: int
    taking_applications: int
