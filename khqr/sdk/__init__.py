"""The twin of NBC's JavaScript SDK (npm bakong-khqr 1.0.20): its names, its answers, its numbers, none of its hangs.

>>> from khqr import sdk
>>> answer = sdk.generate_individual({"bakongAccountID": "john_smith@devb", "merchantName": "John Smith"}, now_ms=0)
>>> answer["data"]["md5"]
'851710edf362c4a9091f7b4739cbe1a3'

Numbers are JavaScript's: 1.50 is written "1.5", 1e21 "1e+21"; lengths are UTF-16 units. Nothing here is stricter than
the SDK: `khqr.encode`, `khqr.decode` and `khqr.verify` are.
"""

from khqr.sdk.decode import decode
from khqr.sdk.generate import generate_individual, generate_merchant
from khqr.sdk.non_khqr import decode_non_khqr
from khqr.sdk.verify import reason, verify

__all__ = ["decode", "decode_non_khqr", "generate_individual", "generate_merchant", "reason", "verify"]
