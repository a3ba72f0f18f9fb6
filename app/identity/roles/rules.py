"""Pure rules about people: addresses, names, when a sign-in ends."""

from collections.abc import Iterable

from app.platform.security.permissions import Role


def roles_given_by(roles: Iterable[Role]) -> frozenset[Role]:
    """College roles that holders of some roles may give: nobody gives one above their own."""
    team = frozenset({Role.TRAINER, Role.FACILITATOR, Role.COORDINATOR})
    held = set(roles)
    if Role.ADMIN in held:
        return team | {Role.REGISTRAR}
    return team if Role.REGISTRAR in held else frozenset()
