"""The QR of a payment page's address, as a PNG data URL; made fast, for it is in the answer to every new payment.

For texts of one length, with the version and the mask that go with it, a QR is linear: its modules are those of a zero
text, each character's own difference added by XOR, which is that of its bits. The library makes that of each bit once,
so that a process knows nearly all of them after a few addresses; the rest is XOR.
"""

import base64
import struct
import zlib
from functools import lru_cache

import qrcode
from qrcode.constants import ERROR_CORRECT_L

QUIET = 4
MASK = 4  # any of the eight reads as well; which one is fixed, or there would be no differences to add
_ZERO = "0"
_NIBBLES = str.maketrans("01", "f0")  # a module is four pixels, light where it is 0


def data_url(text: str) -> str:
    """The picture, for where an address of one is expected.

    >>> data_url("http://127.0.0.1:3002/pay/1")[:30]
    'data:image/png;base64,iVBORw0K'
    """
    return "data:image/png;base64," + base64.b64encode(png(text)).decode()


def png(text: str) -> bytes:
    """One bit a pixel, four pixels a module, with the quiet zone."""
    rows = modules(text)
    side = (len(rows) + 2 * QUIET) * 4
    margin = "f" * QUIET
    tail = "f" * (side % 8 // 4)
    blank = b"\0" + bytes.fromhex("f" * (side // 4) + tail)
    lines = [b"\0" + bytes.fromhex(margin + row.translate(_NIBBLES) + margin + tail) for row in rows]
    above = [blank] * (QUIET * 4)
    pixels = b"".join([*above, *(line for line in lines for _ in range(4)), *above])
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = (_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(pixels, 1)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def modules(text: str) -> list[str]:
    """The rows of the QR, "1" where a module is dark. text: ASCII, as an address is."""
    length = len(text)
    side, whole = _zero(length)
    for at, letter in enumerate(text):
        if letter != _ZERO:
            whole ^= _difference(length, at, letter)
    bits = f"{whole:0{side * side}b}"
    return [bits[start : start + side] for start in range(0, side * side, side)]


@lru_cache(64)
def _zero(length: int) -> tuple[int, int]:
    return _drawn(_ZERO * length)


@lru_cache(16_384)
def _difference(length: int, at: int, letter: str) -> int:
    whole, changed = 0, ord(letter) ^ ord(_ZERO)
    for bit in range(7):
        if changed >> bit & 1:
            whole ^= _flipped(length, at, chr(ord(_ZERO) ^ 1 << bit))
    return whole


@lru_cache(4_096)
def _flipped(length: int, at: int, letter: str) -> int:
    """The difference of a letter that is one bit away from zero."""
    return _drawn(_ZERO * at + letter + _ZERO * (length - at - 1))[1] ^ _zero(length)[1]


def _drawn(text: str) -> tuple[int, int]:
    """The side of the library's QR, and its modules as the bits of a number."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_L, mask_pattern=MASK, border=0)
    code.add_data(qrcode.util.QRData(text.encode("ascii"), mode=qrcode.util.MODE_8BIT_BYTE))
    code.make(fit=True)
    rows = code.get_matrix()
    return len(rows), int("".join("1" if dark else "0" for row in rows for dark in row), 2)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
