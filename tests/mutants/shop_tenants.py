"""Whose user a name is: each key but the shop's first has users of its own, kept under the key's name and theirs."""

import hashlib
import re

OWNED = re.compile(r"\Atenant:[0-9a-f]{12}:")
# Bugs, by the path that a name comes by.
SHARED = {
    "orders": "tenants-plan-bought",
    "users": "tenants-plan-read",
    "upgrades": "tenants-plan-raised",
    "downgrades": "tenants-plan-lowered",
    "cancellations": "tenants-plan-cancelled",
    "renewals": "tenants-plan-billed",
}


def name_of_key(key):
    """What an answer may say of a caller: not the key."""
    return hashlib.sha256(str(key).encode()).hexdigest()[:12]


def name_alone(user):
    """A user's name without whose it is."""
    return OWNED.sub("", user)


class Tenants:
    """The part of the shop that knows whose users are meant. See `shop`."""

    def kept_name(self, path, user, key):
        """How the shop keeps a name that a caller means."""
        shared = self.has("tenants-plans-mixed", SHARED.get(path, ""))
        return (
            user if key == self.api_key or shared or not isinstance(user, str) else f"tenant:{name_of_key(key)}:{user}"
        )
