"""BAKONG: the fake Bakong as the simulator plays it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from bakong_schemes.bakong.fake import open_api
from bakong_schemes.bakong.fake.registrations import Registrations
from bakong_schemes.bakong.fake.replies import refusal
from bakong_schemes.bakong.fake.scanning import scan
from bakong_schemes.bakong.fake.state import BakongState
from bakong_schemes.bakong.wire import codes
from bakong_schemes.bakong.words import WORDS
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.scheme import FakeScheme, OpeningAccount
from bakong_simulator.kernel.world import World
from bakong_simulator.wire.reply import Reply

if TYPE_CHECKING:
    from bakong_simulator.control.scheme_control import SchemeControl

ISSUER = "issuer@nbc"
WALLET = "sandkhppxxx@sand"  # a bank's settlement account, as the payers of most banks show
MERCHANT = "sandbox_merchant@sand"
OPENING_BALANCE = {"USD": 100_000_000_00, "KHR": 400_000_000_000}
DEFAULT_AMOUNT = {"USD": 1_00, "KHR": 4000}


class Bakong(FakeScheme[BakongState]):
    """Its payments are known by the md5 of their code, which the shop makes: a check may come before the code."""

    name = WORDS.name
    words = WORDS
    scripts = Path(__file__).parents[1] / "scenarios"
    prefix = "/v1"
    base_url = "https://api-bakong.nbc.gov.kh/v1"
    hosts = (
        *("api-bakong.nbc.gov.kh", "sit-api-bakong.nbc.gov.kh"),
        *("api-bakong.nbc.org.kh", "sit-api-bakong.nbc.org.kh"),
        *("api.khqr.dev", "api.bakongrelay.com"),  # relays
    )
    reads_host = True
    reference_name = "md5"
    currencies = WORDS.currencies
    issuer = ISSUER
    payer = WALLET
    accounts = (
        OpeningAccount(WALLET, "Sandbox Bank", OPENING_BALANCE),
        OpeningAccount(MERCHANT, "Sandbox Merchant"),
    )
    account_ids = r"[^@\s]{1,31}@[^@\s]{1,31}"
    default_amounts = DEFAULT_AMOUNT
    serve = staticmethod(open_api.serve)
    unknown_world = refusal(codes.UNAUTHORIZED)._replace(status=404)

    def __init__(self) -> None:
        self.documents: Mapping[str, Callable[[str], Reply]] = {"openapi.json": _openapi}

    def new(self, world: World, before: BakongState | None) -> BakongState:
        """As new; tokens that were issued stay good, profile and limits as they are."""
        if before is None:
            tokens = Registrations(world.name, world.rng, world.clock.now_ms, world.admit, world.forget)
        else:
            tokens = before.registrations
        tokens.reset(world.rng)
        state = BakongState(self, world, tokens)
        if before is not None:
            state.profile, state.by_host, state.limits = before.profile, before.by_host, before.limits
        return state

    def scan(self, text: str) -> Order:
        return scan(text)

    def reference_of(self, text: str) -> str:
        """An md5: 32 hex digits, in lowercase."""
        md5 = text.lower()
        if len(md5) != 32 or not set(md5) <= set("0123456789abcdef"):
            raise BodyError(f"md5: read {text!r}, expected 32 hex digits")
        return md5

    def meant(self, endpoint: str, status: int, body: bytes) -> str | None:
        """A list that is wrapped into an object, as some clients send it."""
        return open_api.wrapped_list(endpoint, body) if status == 400 else None

    def unclaimed_order(self, reference: str) -> Order:
        """One dollar to the sandbox's merchant, of a payer who knows the amount."""
        return Order(reference, MERCHANT, "USD", None, None, None)

    def moved(self, _world: World, state: BakongState, payment: Payment, at: int) -> None:
        state.settled(payment, at)

    def tracked(self, _world: World, state: BakongState, payment: Payment, status: str) -> None:
        state.tracked(payment, status)

    def dump(self, state: BakongState) -> dict[str, Any]:
        from bakong_schemes.bakong.fake.snapshot import dump  # noqa: PLC0415  no call of the Open API needs pydantic

        return dump(state)

    def load(self, data: Any, payments: Sequence[Payment]) -> Callable[[World], BakongState]:
        from bakong_schemes.bakong.fake.snapshot import load  # noqa: PLC0415  as above

        restore = load(data, payments)

        def make(world: World) -> BakongState:
            state = world.state(self)
            restore(state)
            return state

        return make

    def upgrade(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        from bakong_schemes.bakong.fake.snapshot import upgrade  # noqa: PLC0415  as above

        return upgrade(document, self.name)

    def control(self) -> "SchemeControl":
        from bakong_schemes.bakong.fake.control import CONTROL  # noqa: PLC0415  nor FastAPI

        return CONTROL


def _openapi(method: str) -> Reply:
    """The OpenAPI document of /v1, and nothing else, under its path."""
    if method not in ("GET", "HEAD"):
        return refusal(codes.MISSING_FIELDS)._replace(status=405, headers=((b"allow", b"GET, HEAD"),))
    return Reply(200, _document())


@cache
def _document() -> bytes:
    from bakong_schemes.bakong.wire.document import document  # noqa: PLC0415  read by few

    return orjson.dumps(document())


BAKONG = Bakong()
