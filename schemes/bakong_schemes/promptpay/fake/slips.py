"""The slips of a world: one for every transfer that was settled, and the order that each was used for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bakong_schemes.promptpay import wire
from bakong_schemes.promptpay.codec import Slip, TrueMoneySlip, encode
from bakong_simulator.kernel.payments import Payment, Settlement
from bakong_simulator.kernel.rng import Rng

BANGKOK = timedelta(hours=7)
Key = tuple[str, str]  # the sending bank and its reference


def local_day(at_ms: int, form: str) -> str:
    """The day in Bangkok."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC) + BANGKOK:{form}}"


def iso(at_ms: int) -> str:
    """The moment as banks of Thailand write it."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC) + BANGKOK:%Y-%m-%dT%H:%M:%S}+07:00"


class Issued(NamedTuple):
    """A slip: the payment's settlement of this number, under its bank's name for it."""

    bank: str
    ref: str
    payment: Payment
    at: int

    @property
    def key(self) -> Key:
        return self.bank, self.ref

    @property
    def settlement(self) -> Settlement:
        return self.payment.settlements[self.at]

    @property
    def text(self) -> str:
        """Its mini QR."""
        if self.bank == wire.TRUEMONEY:
            day = local_day(self.settlement.at_ms, "%d%m%Y")
            return encode(TrueMoneySlip(event="P2P", ref=self.ref, date=day)).text
        return encode(Slip(bank=self.bank, ref=self.ref)).text


@dataclass(slots=True)
class Slips:
    """By bank and reference, and by payment. used: for which order a shop has taken one; each for one, for ever."""

    rows: dict[Key, Issued] = field(default_factory=dict)
    by_payment: dict[str, list[Issued]] = field(default_factory=dict)
    used: dict[Key, str] = field(default_factory=dict)
    by_use: dict[str, list[Key]] = field(default_factory=dict)

    def issue(self, bank: str, payment: Payment, at: int, rng: Rng) -> None:
        """A slip for a settlement; banks' references have 18 digits, the day among them, TrueMoney's 14."""
        while True:
            if bank == wire.TRUEMONEY:
                ref = rng.digits("promptpay/truemoney", 14)
            else:
                day = local_day(payment.settlements[at].at_ms, "%Y%m%d")
                ref = day + rng.digits("promptpay/slip", 10)
            if (bank, ref) not in self.rows:
                return self.put(Issued(bank, ref, payment, at))

    def put(self, slip: Issued) -> None:
        self.rows[slip.key] = slip
        self.by_payment.setdefault(slip.payment.reference, []).append(slip)

    def use(self, key: Key, order: str) -> bool:
        """Whether a slip is this order's from now on; False where it is another's."""
        if key not in self.used:
            self.used[key] = order
            self.by_use.setdefault(order, []).append(key)
        return self.used[key] == order

    def of(self, reference: str) -> list[Issued]:
        """The slips under a reference: of its own payment, unless used for another order; and those used for it."""
        own = [slip for slip in self.by_payment.get(reference, ()) if self.used.get(slip.key, reference) == reference]
        keys = {slip.key for slip in own}
        return own + [self.rows[key] for key in self.by_use.get(reference, ()) if key not in keys]
