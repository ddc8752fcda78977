"""PromptPay codes: facts to text and text to facts. Standard library only.

>>> from bakong_schemes.promptpay.codec import CreditTransfer, decode, encode
>>> code = encode(CreditTransfer(proxy="mobile", id="080-000-0475", amount="100.50"))
>>> code.text
'00020101021229370016A0000006770101110113006680000047553037645406100.505802TH63044575'
>>> decode(code.text).code.id
'0800000475'

Sources: docs/promptpay.md and the table in this scheme's README.md.
"""

from bakong_schemes.promptpay.codec.decoding import Inspection, Payload, decode, inspect, verify
from bakong_schemes.promptpay.codec.encoding import Code, encode
from bakong_schemes.promptpay.codec.errors import DecodeError, EncodeError, PromptPayError
from bakong_schemes.promptpay.codec.model import (
    Barcode,
    BillPayment,
    CreditTransfer,
    Slip,
    TrueMoney,
    TrueMoneySlip,
    Vat,
)
from bakong_schemes.promptpay.codec.tables import LAYOUTS, PROFILE

__all__ = [
    "LAYOUTS",
    "PROFILE",
    "Barcode",
    "BillPayment",
    "Code",
    "CreditTransfer",
    "DecodeError",
    "EncodeError",
    "Inspection",
    "Payload",
    "PromptPayError",
    "Slip",
    "TrueMoney",
    "TrueMoneySlip",
    "Vat",
    "decode",
    "encode",
    "inspect",
    "verify",
]
