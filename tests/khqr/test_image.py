"""Codes as pictures: what is drawn is read back, by both readers, and as bad photographs."""

import io
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from random import Random

import pytest
from PIL import Image

from khqr import Currency, DecodeError, ImageError, Individual, Merchant, encode, image
from khqr.image import card, drawing, libraries, scanning
from tests.khqr import degraded

NOW_MS = 1_767_225_600_000
USD = encode(
    Individual(
        bakong_account_id="john_smith@devb",
        merchant_name="Coffee <Klaing> & Co",
        currency=Currency.USD,
        amount="1250.5",
        expiration_timestamp=NOW_MS + 900_000,
    ),
    now=NOW_MS,
).qr
KHR = encode(
    Merchant(
        bakong_account_id="sandbox@devb",
        merchant_name="Sandbox Merchant",
        merchant_id="123456",
        acquiring_bank="Dev Bank",
        amount=10_000,
        language_preference="km",
        merchant_name_alternate_language="ហាងកាហ្វេ",
        bill_number="INV-001",
        store_label="Store",
        purpose_of_transaction="Food",
        expiration_timestamp=NOW_MS + 900_000,
    ),
    now=NOW_MS,
).qr
STATIC = encode(Individual(bakong_account_id="john_smith@devb", merchant_name="John Smith")).qr
KHMER = encode(Individual(bakong_account_id="john_smith@devb", merchant_name="ហាងកាហ្វេ")).qr
CODES = pytest.mark.parametrize("text", [USD, KHR, STATIC, KHMER], ids=["usd", "khr", "static", "khmer"])
CARDS = pytest.mark.parametrize("text", [USD, KHR, STATIC], ids=["usd", "khr", "static"])


@CODES
def test_a_drawn_code_is_read_back(text):
    assert image.read(image.png(text)) == [text]


