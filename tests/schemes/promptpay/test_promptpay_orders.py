"""Orders of the service that are paid by PromptPay in the simulator, on one clock: what may mark one as paid.

Six stories: an amount that differs by a satang, a second payment, one after the end, one to another payee, a slip that
another order has used, a slip of another amount.
"""

from types import SimpleNamespace

import httpx
import pytest

from bakong_contracts.service_api import PaymentStatus, Plan
from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.promptpay.adapter.client import HttpBank
from bakong_schemes.promptpay.adapter.provider import Payee, provider
from bakong_schemes.promptpay.codec import CreditTransfer, Slip, encode
from bakong_schemes.promptpay.fake.scheme import PROMPTPAY
from bakong_service import app as service_app
from bakong_service.domain.money import Money
from bakong_service.provider_factory import ProviderFactory
from bakong_service.settings import Settings
from bakong_service.usecases.create_payment import Order, add, stored
from bakong_service.usecases.idempotency import _plain
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS
from tests.service.house import KEY, SETTINGS

BILLER, MOBILE = Payee(biller_id="123456789012300"), Payee(proxy="mobile", id="0800000475")
WORLD = "/sandbox/worlds/default"
EVENTS = "/api/providers/promptpay/events"
PRICE = Money(50_00, "THB")
SETTLED_S = 120  # the worker has asked again by then


@pytest.fixture
async def worlds():
    made = Worlds(lambda: NOW_MS, SCHEMES)
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    yield made
    made.default.clock.close()


@pytest.fixture(params=[BILLER, MOBILE], ids=["biller", "mobile"])
async def shop(request, worlds, tmp_path):
    """A service whose bank is the default world: shop.core, and clients of the service and of the sandbox."""
    world = worlds.default
    settings = Settings.model_construct(
        **SETTINGS | {"database_url": f"sqlite:///{tmp_path / 'shop.db'}", "log_dir": tmp_path / "logs"}
    )
    transport = Transport(worlds)
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=transport, timeout=10) as sandbox:
        bank = HttpBank(sandbox, world.state(PROMPTPAY).key)
        made = ProviderFactory(name="promptpay", make=lambda _given: provider(bank, request.param))
        async with service_app.run(settings, [made], timers=world.clock) as running:
            headers = {"authorization": f"Bearer {KEY}"}
            asgi = httpx.ASGITransport(running.app)
            async with httpx.AsyncClient(transport=asgi, base_url="http://service", headers=headers) as client:
                yield SimpleNamespace(
                    core=running.core, client=client, sandbox=sandbox, world=world, payee=request.param
                )


async def order(shop, user="sokha", price=PRICE):
    asked = Order(user_id=user, plan=Plan.PREMIUM, price=price, provider="promptpay")
    return await add(
        shop.core, _plain(shop.core), asked, lambda unit, payment: payment if stored(unit, payment) else None
    )


