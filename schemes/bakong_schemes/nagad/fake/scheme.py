"""NAGAD: the fake Nagad as the simulator plays it."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bakong_schemes.nagad import wire
from bakong_schemes.nagad.fake import money
from bakong_schemes.nagad.fake.errors import refusal
from bakong_schemes.nagad.fake.records import NagadState
from bakong_schemes.nagad.fake.requests import HEADERS, Routed, route
from bakong_schemes.nagad.fake.serving import serve
from bakong_schemes.nagad.words import WORDS
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.scheme import Call, FakeScheme, OpeningAccount
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.kernel.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from bakong_simulator.control.scheme_control import SchemeControl

BANK = "nagad_issuer"
_RICH = MappingProxyType({wire.CURRENCY: 10_000_000_00})


class Nagad(FakeScheme[NagadState]):
    """Its payments are references of initialize; the customer pays on the provider's page, and money moves there."""

    name = wire.NAME
    words = WORDS
    scripts = Path(__file__).parents[1] / "scenarios"
    prefix = wire.PREFIX
    base_url = f"https://{wire.LIVE_HOST}"
    hosts = wire.HOSTS
    headers = HEADERS
    reference_name = "paymentReferenceId"
    currencies = WORDS.currencies
    issuer = BANK
    payer = money.OK
    accounts = (
        *(
            OpeningAccount(number, f"Nagad wallet, {wallet.name}", {} if wallet.name == "poor" else _RICH)
            for number, wallet in wire.WALLETS.items()
        ),
        OpeningAccount(money.MERCHANT, "Nagad merchant"),
    )
    account_ids = WORDS.account.pattern
    default_amounts = MappingProxyType({wire.CURRENCY: 100_00})
    unknown_world = refusal("InvalidMerchant", "there is no such world in this sandbox")
    serve = staticmethod(serve)

    def new(self, world: World, before: NagadState | None) -> NagadState:
        """As new; keys, whitelist and settings stay as they are."""
        state = NagadState(merchant_id_of(world.name))
        if before is not None:
            state.settings, state.keys, state.whitelist = before.settings, before.keys, before.whitelist
        if world.name != DEFAULT:  # whose calls find it anyway
            world.admit(_token(state.merchant_id))
        return state

    def world_of(self, worlds: Worlds, call: Call) -> World | None:
        """By the merchant: in the path, in the reference, or whose order it is."""
        match route(call):
            case Routed("initialize", (merchant, _)):
                return worlds.by_token.get(_token(merchant), worlds.default)
            case Routed("cancel", ("", order_id)):
                return next(
                    (one for one in worlds.by_name.values() if order_id in one.state(self).orders), worlds.default
                )
            case Routed("complete" | "verify" | "page" | "cancel", (reference, *_)):
                return worlds.by_token.get(_token(_merchant_in(reference)), worlds.default)
        return worlds.default

    def scan(self, text: str) -> Order:
        raise ScanError(f"read {text[:80]!r}: a payment of Nagad is paid on its page, not by a code")

    def payer_page(self, state: NagadState, payment: Payment) -> str | None:
        purchase = state.purchases.get(payment.reference)
        is_complete = purchase is not None and purchase.completed_ms is not None
        return f"{wire.PREFIX}/check-out/{payment.reference}" if is_complete else None

    def check_payable(self, world: World, state: NagadState, order: Order, from_account: str) -> None:  # noqa: ARG002
        purchase = state.purchases.get(order.reference)
        if purchase is None:
            raise WorldError(f"no payment of this world has the reference {order.reference}")
        money.check_open(world, state, purchase)

    def moved(self, world: World, state: NagadState, payment: Payment, at: int) -> None:
        purchase = state.purchases.get(payment.reference)
        if purchase is not None:
            money.moved(world, state, purchase, payment, at)

    def dump(self, state: NagadState) -> dict[str, Any]:
        from bakong_schemes.nagad.fake.snapshot import dump  # noqa: PLC0415  no call of the API needs pydantic

        return dump(state)

    def load(self, data: Any, payments: Sequence[Payment]) -> Callable[[World], NagadState]:
        from bakong_schemes.nagad.fake.snapshot import load  # noqa: PLC0415  as above

        restore = load(data, payments)

        def make(world: World) -> NagadState:
            state = world.state(self)
            restore(state)
            return state

        return make

    def control(self) -> "SchemeControl":
        from bakong_schemes.nagad.fake.control import CONTROL  # noqa: PLC0415  nor FastAPI

        return CONTROL


def merchant_id_of(world: str) -> str:
    """683 and twelve digits, by the world's name."""
    if world == DEFAULT:
        return wire.DEFAULT_MERCHANT_ID
    drawn = int.from_bytes(hashlib.blake2b(f"nagad/{world}".encode(), digest_size=8).digest())
    return f"683{drawn % 10**12:012d}"


def _token(merchant: str) -> str:
    """What a merchant's id is among the tokens of all schemes."""
    return f"nagad/{merchant}"


def _merchant_in(reference: str) -> str:
    """The merchant that a reference names; "" where it names none."""
    try:
        parts = base64.b64decode(reference, validate=True).split(b".")
    except (binascii.Error, ValueError):
        return ""
    return parts[1].decode("latin-1") if len(parts) == 4 else ""


NAGAD = Nagad()
