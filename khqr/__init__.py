"""KHQR, the QR code of Cambodia's Bakong: facts to text and text to facts. Standard library only.

>>> from khqr import Individual, encode, decode
>>> code = encode(Individual(bakong_account_id="john_smith@devb", merchant_name="John Smith"))
>>> code.qr
'00020101021129190015john_smith@devb5204599953031165802KH5910John Smith6010Phnom Penh63046BFA'
>>> decode(code.qr).payee.merchant_name
'John Smith'

Sources: EMV QR Code Specification (merchant-presented), NBC's KHQR as npm bakong-khqr 1.0.20 writes it.
"""

from khqr.decoding import decode, verify
from khqr.encoding import encode, md5_of
from khqr.errors import DecodeError, EncodeError, ImageError, KHQRError
from khqr.model import Code, Currency, Individual, Merchant, Payload
from khqr.problems import Mode, Problem, Verdict

__all__ = [
    "Code",
    "Currency",
    "DecodeError",
    "EncodeError",
    "ImageError",
    "Individual",
    "KHQRError",
    "Merchant",
    "Mode",
    "Payload",
    "Problem",
    "Verdict",
    "decode",
    "encode",
    "md5_of",
    "verify",
]
