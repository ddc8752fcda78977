"""The EMVCo merchant-presented QR format: data objects, templates, CRC. May not know of any country or scheme.

Source: EMV QR Code Specification for Payment Systems, Merchant-Presented Mode.
"""

from khqr.emv.crc import crc16, crc16_of, seal
from khqr.emv.errors import EMVError, RepeatedTagError
from khqr.emv.tlv import FIGURES, MAX_PAYLOAD, MAX_VALUE, DataObject, field, fields, parse
from khqr.emv.tree import Node, tree

__all__ = [
    "FIGURES",
    "MAX_PAYLOAD",
    "MAX_VALUE",
    "DataObject",
    "EMVError",
    "Node",
    "RepeatedTagError",
    "crc16",
    "crc16_of",
    "field",
    "fields",
    "parse",
    "seal",
    "tree",
]
