"""Who may do what with escrow payments. The roles come with a signed token, as its claim; there are no users here."""

from typing import NamedTuple

from bakong_service.domain.escrow import EscrowPayment
from bakong_service.domain.principals import PLATFORM_ROLES, Principal

ADMINS = frozenset({"PLATFORM_ADMIN", "SUPER_ADMIN"})


class Actor(NamedTuple):
    """Who asks: his id at the platform, his one role, and the agency that he works for."""

    user_id: str
    role: str
    agency_id: str = ""

    @property
    def is_admin(self) -> bool:
        return self.role in ADMINS

    @property
    def party(self) -> tuple[str, str] | None:
        """Whose payments he sees; None: everybody's."""
        if self.is_admin:
            return None
        return self.role, self.agency_id if self.role == "AGENCY_ADMIN" else self.user_id

    def may_see(self, payment: EscrowPayment) -> bool:
        """Whether the payment is known to him at all."""
        theirs = {
            "GUARDIAN": payment.payer_id,
            "CAREGIVER": payment.caregiver_id,
            "AGENCY_ADMIN": payment.agency_id,
        }
        return self.is_admin or (self.party is not None and theirs.get(self.role) == self.party[1])


def actor_of(principal: Principal) -> Actor | None:
    """Who asks, as escrow knows him; None for a token that has none of its roles. An API key is the platform itself."""
    roles = [role for role in PLATFORM_ROLES if role in principal.roles]
    if principal.is_key:
        return Actor(principal.name, "PLATFORM_ADMIN")
    return Actor(principal.subject, roles[0], principal.merchant or principal.subject) if roles else None
