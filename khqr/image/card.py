"""The KHQR card: red head, name, amount, QR with the currency's mark in the middle. Knows the code's text and no file.

The proportions follow NBC's KHQR guideline as far as public cards show it (20 : 29, the head's folded corner, red
#E1232E); that they are exact is a guess.
"""

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any, Final

from khqr.decoding import decode
from khqr.errors import ImageError
from khqr.image.drawing import Level, Modules, modules, path
from khqr.image.files import contents
from khqr.image.libraries import library
from khqr.model import Currency, Payload
from khqr.problems import Mode

RED, INK, GREY = "#E1232E", "#000000", "#6F6F6F"
FAMILY = "'Nunito Sans','Noto Sans Khmer','Khmer OS',sans-serif"
# A package that carries an open font with Khmer and Latin letters: fontpkg-noto-sans-khmer.
PACKAGED = "fontpkg_noto_sans_khmer"
GET_FONT = "`pip install fontpkg-noto-sans-khmer` brings one, or give your own (--font, font=)"
# Fonts that are looked for after the given, Pillow's own and the packaged one: the first that has every character.
FONTS = (
    "NunitoSans-Regular.ttf",
    "NotoSansKhmer-Regular.ttf",
    "KhmerOS.ttf",
    "Battambang-Regular.ttf",
    "Khmer Sangam MN.ttf",
    "LeelawUI.ttf",
    "DejaVuSans.ttf",
)
# A level whose code would be denser than this many modules a side gives way to the next.
DENSEST: Final = 69
LEVELS: Final[tuple[Level, ...]] = ("H", "Q", "M")
MARK: Final = 0.17  # of the QR's side: 2.3 % of its area, where level M repairs 15 %

# What a name may hold and no card shows: what ends a line, turns a text's direction, or has no place in XML.
_UNSHOWN = re.compile("[\u2028-\u202e\u2066-\u2069\ufffe\uffff]")
_KHMER = re.compile("[\u1780-\u17ff\u19e0-\u19ff]")
NO_RAQM = "install Pillow from PyPI, which brings it"

Point = tuple[float, float]
# The marks as strokes in a square from 0 to 1; the riel's after U+17DB.
STROKES: Final[dict[Currency, tuple[tuple[Point, ...], ...]]] = {
    Currency.USD: (
        (
            *((0.68, 0.34), (0.62, 0.27), (0.5, 0.24), (0.38, 0.27), (0.33, 0.36), (0.38, 0.45), (0.5, 0.5)),
            *((0.62, 0.55), (0.67, 0.64), (0.62, 0.73), (0.5, 0.76), (0.38, 0.73), (0.32, 0.66)),
        ),
        ((0.5, 0.14), (0.5, 0.86)),
    ),
    Currency.KHR: (
        ((0.3, 0.3), (0.38, 0.23), (0.5, 0.27), (0.62, 0.21), (0.7, 0.28)),
        ((0.59, 0.24), (0.6, 0.62), (0.54, 0.75), (0.42, 0.78), (0.34, 0.71), (0.38, 0.62), (0.48, 0.61)),
        ((0.36, 0.49), (0.76, 0.42)),
    ),
}