async def pay(shop, text, **fields):
    """The slip's mini QR of a wallet's payment."""
    answer = await shop.sandbox.post(f"{WORLD}/payments", json={"qr": text, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()["slip"]["slip"]


async def send_slip(shop, payment, slip):
    """The status of the answer to a slip that the payer has sent for a payment."""
    answer = await shop.client.post(
        EVENTS, json={"slip": slip, "reference": payment.reference}, headers={"authorization": ""}
    )
    return answer.status_code


async def pay_and_show(shop, payment, text=None, **fields):
    """A wallet pays, and where the code carries no reference the payer sends the slip."""
    slip = await pay(shop, text or payment.code.text, **fields)
    if shop.payee is MOBILE:
        assert await send_slip(shop, payment, slip) == 200
    return slip


async def seen(shop, payment):
    """Status, flag and lateness, once the worker has asked."""
    await shop.world.clock.advance(SETTLED_S * 1000)
    now = await shop.core.store.read(lambda records: records.payment_by_id(payment.id))
    return now.status, now.flag, now.late


async def test_an_order_that_is_paid_is_paid(shop):
    payment = await order(shop)
    await pay_and_show(shop, payment)
    assert await seen(shop, payment) == (PaymentStatus.PAID, None, False)


@pytest.mark.parametrize("shop", [MOBILE], indirect=True)
async def test_a_transfer_to_a_proxy_marks_no_order_paid_without_a_slip(shop):
    payment = await order(shop)
    await pay(shop, payment.code.text)
    assert await seen(shop, payment) == (PaymentStatus.PENDING, None, False)


@pytest.mark.parametrize("amount", ["49.99", "50.01"])
async def test_an_amount_that_differs_by_a_satang_pays_nothing(shop, amount):
    payment = await order(shop)
    await pay_and_show(shop, payment, amount=amount)
    assert await seen(shop, payment) == (PaymentStatus.PENDING, "wrong_amount", False)
    await pay_and_show(shop, payment)
    assert (await seen(shop, payment))[0] is PaymentStatus.PAID


async def test_a_second_payment_changes_nothing_and_is_there_to_be_sent_back(shop):
    payment = await order(shop)
    first = await pay_and_show(shop, payment)
    assert await seen(shop, payment) == (PaymentStatus.PAID, None, False)
    second = await pay(shop, payment.code.text)
    assert await send_slip(shop, payment, second) == 200
    assert await seen(shop, payment) == (PaymentStatus.PAID, "overpaid", False)
    now = await shop.core.store.read(lambda records: records.payment_by_id(payment.id))
    assert now.hash.split("-")[1] in first
    answer = await shop.sandbox.get(f"{WORLD}/payments", params={"scheme": "promptpay"})
    assert [row["times_paid"] for row in answer.json()] == [2]


async def test_a_payment_after_the_end_is_found_and_is_late(shop):
    payment = await order(shop)
    await shop.world.clock.advance(payment.expires_ms - NOW_MS + 1_000)
    await pay_and_show(shop, payment)
    await shop.world.clock.advance(3_600_000)
    assert await seen(shop, payment) == (PaymentStatus.PAID, None, True)


async def test_a_payment_to_another_payee_pays_nothing(shop):
    payment = await order(shop)
    other = encode(CreditTransfer(proxy="mobile", id="0899999999", amount="50")).text
    slip = await pay(shop, other)
    assert await send_slip(shop, payment, slip) == 200
    assert await seen(shop, payment) == (PaymentStatus.PENDING, "wrong_account", False)


async def test_a_slip_that_another_order_has_used_pays_nothing(shop):
    first, second = await order(shop), await order(shop, "chan")
    slip = await pay(shop, first.code.text)
    assert await send_slip(shop, first, slip) == 200
    assert await send_slip(shop, second, slip) == 401
    assert await seen(shop, first) == (PaymentStatus.PAID, None, False)
    assert await seen(shop, second) == (PaymentStatus.PENDING, None, False)


@pytest.mark.parametrize("shop", [MOBILE], indirect=True)
async def test_a_slip_of_another_amount_pays_nothing(shop):
    cheap, dear = await order(shop, price=Money(1_00, "THB")), await order(shop, "chan")
    slip = await pay(shop, cheap.code.text)
    assert await send_slip(shop, dear, slip) == 200
    assert await seen(shop, dear) == (PaymentStatus.PENDING, "wrong_amount", False)
    # It is the other order's now, and so pays the cheap one no more.
    assert (await seen(shop, cheap))[0] is PaymentStatus.PENDING


@pytest.mark.parametrize("slip", [encode(Slip(bank="014", ref="000000000000000001")).text, "no slip", ""])
async def test_a_slip_that_no_bank_knows_is_refused(shop, slip):
    payment = await order(shop)
    assert await send_slip(shop, payment, slip) == 401
    assert await seen(shop, payment) == (PaymentStatus.PENDING, None, False)


async def test_a_slip_is_sent_again_where_the_bank_does_not_answer(shop):
    payment = await order(shop)
    slip = await pay(shop, payment.code.text)
    await shop.sandbox.put(
        f"{WORLD}/scenario",
        content="name: down\nscheme: promptpay\nfaults: [{on: check_slip, fault: http, status: 503, first: 1}]",
    )
    shop.world.payments["promptpay", next(iter(shop.world.payments))[1]].scenario = shop.world.scenario
    assert await send_slip(shop, payment, slip) == 503
    assert await send_slip(shop, payment, slip) == 200
    assert await seen(shop, payment) == (PaymentStatus.PAID, None, False)


async def test_a_transfer_that_has_paid_its_bill_pays_no_other_order_by_its_slip(shop):
    first, second = await order(shop), await order(shop, "chan")
    slip = await pay_and_show(shop, first)
    assert await seen(shop, first) == (PaymentStatus.PAID, None, False)
    await send_slip(shop, second, slip)
    assert await seen(shop, second) == (PaymentStatus.PENDING, None, False)
    assert await seen(shop, first) == (PaymentStatus.PAID, None, False)


@pytest.mark.parametrize("shop", [BILLER], indirect=True)
async def test_a_slip_of_a_bill_is_taken_for_no_other_order_and_its_own_is_paid(shop):
    cheap, dear = await order(shop, price=Money(1_00, "THB")), await order(shop, "chan")
    slip = await pay(shop, cheap.code.text)
    assert await send_slip(shop, dear, slip) == 401
    assert await seen(shop, dear) == (PaymentStatus.PENDING, None, False)
    assert await seen(shop, cheap) == (PaymentStatus.PAID, None, False)


async def test_a_slip_for_what_is_no_payment_is_refused_and_still_pays_its_order(shop):
    payment = await order(shop)
    slip = await pay(shop, payment.code.text)
    stranger = SimpleNamespace(reference=payment.id)
    assert await send_slip(shop, stranger, slip) == 401
    assert await send_slip(shop, payment, slip) == 200
    assert await seen(shop, payment) == (PaymentStatus.PAID, None, False)
