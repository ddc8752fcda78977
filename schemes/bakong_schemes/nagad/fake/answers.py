"""Sealed answers, the same bytes again in a world of the same seed.

A recording replays to the same bytes, so the padding of an answer is drawn from the world's seed, which no library
offers: RFC 8017, 7.2.1 with that padding, and the public key's numbers. Nothing is kept secret by it: whoever has the
sandbox has its keys. Opening, signing and checking, here and in the adapter, are cryptography's own, and the tests open
these answers with it and with other people's clients.
"""

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from bakong_schemes.nagad import wire
from bakong_schemes.nagad.fake.errors import ApiError
from bakong_schemes.nagad.fake.keys import Pair

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Draw = Callable[[], bytes]  # the next 32 bytes of a stream


def sealed(fields: Mapping[str, Any], keys: Pair, draw: Draw) -> dict[str, str]:
    """An answer for the merchant, signed by Nagad. Raises ApiError where it is too long to be sealed."""
    from bakong_schemes.nagad.sealing import sign  # noqa: PLC0415  the first call of Nagad loads cryptography

    plaintext = orjson.dumps(fields)
    if len(plaintext) > wire.MAX_PLAINTEXT:
        raise ApiError("ServerError", f"the answer has {len(plaintext)} bytes, and {wire.MAX_PLAINTEXT} can be sealed")
    data = base64.b64encode(encrypt(plaintext, keys.merchant, draw)).decode()
    return {"sensitiveData": data, "signature": sign(plaintext, keys.own)}


def encrypt(plaintext: bytes, receiver: "RSAPublicKey", draw: Draw) -> bytes:
    """RSAES-PKCS1-v1_5 with drawn padding."""
    numbers, size = receiver.public_numbers(), receiver.key_size // 8
    padding = b""
    while len(padding) < size - 3 - len(plaintext):
        padding += draw().replace(b"\0", b"")
    block = b"\0\2" + padding[: size - 3 - len(plaintext)] + b"\0" + plaintext
    return pow(int.from_bytes(block), numbers.e, numbers.n).to_bytes(size)