@CARDS
@pytest.mark.parametrize("width", [600, 1000])
def test_a_card_is_read_by_zxing_and_by_zbar(text, width):
    picture = Image.open(io.BytesIO(image.card_png(text, width=width))).convert("L")
    assert picture.size == (width, width * 29 // 20)
    assert scanning._zxing()(picture) == scanning._pyzbar()(picture) == [text]


def test_a_card_has_a_red_head_and_the_mark_in_the_middle_of_the_code():
    picture = Image.open(io.BytesIO(image.card_png(USD))).convert("RGB")
    assert picture.getpixel((300, 20)) == (0xE1, 0x23, 0x2E)
    layout = card._card(USD, 600)
    x, y = layout.qr_at
    centre = (x + layout.qr_side // 2, y + layout.qr_side // 2)
    assert picture.getpixel(centre)[0] < 60  # the stroke of the dollar
    assert picture.getpixel((centre[0] - layout.mark // 3, centre[1])) == (255, 255, 255)


@pytest.mark.parametrize(
    ("text", "amount", "sign"),
    [(USD, "1,250.50", "USD"), (KHR, "10,000", "KHR"), (STATIC, None, None)],
    ids=["usd", "khr", "static"],
)
def test_the_svg_card_says_name_and_amount_with_the_currencys_digits(text, amount, sign):
    words = "".join(ET.fromstring(image.card_svg(text)).itertext()).split()
    assert words[0] == "KHQR"
    assert (f"{amount}{sign}" in words) == (amount is not None)
    if text is USD:
        assert " ".join(words[1:5]) == "Coffee <Klaing> & Co"


@CODES
def test_the_svg_and_the_terminal_show_the_same_modules(text):
    rows = drawing.modules(text)
    side = len(rows) + 8
    root = ET.fromstring(image.svg(text))
    assert root.get("viewBox") == f"0 0 {side} {side}"
    lines = image.terminal(text).splitlines()
    assert {len(line) for line in lines} == {side}
    for y, row in enumerate(rows):
        for x, module in enumerate(row):
            block = lines[(y + 4) // 2][x + 4]
            lit = block in ("█", "▀") if (y + 4) % 2 == 0 else block in ("█", "▄")
            assert lit != module


def test_a_denser_code_gets_less_correction_so_that_its_modules_stay_large():
    assert [card.level_for(text) for text in (STATIC, USD, "x" * 200, "x" * 400)] == ["H", "H", "Q", "M"]


def test_several_codes_in_one_picture_are_all_read():
    table = Image.new("L", (1500, 700), 255)
    for place, text in enumerate((USD, STATIC, KHMER)):
        table.paste(Image.open(io.BytesIO(image.png(text, box_size=6))), (place * 480 + 20, 50))
    assert sorted(image.read(table)) == sorted([USD, STATIC, KHMER])


@pytest.mark.parametrize(
    "given",
    [lambda png, path: png, lambda png, path: path, lambda png, path: str(path), lambda png, path: io.BytesIO(png)],
    ids=["bytes", "path", "name", "file"],
)
def test_read_takes_bytes_paths_and_files(tmp_path, given):
    path = tmp_path / "code.png"
    path.write_bytes(image.png(USD))
    assert image.read(given(path.read_bytes(), path)) == [USD]


def test_a_transparent_picture_is_read_as_on_paper():
    code = Image.open(io.BytesIO(image.png(USD))).convert("L")
    clear = Image.new("RGBA", code.size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), mask=code.point(lambda shade: 255 - shade))
    assert image.read(clear) == [USD]


def test_no_code_in_a_picture_is_an_empty_list():
    assert image.read(Image.new("RGB", (1000, 50), "white")) == []


@pytest.mark.parametrize("picture", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n123", "no-such.png", 7, None])
def test_what_is_no_picture_gets_a_clear_error(picture):
    with pytest.raises(ImageError, match="expected a picture"):
        image.read(picture)


def test_a_picture_beyond_all_measure_is_refused():
    with pytest.raises(ImageError, match="at most 50000000"):
        image.read(Image.new("1", (10_000, 5_001)))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: image.png(""), "empty text"),
        (lambda: image.png("x" * 5000), "more than a QR"),
        (lambda: image.png("\ud800"), "surrogate"),
        (lambda: image.png(USD, box_size=0), "box_size"),
        (lambda: image.card_png(USD, width=5), "width"),
        (lambda: image.card_png(KHMER, font="no-such.ttf"), "expected a TrueType"),
    ],
    ids=["empty", "long", "surrogate", "box", "width", "font"],
)
def test_what_cannot_be_drawn_gets_a_clear_error(draw, message):
    with pytest.raises(ImageError, match=message):
        draw()


def test_a_card_wants_a_khqr():
    with pytest.raises(DecodeError):
        image.card_png("hello")


def test_a_name_that_no_font_can_write_is_refused_and_not_drawn_as_boxes(monkeypatch):
    monkeypatch.setattr(card, "FONTS", ("no-such-font.ttf", "DejaVuSans.ttf"))
    monkeypatch.setattr(card, "PACKAGED", "no_such_package")
    with pytest.raises(ImageError, match=r"pip install fontpkg-noto-sans-khmer.*--font"):
        image.card_png(KHMER)
    with pytest.raises(ImageError, match="lacks characters of"):
        image.card_png(KHMER, font="DejaVuSans.ttf")
    assert "ហាងកាហ្វេ" in image.card_svg(KHMER)


def test_a_font_can_be_given_and_others_are_looked_for():
    assert image.read(image.card_png(USD, font="DejaVuSans.ttf")) == [USD]
    assert card._font("\u03a9\u0416\u2192", 20, None) is not None


WITH_FONT = pytest.mark.skipif(find_spec(card.PACKAGED) is None, reason=f"{card.PACKAGED} is not installed")


@WITH_FONT
def test_a_khmer_name_is_written_with_its_letters_joined():
    """A coeng and its consonant are one shape below, and no shape of their own."""
    assert image.font_for("ហាងកាហ្វេ Café") == "Noto Sans Khmer"
    assert image.font_for("Sokha") != "Noto Sans Khmer"
    font = card._font("ហ្វ", 40, None)
    assert font.getlength("ហ្វ") < font.getlength("ហ") + font.getlength("វ")
    assert image.read(image.card_png(KHMER)) == [KHMER]


@WITH_FONT
def test_a_khmer_name_is_a_picture_in_svg_for_viewers_without_its_font():
    drawn = ET.fromstring(image.card_svg(KHMER))
    (name,) = drawn.findall("{*}image")
    assert name.get("href").startswith("data:image/png;base64,")
    assert name.find("{*}title").text == "ហាងកាហ្វេ"
    assert ET.fromstring(image.card_svg(USD)).findall("{*}image") == []


def test_khmer_is_not_written_where_letters_cannot_be_joined(monkeypatch):
    monkeypatch.setattr("PIL.features.check", lambda _: False)
    with pytest.raises(ImageError, match="Pillow has no raqm"):
        image.card_png(KHMER)


def test_the_corners_of_a_card_are_clear():
    assert Image.open(io.BytesIO(image.card_png(USD))).getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("missing", ["zxingcpp", "qrcode", "PIL.Image"])
def test_a_missing_library_is_named_with_what_installs_it(monkeypatch, missing):
    def import_module(name):
        if name.startswith((missing, "pyzbar")):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return __import__(name, fromlist=["_"])

    code = image.png(USD)
    monkeypatch.setattr(libraries, "import_module", import_module)
    with pytest.raises(ImageError, match=f"{missing.partition('.')[0]} is needed.*pip install"):
        image.png(USD) if missing == "qrcode" else image.read(code)


def test_either_reader_alone_is_enough(monkeypatch):
    code, real = image.png(USD), libraries.import_module
    for missing in ("zxingcpp", "pyzbar"):

        def import_module(name, missing=missing):
            if name.startswith(missing):
                raise ModuleNotFoundError(name)
            return real(name)

        monkeypatch.setattr(libraries, "import_module", import_module)
        assert image.read(code) == [USD]


def test_zbars_guess_at_an_encoding_is_believed_only_where_the_crc_fits():
    assert scanning._is_sure(KHMER)
    assert not scanning._is_sure(KHMER.replace("ហ", "យ"))
    assert scanning._utf8(b"\xff") == ""


@pytest.mark.timeout(120)
def test_bad_photographs_are_read_back_and_never_misread():
    counted, failed = degraded.run(count=40, seed=20260211)
    assert counted["misread"] == 0
    assert counted["read"] >= 39, failed


def test_every_way_to_spoil_a_picture_is_used():
    random = Random(1)
    assert {how for _ in range(30) for how in degraded.picture(random)[1]} == set(degraded.HOW)
