"""The admission conditions of a cohort's path, as checked for one person."""

from app.platform.schema import Read


class AdmissionConditions(Read):
    """What a path asks of who is admitted: in words, and the paths of which one is completed before, if any."""

    admission: str
    paths_before: tuple[str, ...]
    is_met: bool
