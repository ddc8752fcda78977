"""From a picture to the texts of the QR codes in it. Knows readers and photographs, nothing of what the texts say."""

import io
import math
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final

from emvqr import crc16
from khqr.errors import ImageError
from khqr.image.files import MAX_BYTES, contents
from khqr.image.libraries import library

# The pictures that are read: no other decoder of pillow's is tried, for some start programs (EPS) or read documents.
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
EXPECTED: Final = "a picture: PNG, JPEG, WebP, GIF or BMP"
MAX_PIXELS: Final = 50_000_000
_SMALL = 900  # pixels; a smaller picture is also tried at twice its size
_LARGE = 12_000_000  # a picture of more pixels is improved at this size
# A JPEG may be sent in scans, of which each costs a pass over all pixels: cameras and tools write ten.
_SCAN, _MAX_SCANNED = b"\xff\xda", 20 * MAX_PIXELS

Reader = Callable[[Any], list[str]]


def read(picture: Any) -> list[str]:
    """The texts of all QR codes in picture, each once, in the order in which they were found; [] where there is none.

    picture: bytes, a path, an open binary file or a pillow image. zxing-cpp reads it as it is and then improved, as
    photographs need it; then pyzbar, where it is installed. Of an animation the first picture is read. Raises
    ImageError for what is no picture of FORMATS, or is larger than MAX_PIXELS or files.MAX_BYTES.
    """
    try:
        image = _opened(picture)
    except ImageError as error:
        name = repr(os.fspath(picture)) if isinstance(picture, str | os.PathLike) else "the picture"
        raise ImageError(f"{name} {error}") from None
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
            picture = _parsed(_bytes_of(picture), pillow)
        _check(picture)
        if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
            picture = picture.convert("RGBA")
            paper = pillow.new("RGBA", picture.size, "white")
            picture = pillow.alpha_composite(paper, picture)
        return picture.convert("L")
    except ImageError:
        raise
    except (OSError, SyntaxError, ValueError, TypeError, AttributeError, EOFError, MemoryError) as error:
        raise ImageError(f"cannot be read ({error}), expected {EXPECTED}") from None


def _bytes_of(picture: Any) -> bytes:
    """What bytes, a path or an open file hold."""
    if isinstance(picture, str | os.PathLike):
        read = contents(picture, EXPECTED)
    elif isinstance(picture, bytes | bytearray):
        read = bytes(picture)
    elif hasattr(picture, "read"):
        read = picture.read(MAX_BYTES + 1)
    else:
        raise ImageError(f"is {type(picture).__name__}, expected {EXPECTED}")
    if len(read) > MAX_BYTES:
        raise ImageError(f"has more than {MAX_BYTES // 2**20} MiB, which is the most that is read")
    return read


def _parsed(read: bytes, pillow: Any) -> Any:
    """The picture, of which the head is read. Raises ImageError where it is none, or too much work."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            picture = pillow.open(io.BytesIO(read), formats=FORMATS)
    except (pillow.DecompressionBombWarning, pillow.DecompressionBombError):
        raise ImageError(f"has more than {MAX_PIXELS} pixels, which is the most that is read") from None
    except library("PIL").UnidentifiedImageError:
        raise ImageError(f"begins with {read[:8]!r}, expected {EXPECTED}") from None
    if picture.format in ("JPEG", "MPO") and read.count(_SCAN) * picture.width * picture.height > _MAX_SCANNED:
        raise ImageError(f"is sent in {read.count(_SCAN)} scans, which are too many for its size")
    return picture


def _check(picture: Any) -> None:
    """MPO is what pillow calls the JPEG of some cameras; a picture that was made in memory has no format."""
    if picture.format not in (None, "MPO", *FORMATS):
        raise ImageError(f"is {picture.format}, expected {EXPECTED}")
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageError(f"is {picture.width} by {picture.height} pixels; at most {MAX_PIXELS} are read")


def _improved(image: Any) -> Iterator[Any]:
    """The picture as it is, then with what helps against blur, noise, shade and small size."""
    pillow, filters, operations = library("PIL.Image"), library("PIL.ImageFilter"), library("PIL.ImageOps")
    yield image
    if image.width * image.height > _LARGE:
        scale = math.sqrt(_LARGE / (image.width * image.height))
        size = (max(1, int(image.width * scale)), max(1, int(image.height * scale)))
        image = image.resize(size, pillow.Resampling.LANCZOS)
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
