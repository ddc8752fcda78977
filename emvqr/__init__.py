"""The EMVCo merchant-presented QR format: data objects, templates, CRC, and profiles as tables.

Its code knows no country and no scheme: `identifiers` and `profiles` are data. Standard library only.

>>> from emvqr import decode, detect
>>> reading = decode("00020101021129370016A000000677010111011300668012345675802TH530376463046197")
>>> detect(reading.nodes)
('promptpay',)

Source: EMV QR Code Specification for Payment Systems, Merchant-Presented Mode.
"""

from emvqr.amounts import MAX_AMOUNT, read_amount
from emvqr.checking import Facts, check
from emvqr.crc import crc16, crc16_of, seal
from emvqr.detection import detect
from emvqr.errors import EMVError, RepeatedTagError
from emvqr.problems import Problem
from emvqr.profile import Account, AmountRule, Field, Profile
from emvqr.reading import Frame, Reading, decode, read
from emvqr.tlv import FIGURES, MAX_PAYLOAD, MAX_VALUE, DataObject, field, fields, parse
from emvqr.tree import Node, tree
from emvqr.writing import encode, write

__all__ = [
    "FIGURES",
    "MAX_AMOUNT",
    "MAX_PAYLOAD",
    "MAX_VALUE",
    "Account",
    "AmountRule",
    "DataObject",
    "EMVError",
    "Facts",
    "Field",
    "Frame",
    "Node",
    "Problem",
    "Profile",
    "Reading",
    "RepeatedTagError",
    "check",
    "crc16",
    "crc16_of",
    "decode",
    "detect",
    "encode",
    "field",
    "fields",
    "parse",
    "read",
    "read_amount",
    "seal",
    "tree",
    "write",
]
