"""The EMVCo merchant-presented QR format: data objects, templates, CRC. Must not depend on any country or scheme.

Source: EMV QR Code Specification for Payment Systems, Merchant-Presented Mode.
"""

from emvqr.crc import crc16, crc16_of, seal
from emvqr.errors import EMVError, RepeatedTagError
from emvqr.tlv import FIGURES, MAX_PAYLOAD, MAX_VALUE, DataObject, field, fields, parse
from emvqr.tree import Node, tree

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
