"""What a college's page counts."""

from app.platform.schema import Read


class CollegeFigures(Read):
    """How many cohorts a college has, by where they stand on that day."""

    to_come: int
    running: int
    over: int
    taking_applications: int
