"""What PromptPay knows of a world: who may ask, who is registered, and the slips of what was paid."""

from dataclasses import dataclass, field
from typing import Any

from bakong_schemes.promptpay import wire
from bakong_schemes.promptpay.fake.payees import Payees
from bakong_schemes.promptpay.fake.slips import Issued, Slips, iso
from bakong_simulator.kernel.money import text_of

_KEY = "promptpay_sandbox_"


def key_of(world: str) -> str:
    """The API key that a client of a world sends, and by which its calls find it."""
    return _KEY + world


def world_named(key: str) -> str:
    """The world of such a key; "" for what is none."""
    return key.removeprefix(_KEY) if key.startswith(_KEY) else ""


@dataclass(slots=True)
class PromptPayState:
    """key: good beside that of the world's name, as a snapshot of another world may have it."""

    key: str
    payees: Payees = field(default_factory=Payees)
    slips: Slips = field(default_factory=Slips)

    def shown(self, slip: Issued) -> dict[str, Any]:
        """A transfer as its slip names it; reference: under which it pays a bill."""
        paid, named = slip.settlement, wire.read_reference(slip.payment.reference)
        return {
            "bank": slip.bank,
            "ref": slip.ref,
            "slip": slip.text,
            "amount": text_of(paid.minor, paid.currency),
            "currency": paid.currency,
            "payer": paid.from_account,
            "payee": paid.to_account,
            "payee_name": self.payees.owner(paid.to_account),
            "at": iso(paid.at_ms),
            "at_ms": paid.at_ms,
            "returned": paid.returned,
            "used_for": self.slips.used.get(slip.key),
            "reference": slip.payment.reference if named and named.kind == wire.BILLER else None,
        }
