"""The modules of a QR, and the plain pictures of them. Knows no card, and nothing of what the text says."""

import io
from typing import Literal

from khqr.errors import ImageError
from khqr.image.libraries import library

Level = Literal["L", "M", "Q", "H"]
Modules = tuple[tuple[bool, ...], ...]

QUIET = 4  # ISO/IEC 18004: the quiet zone's width in modules


def modules(text: str, level: Level = "M") -> Modules:
    """The dark modules of text's QR as rows, without the quiet zone. Raises ImageError for what fits in no QR."""
    if not text:
        raise ImageError("read an empty text, expected that of a code")
    qrcode = library("qrcode")
    constants = library("qrcode.constants")
    code = qrcode.QRCode(error_correction=getattr(constants, f"ERROR_CORRECT_{level}"), border=0)
    try:
        code.add_data(text.encode())
        code.make(fit=True)
    except UnicodeEncodeError:
        raise ImageError("the text holds a lone surrogate, which no QR can carry") from None
    except (ValueError, library("qrcode.exceptions").DataOverflowError):
        raise ImageError(f"{len(text.encode())} bytes are more than a QR of level {level} can hold") from None
    return tuple(tuple(row) for row in code.get_matrix())


def png(text: str, *, box_size: int = 8) -> bytes:
    """The QR of text as PNG bytes; box_size is pixels a module."""
    if not 1 <= box_size <= 100:
        raise ImageError(f"box_size is {box_size}, expected 1 to 100 pixels")
    rows = modules(text)
    image = library("PIL.Image")
    side = len(rows) + 2 * QUIET
    picture = image.new("1", (side, side), 1)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                picture.putpixel((x + QUIET, y + QUIET), 0)
    buffer = io.BytesIO()
    picture.resize((side * box_size, side * box_size), 0).save(buffer, "PNG")
    return buffer.getvalue()


def svg(text: str) -> str:
    """The QR of text as an SVG document, one path, one unit a module."""
    rows = modules(text)
    side = len(rows) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path(rows, QUIET, QUIET)}"/></svg>\n'
    )


def path(rows: Modules, left: float, top: float, size: float = 1) -> str:
    """The dark modules as SVG path data: a bar for each run in a row."""
    bars = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            run = 0
            while x + run < len(row) and row[x + run]:
                run += 1
            if run:
                bars.append(f"M{left + x * size:g} {top + y * size:g}h{run * size:g}v{size:g}h{-run * size:g}z")
            x += run + 1
    return "".join(bars)


def terminal(text: str) -> str:
    """The QR of text in half blocks, dark on light whatever the terminal's colours."""
    rows = modules(text)
    blank = (False,) * (len(rows) + 2 * QUIET)
    padded = [blank] * QUIET + [(False,) * QUIET + row + (False,) * QUIET for row in rows] + [blank] * (QUIET + 1)
    blocks = {(False, False): "\u2588", (False, True): "\u2580", (True, False): "\u2584", (True, True): " "}
    lines = ("".join(blocks[pair] for pair in zip(*padded[y : y + 2], strict=True)) for y in range(0, len(blank), 2))
    return "\n".join(lines) + "\n"
