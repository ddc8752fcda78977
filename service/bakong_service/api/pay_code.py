"""The QR of a payment page's address, as a PNG data URL; made fast, for it is in the answer to every new payment.

For texts of one length, with the version and the mask that go with it, a QR is linear: its modules are those of a zero
text, each character's own difference added by XOR, which is that of its bits. The library makes that of each bit once,
so that a process knows nearly all of them after a few addresses; the rest is XOR.
"""

import base64
import struct
import zlib
from functools import lru_cache
from typing import NamedTuple

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
    side, bits = _bits(text)
    frame = _frame(side)
    nibbles = bits.translate(_NIBBLES)
    rows = frame.margins.join([nibbles[start : start + side] for start in range(0, side * side, side)])
    packed, width = bytes.fromhex(f"{frame.left}{rows}{frame.right}"), frame.width
    lines = frame.between.join([packed[start : start + width] for start in range(0, side * width, width)])
    pixels = b"".join((frame.before, lines, frame.after))
    return frame.head + _chunk(b"IDAT", zlib.compress(pixels, 1)) + _END


def modules(text: str) -> list[str]:
    """The rows of the QR, "1" where a module is dark. text: ASCII, as an address is."""
    side, bits = _bits(text)
    return [bits[start : start + side] for start in range(0, side * side, side)]


def _bits(text: str) -> tuple[int, str]:
    """The side of the QR, and its modules row by row."""
    length = len(text)
    side, whole = _zero(length)
    for at, letter in enumerate(text):
        if letter != _ZERO:
            whole ^= _difference(length, at, letter)
    return side, f"{whole:0{side * side}b}"


class _Frame(NamedTuple):
    """What all pictures of one size share. margins: between two rows, left and right of all, in hexadecimal.

    before, between, after: lines around rows of `width` bytes. Each line begins with its filter: 0, as it is, or 2, the
    same as the one above.
    """

    head: bytes
    margins: str
    left: str
    right: str
    width: int
    before: bytes
    between: bytes
    after: bytes


@lru_cache(64)
def _frame(side: int) -> _Frame:
    modules = side + 2 * QUIET
    width = (modules + 1) // 2
    left, right = "f" * QUIET, "f" * (QUIET + modules % 2)
    same = b"\2" + bytes(width)
    blank = b"\0" + b"\xff" * width + same * (4 * QUIET - 1)
    size = struct.pack(">IIBBBBB", 4 * modules, 4 * modules, 1, 0, 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", size)
    repeated = same * 3
    return _Frame(head, right + left, left, right, width, blank + b"\0", repeated + b"\0", repeated + blank)


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


_END = _chunk(b"IEND", b"")
