"""Who a token speaks for, and what that lets him do. An API key may do everything that the API has."""

from collections.abc import Mapping
from typing import NamedTuple

SCOPES = ("orders", "refunds", "methods", "admin", "admin:read")
# What the people of each role may change; every role may read what these scopes are about, but for those of admins.
ROLES: Mapping[str, frozenset[str]] = {
    "admin": frozenset(SCOPES),
    "merchant": frozenset(("orders", "refunds")),
    "viewer": frozenset(),
}
# The care platform's people, who see escrow payments and nothing else: see domain.escrow_roles.
PLATFORM_ROLES = ("GUARDIAN", "CAREGIVER", "AGENCY_ADMIN", "PLATFORM_ADMIN", "SUPER_ADMIN")
_ADMIN, _READ = "admin", "admin:read"


class Principal(NamedTuple):
    """name: in audit rows, logs and limits. subject: its id where it was made. is_ours: made here, so one of a few.

    merchant: whose orders it works on; None: it is a merchant by itself. is_key: it is an API key.
    """

    name: str
    subject: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    is_ours: bool = True
    merchant: str | None = None
    is_key: bool = False

    def may(self, scope: str, *, reads: bool = False) -> bool:
        """Whether it may do what the scope is about. reads: without changing anything.

        >>> viewer = Principal("user mealea", "1", frozenset({"viewer"}))
        >>> viewer.may("orders"), viewer.may("orders", reads=True), viewer.may("admin", reads=True)
        (False, True, False)
        """
        if scope in self.scopes or any(scope in ROLES[role] for role in self.roles if role in ROLES):
            return True
        return reads and scope not in (_ADMIN, _READ) and any(role in ROLES for role in self.roles)

    @property
    def is_of_platform(self) -> bool:
        """Whether it is one of the care platform's people.

        >>> guardian = Principal("user u1", "u1", frozenset({"GUARDIAN"}))
        >>> guardian.is_of_platform, guardian.may("orders", reads=True)
        (True, False)
        """
        return not self.roles.isdisjoint(PLATFORM_ROLES)

    def has_role(self, role: str) -> bool:
        """Whether it is of the role, or an admin; a machine is an admin by the scope of that name.

        >>> Principal("client ci", "ci", scopes=frozenset({"admin"})).has_role("merchant")
        True
        """
        return role in self.roles or _ADMIN in self.roles or _ADMIN in self.scopes


READER = Principal("admin key", "admin key", scopes=frozenset((_READ,)))  # who shows ADMIN_READ_KEY


def of_key(name: str) -> Principal:
    """The principal of an API key, by the key's short name."""
    return Principal(f"key {name}", name, frozenset((_ADMIN,)), frozenset(SCOPES), is_key=True)
