"""The four calls of the API: initialize, complete, verify, cancel. Each gives the object of its answer."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bakong_scenarios import Scenario
from bakong_schemes.nagad import times, wire
from bakong_schemes.nagad.fake import money
from bakong_schemes.nagad.fake.answers import sealed
from bakong_schemes.nagad.fake.errors import ApiError
from bakong_schemes.nagad.fake.keys import Pair, pair_of
from bakong_schemes.nagad.fake.records import Json, NagadState, Purchase
from bakong_schemes.nagad.fake.requests import body_of, check_headers, info_of, is_url, opened, pages_base, text
from bakong_schemes.nagad.fake.status import verified
from bakong_simulator.kernel.payments import Order
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.world import World

MAX_REFERENCE_NO = 100


class Ask(NamedTuple):
    """One call: where, what its path names, and the script that it asks for."""

    world: World
    state: NagadState
    call: Call
    names: tuple[str, ...]
    named: Scenario | None


def _sealed(ask: Ask, keys: Pair, fields: Mapping[str, Any]) -> Json:
    return dict(sealed(fields, keys, lambda: ask.world.rng.draw("nagad/padding")))


def _received(ask: Ask, data: str = "sensitiveData") -> tuple[Json, Json, Pair]:
    """The body of a POST, what it has sealed, and the keys that opened it. Raises ApiError."""
    check_headers(ask.call)
    body = body_of(ask.call)
    if ask.state.settings.merchant == "inactive":
        raise ApiError("InactiveMerchant", "the merchant was made inactive by a setting of this sandbox")
    keys = pair_of(ask.world, ask.state)
    return body, opened(body, keys, data), keys


def _check_merchant(ask: Ask, fields: Mapping[str, Any]) -> None:
    if text(fields, "merchantId") != ask.state.merchant_id:
        raise ApiError("InvalidMerchant", f"merchantId is not this world's, {ask.state.merchant_id}")


# initialize


def initialize(ask: Ask) -> Json:
    """Raises ApiError. What was initialized alone before is replaced."""
    world, state = ask.world, ask.state
    merchant, order_id = ask.names
    if merchant != state.merchant_id:
        raise ApiError("InvalidMerchant", f"the path names {merchant[:40]!r}, expected {state.merchant_id}")
    body, fields, keys = _received(ask)
    _check_merchant(ask, fields)
    _check_order(state, order_id, text(fields, "orderId"))
    _check_time(ask, "datetime", fields.get("datetime"))
    if body.get("dateTime") is not None:
        _check_time(ask, "dateTime", body["dateTime"])
    if not text(fields, "challenge"):
        raise ApiError("InvalidApiRequest", "challenge is missing")
    before = state.of_order(order_id)
    if before is not None and before.completed_ms is not None:
        raise ApiError("DuplicateOrderId", f"order {order_id} was completed before")
    if before is not None:
        del state.purchases[before.reference]
    purchase = _new(world, state, order_id)
    answer = {
        "paymentReferenceId": purchase.reference,
        "acceptDateTime": times.compact(purchase.initialized_ms),
        "challenge": purchase.challenge,
    }
    return _sealed(ask, keys, answer)


def _new(world: World, state: NagadState, order_id: str) -> Purchase:
    now_ms = world.clock.now_ms()
    tail = world.rng.hex("nagad/reference", 20)
    parts = f"{times.to_the_ms(now_ms)}.{state.merchant_id}.{order_id}.{tail}"
    reference = base64.b64encode(parts.encode()).decode()
    purchase = Purchase(reference, order_id, world.rng.hex("nagad/challenge", 40), now_ms)
    state.purchases[reference] = purchase
    state.orders[order_id] = reference
    return purchase


def _check_order(state: NagadState, in_path: str, sealed_one: str) -> None:
    most = state.settings.max_order_id
    if not wire.ORDER_ID.fullmatch(in_path) or len(in_path) > most:
        raise ApiError("InvalidOrderId", f"orderId: read {in_path[:80]!r}, expected 1 to {most} letters and digits")
    if sealed_one != in_path:
        raise ApiError("InvalidOrderId", f"orderId: the path has {in_path!r}, and what was sealed {sealed_one[:80]!r}")


def _check_time(ask: Ask, name: str, value: object) -> None:
    at_ms = times.read_compact(value)
    if at_ms is None:
        raise ApiError("InvalidApiRequest", f"{name}: read {str(value)[:40]!r}, expected yyyyMMddHHmmss in Asia/Dhaka")
    allowed_s = ask.state.settings.clock_difference_s
    now_ms = ask.world.clock.now_ms()
    if allowed_s is not None and abs(now_ms - at_ms) > allowed_s * 1000:
        here = times.compact(now_ms)
        raise ApiError(
            "InvalidApiRequest", f"{name}: read {value}, and it is {here} in Dhaka: {allowed_s} s are allowed"
        )


# complete


def complete(ask: Ask) -> Json:
    """Raises ApiError, before anything has changed, and ScenarioError where no script fits."""
    world, state = ask.world, ask.state
    body, fields, keys = _received(ask)
    purchase = _purchase(state, ask.names[0])
    _check_merchant(ask, fields)
    if text(fields, "currencyCode") not in (wire.CURRENCY_CODE, "50"):
        code = text(fields, "currencyCode")[:20]
        raise ApiError("InvalidCurrency", f"currencyCode: read {code!r}, expected {wire.CURRENCY_CODE}")
    amount, minor = _amount(fields, "amount")
    for name, expected in (("orderId", purchase.order_id), ("challenge", purchase.challenge)):
        if text(fields, name) != expected:
            raise ApiError("InvalidPurchaseInformation", f"{name} is not the one of initialize")
    if money.is_over(world, state, purchase):
        raise ApiError("InvalidReferenceId", "the reference has come to the end of its life")
    url, info = body.get("merchantCallbackURL"), info_of(body)
    if not isinstance(url, str) or not is_url(url):
        raise ApiError("InvalidApiRequest", "merchantCallbackURL must be an http:// or https:// address in ASCII")
    if purchase.completed_ms is None:
        _complete(ask, purchase, (amount, minor), url, info)
    elif state.settings.complete_again == "duplicate":
        raise ApiError("DuplicateOrderId", f"order {purchase.order_id} was completed before")
    elif minor != purchase.minor:
        raise ApiError("InvalidPurchaseInformation", f"amount: it was completed with {purchase.amount}")
    answer = {"callBackUrl": f"{pages_base(ask.call, world.name)}/check-out/{purchase.reference}", "status": "Success"}
    return answer if state.settings.complete_answer == "plain" else _sealed(ask, keys, answer)


def _complete(ask: Ask, purchase: Purchase, amount: tuple[str, int], url: str, info: str | None) -> None:
    world, now_ms, life_s = ask.world, ask.world.clock.now_ms(), ask.state.settings.reference_life_s
    ends_ms = None if life_s is None else purchase.initialized_ms + life_s * 1000
    order = Order(purchase.reference, money.MERCHANT, wire.CURRENCY, amount[1], purchase.order_id, ends_ms)
    world.player.choose(wire.NAME, order, ask.named)
    purchase.amount, purchase.minor = amount
    purchase.callback, purchase.info, purchase.completed_ms = url, info, now_ms
    world.register(world.scheme(wire.NAME), order, None, ask.named)


def _purchase(state: NagadState, reference: str) -> Purchase:
    purchase = state.purchases.get(reference)
    if purchase is None:
        raise ApiError("InvalidReferenceId", f"no payment has the reference {reference[:200]!r}")
    return purchase


def _amount(fields: Mapping[str, Any], name: str) -> tuple[str, int]:
    """An amount as it was written, and in poisha. Raises ApiError."""
    written = text(fields, name)
    minor = wire.minor_of(written)
    if not minor:
        read = f"{name}: read {written[:40]!r}"
        raise ApiError("InvalidPurchaseInformation", f"{read}, expected an amount above 0 such as 100.00")
    return written, minor


# verify and cancel


def verify(ask: Ask) -> Json:
    """Needs no header and is not sealed. Raises ApiError."""
    purchase = _purchase(ask.state, ask.names[0])
    payment = ask.world.payments.get((wire.NAME, purchase.reference))
    if payment is not None:
        ask.world.player.on_poll(payment)
    return verified(ask.world, ask.state, purchase)


def cancelled_purchase(state: NagadState, names: tuple[str, ...]) -> Purchase | None:
    """The payment that a refund is of: by the reference, else by the order. One of both is enough."""
    reference, order_id = names
    return state.purchases.get(reference) if reference else state.of_order(order_id)


def cancel(ask: Ask) -> Json:
    """A refund, whole or in part. Raises ApiError."""
    reference, order_id = ask.names
    _, fields, keys = _received(ask, "sensitiveDataCancelRequest")
    purchase = cancelled_purchase(ask.state, ask.names)
    if purchase is None:
        raise ApiError(
            "InvalidReferenceId", f"no payment has paymentRefId {reference[:200]!r} or orderId {order_id[:80]!r}"
        )
    _check_merchant(ask, fields)
    for given in (order_id, text(fields, "orderId")):
        if given and given != purchase.order_id:
            raise ApiError(
                "InvalidOrderId", f"orderId: read {given[:80]!r}, and the payment is of {purchase.order_id!r}"
            )
    if times.read_day(text(fields, "originalRequestDate")) is None:
        raise ApiError("InvalidApiRequest", "originalRequestDate is not a day such as 20251211")
    number = text(fields, "referenceNo")
    if not 0 < len(number) <= MAX_REFERENCE_NO:
        raise ApiError("InvalidApiRequest", f"referenceNo must have 1 to {MAX_REFERENCE_NO} characters")
    original, original_minor = _amount(fields, "originalAmount")
    amount, minor = _amount(fields, "cancelAmount")
    if purchase.completed_ms is None or original_minor != purchase.minor:
        raise ApiError(
            "InvalidPurchaseInformation", f"originalAmount: read {original}, the payment's is {purchase.amount}"
        )
    refund = money.give_back(ask.world, ask.state, purchase, minor, number)
    answer = {
        "status": refund.status,
        "code": "000",
        "originalAmount": original,
        "cancelAmount": amount,
        "cancelTrxId": refund.issuer_reference,
    }
    return _sealed(ask, keys, answer)


OPERATIONS: dict[str, Callable[[Ask], Json]] = {
    "initialize": initialize,
    "complete": complete,
    "verify": verify,
    "cancel": cancel,
}
