"""What the tags of EMVCo's core are called, for people. Data."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "00": "payload format indicator",
        "01": "point of initiation method",
        **{f"{tag:02d}": "card scheme's account" for tag in range(2, 26)},
        **{str(tag): "merchant account" for tag in range(26, 52)},
        "52": "merchant category code",
        "53": "currency",
        "54": "amount",
        "55": "tip or convenience indicator",
        "56": "convenience fee, fixed",
        "57": "convenience fee, per cent",
        "58": "country",
        "59": "merchant name",
        "60": "merchant city",
        "61": "postal code",
        "62": "additional data",
        "62.01": "bill number",
        "62.02": "mobile number",
        "62.03": "store label",
        "62.04": "loyalty number",
        "62.05": "reference label",
        "62.06": "customer label",
        "62.07": "terminal label",
        "62.08": "purpose of transaction",
        "62.09": "consumer data request",
        "63": "CRC",
        "64": "alternate language",
        "64.00": "language preference",
        "64.01": "merchant name",
        "64.02": "merchant city",
        **{str(tag): "reserved" for tag in range(65, 80)},
        **{str(tag): "unreserved template" for tag in range(80, 100)},
    }
)
GUID: Final = "globally unique identifier"


def name_of(path: str) -> str:
    """What a path is called by EMVCo; "" where that is for a scheme to say."""
    tag, _, sub = path.partition(".")
    if sub == "00" and tag not in ("62", "64"):
        return GUID
    return NAMES.get(path, "")
