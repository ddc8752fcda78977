"""From a picture to the texts of the QR codes in it. Knows readers and photographs, nothing of what the texts say."""

import io
import os
from collections.abc import Callable, Iterator
from typing import Any, Final

from emvqr import crc16
from khqr.errors import ImageError
from khqr.image.libraries import library

MAX_PIXELS: Final = 50_000_000
_SMALL = 900  # pixels; a smaller picture is also tried at twice its size

Reader = Callable[[Any], list[str]]


def read(picture: Any) -> list[str]:
    """The texts of all QR codes in picture, each once, in the order in which they were found; [] where there is none.

    picture: bytes, a path, an open binary file or a pillow image. zxing-cpp reads it as it is and then improved, as
    photographs need it; then pyzbar, where it is installed. Raises ImageError for what is no picture.
    """
    image = _opened(picture)
    readers = _readers()
    for improved in _improved(image):
        for reader in readers:
            if texts := reader(improved):
                return list(dict.fromkeys(texts))
    return []


def _opened(picture: Any) -> Any:
    """The picture in shades of grey, transparent as white."""
    pillow = library("PIL.Image")
    try:
        if not isinstance(picture, pillow.Image):
            picture = pillow.open(io.BytesIO(picture) if isinstance(picture, bytes | bytearray) else picture)
        _check_size(picture)
        if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
            picture = picture.convert("RGBA")
            paper = pillow.new("RGBA", picture.size, "white")
            picture = pillow.alpha_composite(paper, picture)
        return picture.convert("L")
    except ImageError:
        raise
    except (OSError, SyntaxError, ValueError, TypeError, AttributeError, pillow.DecompressionBombError) as error:
        name = os.fspath(picture) if isinstance(picture, str | os.PathLike) else type(picture).__name__
        raise ImageError(f"read {name!r}, expected a picture: {error}") from None


def _check_size(picture: Any) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageError(f"the picture is {picture.width} by {picture.height} pixels; at most {MAX_PIXELS} are read")


def _improved(image: Any) -> Iterator[Any]:
    """The picture as it is, then with what helps against blur, noise, shade and small size."""
    pillow, filters, operations = library("PIL.Image"), library("PIL.ImageFilter"), library("PIL.ImageOps")
    yield image
    even = operations.autocontrast(image, cutoff=2)
    if max(image.size) < _SMALL:
        yield even.resize((image.width * 2, image.height * 2), pillow.Resampling.BICUBIC)
    yield even.filter(filters.MedianFilter(3))
    yield even.filter(filters.GaussianBlur(1.5))
    yield even.filter(filters.UnsharpMask(3, 200, 0))
    if max(image.size) > _SMALL:
        yield even.resize((image.width // 2, image.height // 2), pillow.Resampling.LANCZOS)


def _readers() -> tuple[Reader, ...]:
    """zxing-cpp and pyzbar, or one of them. Raises ImageError where neither is installed."""
    try:
        first = _zxing()
    except ImageError as missing:
        try:
            return (_pyzbar(),)
        except ImageError:
            raise missing from None
    try:
        return first, _pyzbar()
    except ImageError:
        return (first,)


def _zxing() -> Reader:
    zxing = library("zxingcpp")

    def reader(image: Any) -> list[str]:
        barcodes = zxing.read_barcodes(image, formats=zxing.BarcodeFormat.QRCode)
        return [_utf8(each.bytes) or each.text for each in barcodes if each.valid]

    return reader


def _pyzbar() -> Reader:
    pyzbar = library("pyzbar.pyzbar")
    qr = [pyzbar.ZBarSymbol.QRCODE]

    def reader(image: Any) -> list[str]:
        symbols = (each.data for each in pyzbar.decode(image, symbols=qr))
        return [text for data in symbols if (text := _utf8(data)) and _is_sure(text)]

    return reader


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def _is_sure(text: str) -> bool:
    """Whether zbar, which guesses at encodings, cannot have guessed wrong: ASCII, or a CRC that fits."""
    return text.isascii() or crc16(text[:-4]) == text[-4:].upper()