@dataclass(frozen=True, slots=True)
class Card:
    """What stands where, in pixels, for a card of a given width."""

    width: int
    name: str
    amount: str
    currency: Currency
    rows: Modules

    @property
    def height(self) -> int:
        return self.width * 29 // 20

    @property
    def head(self) -> int:
        return self.width * 9 // 50

    @property
    def module(self) -> int:
        """Pixels a module: whole, so that the QR's edges are sharp."""
        return max(1, int(self.width * 0.84) // len(self.rows))

    @property
    def qr_side(self) -> int:
        return self.module * len(self.rows)

    @property
    def qr_at(self) -> tuple[int, int]:
        top, bottom = self.line + self.width // 25, self.height - self.width // 20
        return (self.width - self.qr_side) // 2, top + (bottom - top - self.qr_side) // 2

    @property
    def mark(self) -> int:
        return int(self.qr_side * MARK)

    @property
    def line(self) -> int:
        """The dashed line between what people read and what machines read."""
        return self.width * 47 // 100

    @property
    def left(self) -> int:
        return self.width // 10

    def size(self, text: str, largest: float) -> int:
        """Pixels of type at which text keeps within the margins; six tenths of it is a wide letter."""
        return int(min(self.width * largest, self.width * 0.8 / (0.6 * max(len(text), 1))))


def amount_text(payload: Payload) -> str:
    """The amount for people: riel whole, dollars with cents, thousands apart; "" where the payer chooses.

    >>> from khqr import Individual, encode
    >>> payee = Individual(bakong_account_id="a@b", merchant_name="A", currency=Currency.USD, amount=1250,
    ...     expiration_timestamp=1767225600000)
    >>> amount_text(decode(encode(payee, now=1767225600000).qr))
    '1,250.00'
    """
    amount = payload.payee.amount
    if not amount:
        return ""
    return f"{amount:,.2f}" if payload.payee.currency == Currency.USD else f"{amount:,.0f}"


def level_for(text: str) -> Level:
    """The most error correction that keeps the modules large: H, else Q, else M."""
    return next((level for level in LEVELS[:-1] if len(modules(text, level)) <= DENSEST), LEVELS[-1])


def card_svg(text: str, *, width: int = 600) -> str:
    """The card of a code as an SVG document. Raises DecodeError for what is no KHQR even to lenient mode."""
    card = _card(text, width)
    x, y = card.qr_at
    centre, radius = (x + card.qr_side / 2, y + card.qr_side / 2), card.mark / 2
    name_size, amount_size = card.size(card.name, 0.05), card.size(card.amount + "  KHR", 0.085)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {card.width} {card.height}" font-family="{FAMILY}">',
        f'<clipPath id="card"><rect width="{card.width}" height="{card.height}" rx="{card.width / 25:g}"/></clipPath>',
        f'<g clip-path="url(#card)"><path fill="#fff" d="M0 0h{card.width}v{card.height}H0z"/>',
        f'<path fill="{RED}" d="{_polygon(_head(card))}"/></g>',
        f'<g fill="#fff" font-size="{card.head * 0.46:g}" font-weight="900" text-anchor="middle">',
        f'<text x="{card.width / 2:g}" y="{card.head * 0.66:g}">KHQR</text></g>',
        _svg_name(card, name_size),
    ]
    if card.amount:
        sign = _strokes(card.currency, card.left, card.width * 0.4 - amount_size * 0.87, amount_size)
        parts.append(
            f'<path fill="none" stroke="{INK}" stroke-width="{amount_size / 12:g}" stroke-linecap="round"'
            f' stroke-linejoin="round" d="{_lines(sign)}"/>'
            f'<text x="{card.left + amount_size:g}" y="{card.width * 0.4:g}" font-size="{amount_size}"'
            f' font-weight="700" fill="{INK}">{card.amount}<tspan dx="8" font-size="{amount_size * 0.55:g}"'
            f' font-weight="400" fill="{GREY}">{card.currency.name}</tspan></text>'
        )
    mark = _strokes(card.currency, centre[0] - radius, centre[1] - radius, card.mark)
    parts += [
        f'<path stroke="{GREY}" stroke-opacity=".5" stroke-dasharray="8" d="M0 {card.line}h{card.width}"/>',
        f'<path fill="{INK}" shape-rendering="crispEdges" d="{path(card.rows, x, y, card.module)}"/>',
        f'<circle cx="{centre[0]:g}" cy="{centre[1]:g}" r="{radius * 1.12:g}" fill="#fff"/>',
        f'<g fill="none" stroke="{INK}" stroke-linecap="round" stroke-linejoin="round">',
        f'<circle cx="{centre[0]:g}" cy="{centre[1]:g}" r="{radius * 0.95:g}" stroke-width="{radius / 12:g}"/>',
        f'<path stroke-width="{card.mark / 11:g}" d="{_lines(mark)}"/></g></svg>\n',
    ]
    return "\n".join(parts)


