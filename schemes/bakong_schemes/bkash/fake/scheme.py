"""BKASH: the fake bKash as the simulator plays it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake import pages, payments, sns, tokens, triggers
from bakong_schemes.bkash.fake.errors import refusal
from bakong_schemes.bkash.fake.records import BkashState
from bakong_schemes.bkash.fake.requests import HEADERS, header
from bakong_schemes.bkash.fake.serving import serve
from bakong_schemes.bkash.fake.shapes import page_of
from bakong_schemes.bkash.fake.standing import is_too_old, standing
from bakong_schemes.bkash.fake.wallets import ISSUER, USUAL_WALLET, account_of, opening_accounts
from bakong_schemes.bkash.words import WORDS
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.scheme import Call, FakeScheme
from bakong_simulator.kernel.world import World, WorldError
from bakong_simulator.kernel.worlds import Worlds

if TYPE_CHECKING:
    from bakong_simulator.control.scheme_control import SchemeControl


class Bkash(FakeScheme[BkashState]):
    """Its payments are named by the provider; the customer approves on a page, and the money moves at execute."""

    name = wire.NAME
    words = WORDS
    scripts = Path(__file__).parents[1] / "scenarios"
    prefix = wire.PREFIX
    base_url = f"https://{wire.TOKENIZED_HOST}"
    hosts = wire.HOSTS
    headers = HEADERS
    reference_name = "paymentID"
    currencies = WORDS.currencies
    issuer = ISSUER
    payer = account_of(USUAL_WALLET)
    accounts = opening_accounts()
    default_amounts = MappingProxyType({wire.CURRENCY: 100_00})
    unknown_world = refusal("gateway 401", wire.TOKENIZED)
    serve = staticmethod(serve)
    events = triggers.EVENTS
    trigger = staticmethod(triggers.trigger)

    def new(self, world: World, before: BkashState | None) -> BkashState:
        """As new; credentials, tokens, the topic's key and subscription stay good, switches as they are."""
        state = BkashState(
            credentials=tokens.credentials_of(world),
            sns_secret=sns.new_secret(world.rng.draw) if before is None else before.sns_secret,
        )
        if before is not None:
            state.settings, state.webhook = before.settings, before.webhook
            state.tokens, state.refresh_tokens = before.tokens, before.refresh_tokens
        world.outbox.register(sns.webhooks())
        tokens.admit_all(world, state)
        return state

    def world_of(self, worlds: Worlds, call: Call) -> World | None:
        """By the token, or the username of a grant; a page or a certificate, which have neither, by whose it is."""
        if len(worlds.by_name) == 1:
            return worlds.default
        if token := tokens.token_of(call):
            return worlds.by_token.get(token, worlds.default)
        if username := header(call, b"username"):
            return worlds.by_token.get(f"{wire.NAME}/{username}", worlds.default)
        if b"paymentId=" in call.query or b"Token=" in call.query or call.path.endswith(".pem"):
            worlds_of = ((world, world.state(self)) for world in worlds.by_name.values())
            return next((world for world, state in worlds_of if _is_of(world, state, call)), worlds.default)
        return worlds.default

    def scan(self, text: str) -> Order:
        raise ScanError(f"read {text[:100]!r}: a payment of {self.name} is approved on its page, not by a code")

    def payer_page(self, state: BkashState, payment: Payment) -> str | None:
        row = state.payments.get(payment.reference)
        return None if row is None or row.outcome else page_of(row, wire.PREFIX)

    def check_payable(self, world: World, state: BkashState, order: Order, from_account: str) -> None:  # noqa: ARG002
        row = state.payments.get(order.reference)
        if row is None or row.is_agreement:
            raise WorldError(f"no payment of this world is called {order.reference}")
        if row.outcome in ("cancel", "failure"):
            raise WorldError(f"payment {row.id}: the customer's page ended with {row.outcome}")
        if is_too_old(world, row):
            raise WorldError(f"payment {row.id} is older than a day: nobody can pay it any more")
        if standing(world, state, row).moved:
            raise WorldError(f"payment {row.id} was executed already")

    def moved(self, world: World, state: BkashState, payment: Payment, at: int) -> None:
        row = state.payments.get(payment.reference)
        if row is not None:
            payments.moved(world, state, row, payment, at)

    def dump(self, state: BkashState) -> dict[str, Any]:
        from bakong_schemes.bkash.fake.snapshot import dump  # noqa: PLC0415  no call of the API needs pydantic

        return dump(state)

    def load(self, data: Any, payments: Sequence[Payment]) -> Callable[[World], BkashState]:
        from bakong_schemes.bkash.fake.snapshot import load  # noqa: PLC0415  as above

        restore = load(data, payments)

        def make(world: World) -> BkashState:
            state = world.state(self)
            restore(state)
            tokens.admit_all(world, state)
            return state

        return make

    def control(self) -> "SchemeControl":
        from bakong_schemes.bkash.fake.control import CONTROL  # noqa: PLC0415  nor FastAPI

        return CONTROL


def _is_of(world: World, state: BkashState, call: Call) -> bool:
    if call.path.endswith(".pem"):
        return sns.secret_of(world, state, call) is not None
    return pages.row_of(state, call) is not None or sns.is_confirmation_of(state, call)


BKASH = Bkash()
