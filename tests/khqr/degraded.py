"""Photographs of codes, as bad as they come: seeded, each with the text that must be read back.

`python -m tests.khqr.degraded COUNT [SEED]` prints how many are read, unread and misread.
"""

import io
import sys
from collections import Counter
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from khqr import KHQRError, image
from tests.khqr import inputs

HOW = ("rotated", "perspective", "blurred", "noisy", "jpeg", "covered", "shaded", "small")
MODULE_PX = 8


def picture(random: Random) -> tuple[str, tuple[str, ...], bytes]:
    """A code's text, what was done to its picture (two things of HOW), and the picture."""
    while not (text := inputs.good_code(random)).isprintable() or len(text.encode()) > 400:
        pass
    try:
        drawn = image.card_png(text) if random.random() < 0.5 else image.png(text, box_size=MODULE_PX)
    except KHQRError:  # a name that no font here can write, or a code that even lenient mode refuses
        drawn = image.png(text, box_size=MODULE_PX)
    photo = _on_a_table(Image.open(io.BytesIO(drawn)).convert("L"))
    done = tuple(random.sample(HOW, 2))
    for how in sorted(done, key=HOW.index):
        photo = DEGRADE[how](random, photo)
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=random.randint(25, 60) if "jpeg" in done else 95)
    return text, done, buffer.getvalue()


def _on_a_table(drawn: Image.Image) -> Image.Image:
    table = Image.new("L", (drawn.width * 5 // 4, drawn.height * 5 // 4), 200)
    table.paste(drawn, (drawn.width // 8, drawn.height // 8))
    return table


def _rotated(random: Random, photo: Image.Image) -> Image.Image:
    return photo.rotate(random.uniform(-180, 180), Image.Resampling.BICUBIC, expand=True, fillcolor=200)


def _perspective(random: Random, photo: Image.Image) -> Image.Image:
    """The picture's corners seen up to a tenth further in."""
    width, height = photo.size
    lean = (random.uniform(-0.0002, 0.0002), random.uniform(-0.0002, 0.0002))
    slant = (random.uniform(-0.1, 0.1), random.uniform(-0.1, 0.1))
    centre = (1, slant[0], -slant[0] * height / 2, slant[1], 1, -slant[1] * width / 2, *lean)
    return photo.transform(
        (width, height), Image.Transform.PERSPECTIVE, centre, Image.Resampling.BICUBIC, fillcolor=200
    )


def _blurred(random: Random, photo: Image.Image) -> Image.Image:
    return photo.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 2.5)))


def _noisy(random: Random, photo: Image.Image) -> Image.Image:
    noise = Image.frombytes("L", photo.size, random.randbytes(photo.width * photo.height))
    return Image.blend(photo, noise, random.uniform(0.05, 0.3))


def _covered(random: Random, photo: Image.Image) -> Image.Image:
    """A thumb over a 25th of the side, away from the finder patterns: 0.2 % to 2 % of the code."""
    side = int(min(photo.size) * random.uniform(0.04, 0.09))
    x, y = (int(extent * random.uniform(0.42, 0.58)) for extent in photo.size)
    photo = photo.copy()
    ImageDraw.Draw(photo).ellipse([x, y, x + side, y + side], fill=random.choice((0, 120, 255)))
    return photo


def _shaded(random: Random, photo: Image.Image) -> Image.Image:
    shade = Image.linear_gradient("L").rotate(random.choice((0, 90, 180, 270))).resize(photo.size)
    return Image.blend(photo, shade, random.uniform(0.2, 0.5))


def _small(random: Random, photo: Image.Image) -> Image.Image:
    scale = random.uniform(0.4, 0.8)
    return photo.resize((int(photo.width * scale), int(photo.height * scale)), Image.Resampling.BILINEAR)


DEGRADE = {
    "rotated": _rotated,
    "perspective": _perspective,
    "blurred": _blurred,
    "noisy": _noisy,
    "jpeg": lambda _random, photo: photo,
    "covered": _covered,
    "shaded": _shaded,
    "small": _small,
}


def run(count: int, seed: int) -> tuple[Counter[str], list[tuple[str, ...]]]:
    """How many of count pictures were read, unread and misread; and what was done to those not read."""
    random = Random(seed)
    counted: Counter[str] = Counter()
    failed = []
    for _ in range(count):
        text, done, photo = picture(random)
        texts = image.read(photo)
        outcome = "read" if texts == [text] else "misread" if texts else "unread"
        counted[outcome] += 1
        if outcome != "read":
            failed.append((outcome, *done))
    return counted, failed


def main(count: int, seed: int = 0) -> int:
    counted, failed = run(count, seed)
    print(f"{count} pictures, seed {seed}: {dict(counted)}", *failed, sep="\n")
    return 0 if counted["read"] >= 0.98 * count and not counted["misread"] else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
