"""Whether a text hides one of some values, in whatever writing: capitals, escapes, base64, hex. Masks nothing."""

import base64
import binascii
import html
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote, unquote_plus

SHORTEST = 5  # a shorter value is found in any text by chance
DEEPEST = 3  # encodings within encodings
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{7,}")
_HEX = re.compile(r"[0-9A-Fa-f]{10,}")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
_GAPS = re.compile(r"[\s().+-]+")


def hides(text: str, values: Iterable[str]) -> bool:
    """Whether one of the values, of SHORTEST characters or more, is in the text or in what it encodes."""
    wanted = {form for value in values for form in _forms(value) if len(form) >= SHORTEST}
    return bool(wanted) and any(form in shown for read in readings(text) for shown in _forms(read) for form in wanted)


@lru_cache(maxsize=4096)
def _forms(text: str) -> tuple[str, str]:
    folded = text.casefold()
    return folded, _GAPS.sub("", folded)


def readings(text: str) -> Iterator[str]:
    """The text, and everything that it can be decoded to."""
    seen, waiting = {text}, [text]
    for _ in range(DEEPEST + 1):
        yield from waiting
        waiting = [decoded for one in waiting for decoded in _decoded(one) if decoded not in seen]
        seen.update(waiting)


def _decoded(text: str) -> Iterator[str]:
    yield unquote(text)
    yield unquote_plus(text)
    yield html.unescape(text)
    if "\\" in text:
        yield _surrogates_joined(_ESCAPE.sub(lambda escape: chr(int(escape[1] or escape[2], 16)), text))
    for run in _BASE64.findall(text):
        yield from _from_base64(run)
    for run in _HEX.findall(text):
        for start in (0, 1):
            yield bytes.fromhex(run[start : start + (len(run) - start) // 2 * 2]).decode("utf-8", "replace")


def _surrogates_joined(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _from_base64(run: str) -> Iterator[str]:
    """What a run reads as from each of its first four places: its true beginning may stand before or after."""
    plain = run.replace("-", "+").replace("_", "/")
    for start in range(4):
        part = plain[start:]
        part = part[:-1] if len(part) % 4 == 1 else part
        try:
            yield base64.b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "replace")
        except binascii.Error:
            continue
