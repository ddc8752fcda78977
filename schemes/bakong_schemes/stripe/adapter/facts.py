"""What the adapter has to know of Stripe's API, as tables: the version it speaks, and how amounts are written.

Sources: docs.stripe.com on currencies and Checkout (community, memory where a table says so). KHR is the trap: our riel
have no minor unit, as KHQR has it, and Stripe takes them in hundredths.
"""

from bakong_contracts.money import EXPONENTS
from bakong_service.domain.money import Money

NAME = "stripe"
API_HOST = "api.stripe.com"
VERSION = "2026-10-28.endive"
MAX_AMOUNT = 99_999_999  # eight digits of Stripe's own units
ZERO_DECIMAL = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)  # UGX and ISK are sent with two, always 00
# What Stripe presents to payers, of the currencies that we have. GHS is not among them (memory).
CURRENCIES = frozenset(EXPONENTS) - {"GHS"}

LIFE_S = 3_600  # of a session after it was made, where nobody ends it before; Stripe takes 30 minutes to a day
LONGEST_S = 86_000


def exponent_at_stripe(currency: str) -> int:
    """The decimals of Stripe's amounts.

    >>> exponent_at_stripe("KHR"), exponent_at_stripe("USD"), exponent_at_stripe("JPY")
    (2, 2, 0)
    """
    return 0 if currency in ZERO_DECIMAL else 2


def to_stripe(money: Money) -> int:
    """The amount as Stripe writes it.

    >>> to_stripe(Money(4000, "KHR")), to_stripe(Money(1999, "USD")), to_stripe(Money(500, "JPY"))
    (400000, 1999, 500)
    """
    made: int = money.minor * 10 ** (exponent_at_stripe(money.currency) - EXPONENTS[money.currency])
    return made


def from_stripe(amount: int, currency: str) -> Money | None:
    """Our money of an amount at Stripe; None where it is of no currency of ours, or of a part of our smallest unit.

    >>> from_stripe(400000, "khr"), from_stripe(400050, "khr"), from_stripe(1, "xxx")
    (Money(minor=4000, currency='KHR'), None, None)
    """
    code = currency.upper()
    if code not in CURRENCIES or not 0 < amount < 10**15:
        return None
    unit: int = 10 ** (exponent_at_stripe(code) - EXPONENTS[code])
    return None if amount % unit else Money(amount // unit, code)
