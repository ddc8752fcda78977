"""What a relay answers otherwise than Bakong, as PyPI bakong-khqr 0.6.5 expects it. Experimental; most of it a guess.

A relay takes tokens that begin with rbk, makes codes by itself, and says in `data.status` where a payment stands.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from bakong_contracts.grades import SEEN
from bakong_schemes.bakong.fake.replies import answer, refusal
from bakong_schemes.bakong.wire import Endpoint, Field, success
from bakong_schemes.bakong.wire import codes as code
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.wire.reply import Reply
from khqr import Currency, Individual, KHQRError, encode

if TYPE_CHECKING:
    from bakong_schemes.bakong.fake.state import BakongState

ACCOUNT, NAME, CITY = "sandbox_merchant@sand", "Sandbox Merchant", "Phnom Penh"  # the store's, which the relay knows
LIFE_MS = 86_400_000
MADE = "KHQR Generated Successfully."
GENERATE_QR = Endpoint(
    "generate_qr",
    "bearer",
    (Field("amount", kind="number"),),
    SEEN,
    "A relay's: a code of the store's account.",
    MADE,
    (code.MISSING_FIELDS, code.UNAUTHORIZED),
)


def with_status(payment: Payment, reply: Reply, now_ms: int) -> Reply:
    """The answer to a check of an md5, with its payment's status; 404 for one that nobody has shown."""
    said = orjson.loads(reply.body)
    if said["responseCode"] == 0:
        return _with(reply, said, said["data"] | {"status": "PAID"})
    if payment.order is None:
        return reply._replace(status=404)
    expires_ms = payment.order.expires_at_ms
    if payment.pending is not None:
        return _with(reply, said, {"status": "SCANNED"})
    is_over = expires_ms is not None and now_ms >= expires_ms
    return _with(reply, said, {"status": "EXPIRED" if is_over else "UNPAID"})


def _with(reply: Reply, said: dict[str, Any], data: dict[str, Any]) -> Reply:
    return reply._replace(body=orjson.dumps(said | {"data": data}))


def generate_qr(state: "BakongState", body: Any) -> Reply:
    """A code over an amount, to the account that is named or the sandbox's merchant; Bakong knows it by this."""
    world = state.world
    currency = Currency.KHR if body.get("currency") == "KHR" else Currency.USD
    bill = str(body.get("bill_number") or f"RBK{int.from_bytes(world.rng.draw('relay')[:6]):015d}"[:20])
    try:
        made = encode(
            Individual(
                bakong_account_id=str(body.get("account_id") or ACCOUNT),
                merchant_name=str(body.get("merchant_name") or NAME),
                merchant_city=str(body.get("merchant_city") or CITY),
                currency=currency,
                amount=str(Decimal(str(body["amount"]))),
                bill_number=bill,
                expiration_timestamp=world.clock.now_ms() + LIFE_MS,
            ),
            now=world.clock.now_ms(),
        )
    except (KHQRError, ValueError):
        return refusal(code.MISSING_FIELDS)
    state.register_code(made.qr)
    facts = {"qr": made.qr, "md5": made.md5, "tran_id": bill, "checkout_url": None}
    return answer(success(MADE, facts))
