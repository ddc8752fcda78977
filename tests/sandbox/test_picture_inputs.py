"""What `khqr read` is given for a picture: no program is started, nothing waited for, one line says what is wrong."""

import io
import os
import random
import socket
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import EpsImagePlugin, Image
from typer.testing import CliRunner

from bakong_sandbox.cli import app
from bakong_sandbox.cli import khqr as command
from khqr import ImageError, image
from khqr.image import files, scanning

STATIC = "00020101021129190015john_smith@devb5204599953031165802KH5910John Smith6010Phnom Penh63046BFA"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n{} loop\n%%EOF\n"


def read(*paths: Path | str) -> tuple[int, str, str]:
    ended = CliRunner().invoke(app, ["khqr", "read", *map(str, paths)])
    assert isinstance(ended.exception, SystemExit | None), ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


def encoded(picture: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def drawn() -> Image.Image:
    return Image.open(io.BytesIO(image.png(STATIC))).convert("RGB")


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims to be large, of a few bytes."""
    head = width.to_bytes(4) + height.to_bytes(4) + b"\x08\x00\x00\x00\x00"
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    made = b"".join(len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + made


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    jpeg = encoded(Image.new("L", (3000, 3000), 128), "JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * count + jpeg[-2:]


@pytest.mark.parametrize("form", scanning.FORMATS)
def test_each_format_that_is_meant_is_read_whatever_the_file_is_called(tmp_path, form):
    file = tmp_path / "photo.eps"
    options = {"lossless": True} if form == "WEBP" else {}
    file.write_bytes(encoded(drawn(), form, **options))
    assert read(file) == (0, f"{STATIC}\n", "")


def test_of_an_animation_the_first_picture_is_read(tmp_path):
    file = tmp_path / "moving.gif"
    drawn().save(file, save_all=True, append_images=[Image.new("RGB", drawn().size, "red")] * 3)
    assert read(file) == (0, f"{STATIC}\n", "")


BAD = {
    "eps": EPS,
    "pdf": b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
    "tiff": encoded(Image.new("L", (20, 20)), "TIFF"),
    "empty": b"",
    "text": b"hello",
    "bomb": png_header(60_000, 60_000),
    "warned of": png_header(10_000, 10_000),
    "large": png_header(8_000, 8_000),
    "head alone": png_header(100, 100)[:40],
    "truncated": encoded(drawn().resize((600, 600)), "JPEG")[:3000],
    "scans": many_scans(2000),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_what_is_no_picture_that_is_meant_is_one_line_and_code_2(tmp_path, content):
    file = tmp_path / "photo.png"
    file.write_bytes(content)
    code, out, err = read(file)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert str(file) in err
    with pytest.raises(ImageError):
        image.read(content)


def test_a_postscript_file_starts_no_ghostscript(tmp_path):
    called, file = tmp_path / "called", tmp_path / "photo.png"
    for name in ("gs", "gswin32c", "gswin64c"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho $@ >> {called}\nsleep 600\n")
        (tmp_path / name).chmod(0o755)
    file.write_bytes(EPS)
    ended = subprocess.run(
        [sys.executable, "-P", "-c", "from bakong_sandbox.cli import main; main()", "khqr", "read", str(file)],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr.count(b"\n"), called.exists()) == (2, 1, False)


def test_a_postscript_picture_that_was_opened_by_the_caller_is_refused_too():
    with pytest.raises(ImageError, match="EPS"):
        image.read(EpsImagePlugin.EpsImageFile(io.BytesIO(EPS)))


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.png")
    return folder / "pipe.png"


def bound_socket(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(folder / "s"))
    return folder / "s"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder, "a folder"),
        (fifo, "a pipe"),
        (lambda _: Path("/dev/zero"), "a device"),
        (bound_socket, "cannot be read"),
        (lambda folder: folder / "none.png", "No such file"),
    ],
    ids=["folder", "fifo", "device", "socket", "none"],
)
def test_what_is_no_file_is_said_without_waiting(tmp_path, make, said):
    path = make(tmp_path)
    code, out, err = read(path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    with pytest.raises(ImageError, match="expected a TrueType"):
        image.card_png(STATIC, font=path)


def test_a_file_that_is_too_large_is_said(tmp_path, monkeypatch):
    file = tmp_path / "photo.png"
    file.write_bytes(image.png(STATIC))
    monkeypatch.setattr(scanning, "MAX_BYTES", 100)
    monkeypatch.setattr(files, "MAX_BYTES", 100)
    assert "MiB" in read(file)[2]


def test_a_bad_picture_hides_no_good_one(tmp_path):
    for name, content in (
        ("a.png", b"x"),
        ("b.png", image.png(STATIC)),
        ("c.png", encoded(Image.new("L", (9, 9)), "PNG")),
    ):
        (tmp_path / name).write_bytes(content)
    code, out, err = read(*sorted(tmp_path.iterdir()))
    assert (code, out, err.count("\n")) == (2, f"{STATIC}\n", 2)
    assert "no QR code" in err


def test_what_takes_too_long_is_left_behind(tmp_path, monkeypatch):
    import threading

    forever = threading.Event()
    monkeypatch.setattr(command.pictures, "read", lambda _: forever.wait())
    monkeypatch.setattr(command, "READ_S", 0.01)
    code, _, err = read(tmp_path / "slow.png")
    forever.set()
    assert (code, err.count("\n")) == (2, 1)
    assert "within" in err


def test_a_large_picture_is_read(monkeypatch):
    """It is read as it is, and improved at a size that bounds the time."""
    monkeypatch.setattr(scanning, "_LARGE", 300 * 300)
    noise = Image.effect_noise((900, 900), 60)
    noise.paste(drawn().convert("L").resize((500, 500)), (200, 200))
    assert image.read(noise) == [STATIC]
    sizes = [max(one.size) for one in scanning._improved(noise)]
    assert sizes[0] == 900
    assert max(sizes[1:]) <= 600


def test_bytes_of_any_kind_are_a_picture_or_an_error():
    luck = random.Random(7)
    good = [encoded(drawn(), form) for form in scanning.FORMATS]
    for number in range(200):
        broken = bytearray(good[number % len(good)])
        for _ in range(luck.randrange(1, 20)):
            broken[luck.randrange(min(len(broken), 200))] = luck.randrange(256)
        try:
            image.read(bytes(broken[: luck.randrange(1, len(broken) + 1)]))
        except ImageError:
            continue