def card_png(text: str, *, width: int = 600, font: str | PathLike[str] | None = None) -> bytes:
    """The card of a code as PNG bytes.

    font: a TrueType or OpenType file for the name; by default one of FONTS that the system has. Raises ImageError where
    no font has the name's characters: a card with boxes for a name would be a card of nobody.
    """
    card = _card(text, width)
    image = library("PIL.Image")
    scale = 2  # drawn twice as large, so that slanted edges and letters come out smooth
    canvas = image.new("RGB", (card.width * scale, card.height * scale), "white")
    _paint(canvas, card, scale, font)
    picture = canvas.resize((card.width, card.height), image.Resampling.LANCZOS)
    x, y = card.qr_at
    picture.paste(_qr(card), (x, y))
    mark = _mark(card)
    offset = (card.qr_side - mark.width) // 2
    picture.paste(mark, (x + offset, y + offset), mark)
    corners = _corners(card)
    rounded = image.new("RGBA", picture.size, "#FFFFFF00")
    rounded.paste(picture, mask=corners)
    buffer = io.BytesIO()
    rounded.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _svg_name(card: Card, size: int) -> str:
    """The name as text; a Khmer one as a picture, where it can be drawn: few viewers have its font."""
    left, baseline, name = card.left, card.width * 0.28, escape(card.name)
    as_text = f'<text x="{left}" y="{baseline:g}" font-size="{size}">{name}</text>'
    if not _KHMER.search(card.name):
        return as_text
    scale = 4
    try:
        font = _font(card.name, size * scale, None)
    except ImageError:
        return as_text
    x, y, right, bottom = font.getbbox(card.name, anchor="ls")
    picture = library("PIL.Image").new("LA", (int(right - x) + 1, int(bottom - y) + 1))
    library("PIL.ImageDraw").Draw(picture).text((-x, -y), card.name, font=font, fill=(0, 255), anchor="ls")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<image x="{left + x / scale:g}" y="{baseline + y / scale:g}" width="{picture.width / scale:g}"'
        f' height="{picture.height / scale:g}" href="data:image/png;base64,{data}"><title>{name}</title></image>'
    )


def _card(text: str, width: int) -> Card:
    if not 200 <= width <= 4000:
        raise ImageError(f"width is {width}, expected 200 to 4000 pixels")
    payload = decode(text, mode=Mode.LENIENT)
    rows = modules(text, level_for(text))
    name = _UNSHOWN.sub("", payload.payee.merchant_name)
    return Card(width, name, amount_text(payload), Currency(payload.payee.currency), rows)


def _head(card: Card) -> list[Point]:
    """The red head with the corner that folds down at the right."""
    fold = card.head * 0.33
    return [(0, 0), (card.width, 0), (card.width, card.head + fold), (card.width - fold, card.head), (0, card.head)]


def _strokes(currency: Currency, left: float, top: float, size: float) -> list[list[Point]]:
    return [[(left + x * size, top + y * size) for x, y in stroke] for stroke in STROKES[currency]]


def _polygon(points: list[Point]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "z"


def _lines(strokes: list[list[Point]]) -> str:
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in stroke) for stroke in strokes)


def _paint(canvas: Any, card: Card, scale: int, font: str | PathLike[str] | None) -> None:
    draw = library("PIL.ImageDraw").Draw(canvas)
    draw.polygon([(x * scale, y * scale) for x, y in _head(card)], fill=RED)
    logo = _font("KHQR", int(card.head * 0.46 * scale), None)
    middle = (card.width * scale / 2, card.head * scale / 2)
    draw.text(middle, "KHQR", font=logo, fill="white", anchor="mm", stroke_width=scale, stroke_fill="white")
    name_font = _font(card.name, card.size(card.name, 0.05) * scale, font)
    draw.text((card.left * scale, card.width * 0.28 * scale), card.name, font=name_font, fill=INK, anchor="ls")
    for x in range(0, card.width * scale, 16 * scale):
        draw.line([(x, card.line * scale), (x + 8 * scale, card.line * scale)], fill="#B5B5B5", width=scale)
    if card.amount:
        _paint_amount(draw, card, scale)


