"""Money: an int of minor units with a currency. KHR has no decimals."""

from dataclasses import dataclass
from decimal import Decimal

DECIMALS = {"USD": 2, "KHR": 0}


@dataclass(frozen=True, slots=True)
class Money:
    """minor: cents of USD, whole riel of KHR."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """The money of an exact amount. Raises ValueError where the currency has no such fraction.

        >>> Money.of(Decimal("0.5"), "USD")
        Money(minor=50, currency='USD')
        """
        minor = amount.scaleb(DECIMALS[currency])
        if minor != int(minor):
            raise ValueError(f"{amount} has more decimals than {currency}, which has {DECIMALS[currency]}")
        return cls(int(minor), currency)

    @property
    def number(self) -> float | int:
        """The amount as a JSON number."""
        return self.minor / 100 if DECIMALS[self.currency] else self.minor

    def __str__(self) -> str:
        return f"{self.minor / 100:.2f} USD" if self.currency == "USD" else f"{self.minor} KHR"

    @property
    def text(self) -> str:
        """The amount as exact text, for a code.

        >>> Money(50, "USD").text
        '0.50'
        """
        if not DECIMALS[self.currency]:
            return str(self.minor)
        whole, cents = divmod(self.minor, 100)
        return f"{whole}.{cents:02d}" if cents else str(whole)


def rounded(numerator: int, denominator: int) -> int:
    """Divide to the nearest int, half away from zero; the denominator is positive.

    >>> rounded(25, 10), rounded(-25, 10)
    (3, -3)
    """
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude
