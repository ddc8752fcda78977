"""Currencies and their minor units: one table for the ledger, the payments and every scheme.

Source: ISO 4217. One exception, and it is KHQR's: riel have no minor unit there, though ISO gives them two decimals.
"""

EXPONENTS: dict[str, int] = {
    **dict.fromkeys(
        (
            *("AED", "AUD", "BDT", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "GHS", "HKD", "HUF", "IDR"),
            *("INR", "KES", "MXN", "MYR", "NGN", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TWD", "USD"),
            "ZAR",
        ),
        2,
    ),
    **dict.fromkeys(("JPY", "KRW", "VND", "XOF"), 0),
    "KHR": 0,
}
THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")


class UnsupportedCurrencyError(ValueError):
    """A currency that the table does not have. The message names it and says what there is."""


def exponent(currency: str) -> int:
    """The number of decimals of a currency. Raises UnsupportedCurrencyError.

    >>> exponent("USD"), exponent("KHR")
    (2, 0)
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        pass
    if currency in THREE_DECIMALS:
        raise UnsupportedCurrencyError(f"currency {currency} has three decimals, which is not supported")
    raise UnsupportedCurrencyError(f"unknown currency {currency!r}, expected one of {', '.join(sorted(EXPONENTS))}")
