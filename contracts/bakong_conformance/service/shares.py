"""The shares of money that was held: the platform's fee, the caregiver's part, the agency's rest. Knows no service."""

from typing import NamedTuple


class Shares(NamedTuple):
    """Minor units."""

    fee: int
    caregiver: int
    agency: int

    @property
    def net(self) -> int:
        return self.caregiver + self.agency


def half_up(minor: int, basis_points: int) -> int:
    """A part of an amount, halves away from zero.

    >>> half_up(10, 500), half_up(30, 500), half_up(9, 500)
    (1, 2, 0)
    """
    return (minor * basis_points + 5000) // 10_000


def shares(minor: int, fee_bps: int, caregiver_bps: int) -> Shares:
    """Of what remains of a payment.

    >>> shares(3333, 500, 500)
    Shares(fee=167, caregiver=166, agency=3000)
    """
    fee = half_up(minor, fee_bps)
    caregiver = half_up(minor, fee_bps + caregiver_bps) - fee
    return Shares(fee, caregiver, minor - fee - caregiver)
