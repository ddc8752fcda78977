"""Texts as UTF-16 units, which NBC's SDK counts. Knows Unicode, not QR codes."""

import re

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE = re.compile("[\ud800-\udfff]")


def is_astral(text: str) -> bool:
    """Whether text holds a character beyond the BMP, which is one character and two UTF-16 units."""
    return not text.isascii() and len(text.encode("utf-16-le", "surrogatepass")) > 2 * len(text)


def units(text: str) -> str:
    """Text with each character beyond the BMP as its two surrogates: len() counts as JavaScript's length does.

    >>> len(units("\N{GRINNING FACE}"))
    2
    """
    if not is_astral(text):
        return text
    raw = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(low | high << 8) for low, high in zip(raw[::2], raw[1::2], strict=True))


def text_of(pieces: str) -> str:
    """The text that UTF-16 units spell; a lone surrogate stays one."""
    if pieces.isascii():
        return pieces
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), pieces)


def utf8(pieces: str) -> bytes:
    """UTF-8 of UTF-16 units, each lone surrogate as U+FFFD: what JavaScript's Buffer.from makes of them."""
    try:
        return pieces.encode()
    except UnicodeEncodeError:
        return _LONE.sub("\ufffd", text_of(pieces)).encode()
