"""Pure rules about roles: who may grant which."""

from collections.abc import Iterable

from app.platform.security.duties import grantable_by
from app.platform.security.permissions import Role


def roles_grantable_by(roles: Iterable[Role]) -> frozenset[Role]:
    """Return the roles of a college's staff that someone with some roles may offer in an invitation or an account.

    A coordinator gives roles inside cohorts and groups only; participants enter by their application.
    """
    return grantable_by(role for role in roles if role is not Role.COORDINATOR)
