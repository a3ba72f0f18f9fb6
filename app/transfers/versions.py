"""The mapping between the version that an enrolment followed and the one that it goes on in."""

from app.curricula.library import default_library
from app.curricula.mappings.rules import inverse
from app.curricula.mappings.schemas import VersionMapping
from app.transfers.rules import Mappings


def mapping_between(slug: str, before: str, after: str) -> VersionMapping | None:
    """Return what becomes of each activity of a version of a path in another one; ``None`` without a mapping.

    Someone who comes back to an older version does so by the way that led from it.
    """
    library = default_library()
    onward = library.mapping((slug, before), (slug, after))
    if onward is not None:
        return onward
    back = library.mapping((slug, after), (slug, before))
    return inverse(back) if back is not None else None


def mappings_to(slug: str, version: str) -> Mappings:
    """Return the mapping from each version of a path to one of them; ``LookupError`` for a version without any."""

    def from_version(before: str) -> VersionMapping:
        mapping = mapping_between(slug, before, version)
        if mapping is None:
            raise LookupError(f"{slug} {before} has no mapping to {version}")
        return mapping

    return from_version
