"""Money: an int of minor units with an ISO currency."""

from dataclasses import dataclass
from decimal import Decimal

from bakong_contracts.money import exponent


@dataclass(frozen=True, slots=True)
class Money:
    """minor: cents of USD, whole riel of KHR, satang of THB."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """The money of an exact amount. Raises ValueError for a fraction or a currency that there is not.

        >>> Money.of(Decimal("0.5"), "USD")
        Money(minor=50, currency='USD')
        """
        decimals = exponent(currency)
        minor = amount.scaleb(decimals)
        if minor != int(minor):
            raise ValueError(f"{amount} has more decimals than {currency}, which has {decimals}")
        return cls(int(minor), currency)

    @property
    def number(self) -> float | int:
        """The amount as a JSON number."""
        decimals = exponent(self.currency)
        return self.minor / 10**decimals if decimals else self.minor

    def __str__(self) -> str:
        decimals = exponent(self.currency)
        return f"{self.minor / 10**decimals:.{decimals}f} {self.currency}"

    @property
    def text(self) -> str:
        """The amount as exact text, for a code.

        >>> Money(50, "USD").text
        '0.50'
        """
        decimals = exponent(self.currency)
        whole, part = divmod(self.minor, 10**decimals)
        return f"{whole}.{part:0{decimals}d}" if part else str(whole)

    @property
    def decimals(self) -> str:
        """The amount with all the decimals of its currency, also below zero.

        >>> Money(50, "THB").decimals, Money(-5, "THB").decimals, Money(4000, "KHR").decimals
        ('0.50', '-0.05', '4000')
        """
        places = exponent(self.currency)
        whole, part = divmod(abs(self.minor), 10**places)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"


def rounded(numerator: int, denominator: int) -> int:
    """Divide to the nearest int, half away from zero; the denominator is positive.

    >>> rounded(25, 10), rounded(-25, 10)
    (3, -3)
    """
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude
