"""Pure rules about roles: who may grant which."""

from collections.abc import Iterable

from app.platform.security.permissions import Role


def roles_grantable_by(roles: Iterable[Role]) -> frozenset[Role]:
    """Return the college roles that holders of some roles may grant: nobody grants one above their own."""
    team = frozenset({Role.TRAINER, Role.FACILITATOR, Role.COORDINATOR})
    held = set(roles)
    if Role.ADMIN in held:
        return team | {Role.REGISTRAR}
    return team if Role.REGISTRAR in held else frozenset()
