"""Whose template it is: the globally unique identifiers (GUID, sub 00) of the schemes that are known. Data, no rule.

Sources: each scheme's public codes and libraries; docs/sources.md. A scheme's rules are its profile's.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Identifier(NamedTuple):
    """How a scheme marks its templates: by GUIDs, in capitals; or by a mark within sub 00 and the code's country."""

    scheme: str
    title: str
    guids: frozenset[str] = frozenset()
    mark: str = ""
    country: str = ""

    def owns(self, guid: str, country: str) -> bool:
        """Whether a template whose sub 00 is guid, in a code of that country (tag 58), is this scheme's."""
        if self.guids:
            return guid.upper() in self.guids
        return self.mark in guid and country == self.country


KHQR: Final = Identifier("khqr", "KHQR (Bakong, Cambodia)", mark="@", country="KH")
PROMPTPAY: Final = Identifier(
    "promptpay",
    "PromptPay (Thailand)",
    frozenset({f"A00000067701011{number}" for number in (1, 2, 3, 4)} | {"A000000677012006"}),
)
VIETQR: Final = Identifier("vietqr", "VietQR (NAPAS, Vietnam)", frozenset({"A000000727"}))
PIX: Final = Identifier("pix", "Pix (Brazil)", frozenset({"BR.GOV.BCB.PIX"}))
QRIS: Final = Identifier("qris", "QRIS (Indonesia)", frozenset({"ID.CO.QRIS.WWW"}))
PAYNOW: Final = Identifier("paynow", "PayNow (Singapore)", frozenset({"SG.PAYNOW"}))
DUITNOW: Final = Identifier("duitnow", "DuitNow (Malaysia)", frozenset({"A0000006150001"}))
QRPH: Final = Identifier("qrph", "QR Ph (Philippines)", frozenset({"PH.PPMI.P2M", "COM.P2PQRPAY"}))
UPI: Final = Identifier("upi", "UPI (Bharat QR, India)", frozenset({"A000000524"}))

ALL: Final = (KHQR, PROMPTPAY, VIETQR, PIX, QRIS, PAYNOW, DUITNOW, QRPH, UPI)
TITLES: Final[Mapping[str, str]] = MappingProxyType({known.scheme: known.title for known in ALL})
