"""PromptPay's variables: a service without them has no PromptPay; with some, what is wrong is said at the start."""

import pytest

from bakong_sandbox.stack.providers import KINDS
from bakong_schemes.promptpay.adapter.settings import PromptPaySettings
from bakong_schemes.promptpay.codec import decode
from bakong_service.domain.money import Money
from bakong_service.ports import Checkout
from bakong_service.settings import SettingsError, load_all
from tests.conftest import NOW_MS
from tests.service.house import ALL

BILLER = {"promptpay_biller_id": "123456789012300"}
BANK = {"promptpay_base_url": "https://bank.test", "promptpay_key": "sandbox_promptpay_key"}
STRONG = {"promptpay_key": "Zk3vQ9x1Lw7Rt5Yb2Nc8Md4Pf6Hj0Gs0"}


def settings_of(given):
    _, providers = load_all(KINDS, ALL | {"SERVICE_MODE": "sandbox"} | given)
    return next(one for one in providers if isinstance(one, PromptPaySettings))


def test_a_service_that_names_no_payee_has_no_promptpay():
    assert not settings_of({}).is_configured
    assert settings_of(BILLER | BANK).is_configured
    assert settings_of({}).production_errors() == []


WRONG = {
    "no bank": (BILLER, "PROMPTPAY_BASE_URL and PROMPTPAY_KEY"),
    "two payees": (BILLER | BANK | {"promptpay_id": "0800000475"}, "read both"),
    "a biller of 14 digits": (BANK | {"promptpay_biller_id": "12345678901230"}, "biller_id"),
    "a mobile of 8 digits": (BANK | {"promptpay_id": "08000004"}, "mobile number"),
    "a tax id of 12": (BANK | {"promptpay_proxy": "tax_id", "promptpay_id": "010550000000"}, "13 digits"),
    "an unknown layout": (BILLER | BANK | {"promptpay_layout": "zigzag"}, "PROMPTPAY_LAYOUT"),
}


@pytest.mark.parametrize(("given", "why"), WRONG.values(), ids=WRONG)
def test_a_payee_that_no_code_can_carry_is_refused_at_the_start(given, why):
    with pytest.raises(SettingsError) as raised:
        settings_of(given)
    assert why in str(raised.value.lines)


def test_production_wants_a_strong_key_and_https():
    weak = settings_of(BILLER | BANK | {"promptpay_base_url": "http://bank.test"})
    assert [line.split()[0] for line in weak.production_errors()] == ["PROMPTPAY_KEY", "PROMPTPAY_BASE_URL:"]
    assert settings_of(BILLER | BANK | STRONG).production_errors() == []


@pytest.mark.parametrize(
    ("given", "account", "says"),
    [
        (BILLER, "123456789012300@biller", ("123456789012300", "DT1764000000ABCD")),
        ({"promptpay_id": "+66 80-000-0475"}, "0800000475@mobile", ("0800000475", None)),
        (
            {"promptpay_proxy": "tax_id", "promptpay_id": "0-1055-00000-00-0"},
            "0105500000000@id",
            ("0105500000000", None),
        ),
    ],
)
async def test_the_code_of_an_order_names_payee_amount_and_where_it_can_the_order(given, account, says):
    made = settings_of(BANK | given).factory().make(_NoNetwork())
    checkout = Checkout(
        payment_id="01a21fa4-3fec-768e-b261-f9efc8565c01",
        bill_number="DT-1764000000-ABCD",
        money=Money(50_05, "THB"),
        created_ms=NOW_MS,
        expires_ms=NOW_MS + made.life_ms,
    )
    created = await made.create(checkout)
    code = decode(created.handoff.text).code
    assert (created.account_id, str(code.amount)) == (account, "50.05")
    assert (getattr(code, "biller_id", None) or code.id, getattr(code, "ref1", None)) == says
    assert made.refund is None


class _NoNetwork:
    """Surroundings in which nobody is asked."""

    @staticmethod
    def open_client(_base_url, *, timeout_ms, ca_file=None):
        return None
