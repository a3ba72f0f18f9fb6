"""What a declaration says. Pure. Sources: BR-13, S6."""

from collections.abc import Collection

from app.accompaniment.enterprises.rules import neq_reasons
from app.accompaniment.interests.enums import InterestKind
from app.platform.errors import Reason


def declared_reasons(
    kind: InterestKind,
    *,
    neq: str | None,
    about_id: int | None,
    vendor: str | None,
    choosable: Collection[int],
    declared: Collection[InterestKind],
) -> list[Reason]:
    """Return why a declaration is refused: it lacks what its kind names, or says that there is nothing beside others.

    ``choosable`` are the people whom its author may name, ``declared`` the kinds declared for the term before.
    """
    if kind is InterestKind.ENTERPRISE:
        return neq_reasons(neq) if neq else [Reason("neq_needed", field="neq")]
    if kind is InterestKind.VENDOR:
        return [] if vendor else [Reason("vendor_needed", field="vendor")]
    if kind is InterestKind.PERSON:
        return [] if about_id in choosable else [Reason("person_needed", field="about_id")]
    others = [other for other in declared if other is not InterestKind.NONE]
    return [Reason("interests_declared", field="kind")] if others else []