def _paint_amount(draw: Any, card: Card, scale: int) -> None:
    size = card.size(card.amount + "  KHR", 0.085) * scale
    left, baseline = card.left * scale, int(card.width * 0.4 * scale)
    for stroke in _strokes(card.currency, left, baseline - size * 0.87, size):
        _stroke(draw, stroke, size // 12, INK)
    figures, code = _font(card.amount, size, None), _font("KHR", int(size * 0.55), None)
    start = left + size
    draw.text((start, baseline), card.amount, font=figures, fill=INK, anchor="ls", stroke_width=scale)
    after = start + draw.textlength(card.amount, font=figures) + 10 * scale
    draw.text((after, baseline), card.currency.name, font=code, fill=GREY, anchor="ls")


def _stroke(draw: Any, points: list[Point], width: int, colour: str) -> None:
    draw.line(points, fill=colour, width=width, joint="curve")
    for x, y in (points[0], points[-1]):
        draw.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=colour)


def _qr(card: Card) -> Any:
    image = library("PIL.Image")
    side = len(card.rows)
    picture = image.new("RGB", (side, side), "white")
    picture.putdata([(0, 0, 0) if dark else (255, 255, 255) for row in card.rows for dark in row])
    return picture.resize((card.qr_side, card.qr_side), image.Resampling.NEAREST)


def _mark(card: Card) -> Any:
    """The currency's mark, black on white: zbar takes a dark disc for a pattern of the code and gives up."""
    image = library("PIL.Image")
    side, scale = int(card.mark * 1.12), 4
    picture = image.new("RGBA", (side * scale, side * scale))
    draw = library("PIL.ImageDraw").Draw(picture)
    edge = (side - card.mark) / 2 * scale
    draw.ellipse([0, 0, side * scale - 1, side * scale - 1], fill="white")
    ring = [edge * 1.4, edge * 1.4, side * scale - edge * 1.4 - 1, side * scale - edge * 1.4 - 1]
    draw.ellipse(ring, outline=INK, width=max(1, card.mark * scale // 24))
    for stroke in _strokes(card.currency, edge, edge, card.mark * scale):
        _stroke(draw, stroke, card.mark * scale // 11, INK)
    return picture.resize((side, side), image.Resampling.LANCZOS)


def _corners(card: Card) -> Any:
    image = library("PIL.Image")
    mask = image.new("L", (card.width * 2, card.height * 2))
    radius = card.width * 2 // 25
    library("PIL.ImageDraw").Draw(mask).rounded_rectangle([0, 0, *mask.size], radius, fill=255)
    return mask.resize((card.width, card.height), image.Resampling.LANCZOS)


def font_for(name: str, given: str | PathLike[str] | None = None) -> str:
    """The family of the font that a card writes this name in. Raises ImageError where there is none."""
    return str(_font(name, 20, given).getname()[0])


def _font(text: str, size: int, given: str | PathLike[str] | None) -> Any:
    """The font that is given; else the first that has every character of the text. Raises ImageError."""
    fonts = library("PIL.ImageFont")
    if _KHMER.search(text) and not library("PIL.features").check("raqm"):
        raise ImageError(f"Pillow has no raqm here, without which the letters of {text!r} are not joined: {NO_RAQM}")
    if given:
        try:
            file = io.BytesIO(contents(given, "a font")) if Path(given).exists() else str(given)
            font = fonts.truetype(file, size)
        except (OSError, ValueError) as error:
            raise ImageError(f"read {str(given)!r}, expected a TrueType or OpenType font: {error}") from None
        if not _has(font, text):
            raise ImageError(f"the font {str(given)!r} lacks characters of {text!r}")
        return font
    for font in (fonts.load_default(size), *_found(size)):
        if _has(font, text):
            return font
    raise ImageError(f"no font here has the characters of {text!r}: {GET_FONT}")


def _found(size: int) -> Iterator[Any]:
    """The packaged font, and those of FONTS that the system has."""
    for name in (*_packaged(), *FONTS):
        try:
            yield library("PIL.ImageFont").truetype(name, size)
        except OSError:
            continue


def _packaged() -> list[str]:
    found = find_spec(PACKAGED)
    folders = found.submodule_search_locations if found else None
    return sorted(str(path) for folder in folders or () for path in Path(folder).glob("files/*.ttf"))


def _has(font: Any, text: str) -> bool:
    """Whether font has a glyph of its own for each character; U+FFFF stands for none."""
    none = bytes(font.getmask("\uffff"))
    return all(character.isspace() or bytes(font.getmask(character)) != none for character in set(text))
