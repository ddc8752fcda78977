"""Pseudonyms for what is private: the same for the same value, and of its form.

A pseudonym keeps length, kinds of letters and signs, hex digits, the form of JWTs and of KHQR codes, and the beginning
that a short hash shares with its hash. It is drawn from the value by a salt that is nowhere written down.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from bakong_conformance.cassettes import vocabulary as known
from bakong_conformance.cassettes.hiding import SHORTEST, hides
from emvqr import EMVError
from emvqr.crc import seal
from emvqr.tlv import field
from emvqr.tree import Node, tree
from khqr import md5_of

TRIES = 1000  # for a pseudonym that is nobody else's; a value of one letter has no more than 25
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
_HEX = re.compile(r"[0-9a-fA-F]{8,}")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_]{1,30}")
_IN_WORDS = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*"  # tokens
    r"|[^\s@<>\"'(),:;=&?/]{1,64}@[\w.-]{1,64}"  # accounts, e-mails
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{1,4}\b"  # addresses
    r"|\b(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b"
    r"|[A-Za-z0-9+/_=-]{24,}"  # what an edge calls a request
    r"|\+?\d[\d ()-]{4,}\d"  # phones, references
)
_KHQR = "000201"
_QUOTED = re.compile(r'(")((?:[^"\\]|\\.)*)("|$)')
_PUBLIC_TAGS = frozenset({"00", "01", "52", "53", "58", "63"})
_RANGES = (("0", 10), ("a", 26), ("A", 26), ("\u1780", 35), ("\u17b6", 15), ("\u17e0", 10))  # ASCII, Khmer
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Masker:
    """Masks by one salt. private: values that must not be seen anywhere, however they are written."""

    def __init__(self, salt: bytes, private: Iterable[str] = ()) -> None:
        self._salt = salt
        self.private = {value for value in private if value.casefold() not in known.COMMON}
        self._met: set[str] = set()
        self._pseudonyms: dict[str, str] = {}
        self._taken: set[str] = set()
        self._codes: dict[str, str] = {}
        self._shift_s = 86_400 + int.from_bytes(self._drawn("shift", "", 8)) % 10_000_000

    def learn(self, content: Any, key: str = "") -> None:
        """Meet the values of a body before it is masked: they are looked for in the words of all the others."""
        if isinstance(content, dict):
            for name, inner in content.items():
                self.learn(inner, name)
        elif isinstance(content, list):
            for inner in content:
                self.learn(inner, key)
        elif isinstance(content, str) and self._is_own(content, key):
            self._met.add(content)
            if content.startswith(_KHQR):
                self._codes[md5_of(content)] = md5_of(self.value(content))

    def _is_own(self, text: str, key: str) -> bool:
        if key in known.WORDS or key in known.ENUMS or len(text) <= SHORTEST:
            return False
        return text.casefold() not in known.COMMON

    def betrays(self, text: str) -> bool:
        """Whether a text shows or hides a private value."""
        return hides(text, self.private)

    # By the place of a value

    def body(self, value: Any, key: str = "") -> Any:
        """A JSON value under a key, masked; keys stay in their order."""
        if isinstance(value, dict):
            return {self._key(name): self.body(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.body(inner, key) for inner in value]
        if isinstance(value, str):
            return self._string(value, key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value, key)
        return value

    def _key(self, name: str) -> str:
        return name if name in known.KEYS else self.words(name)

    def _string(self, text: str, key: str) -> str:
        if key in known.WORDS:
            return self.words(text)
        if key in known.NUMBERS and len(text) <= 3 and text.isdigit():
            return text
        if key in known.ENUMS and _CAPITALS.fullmatch(text) and not self.betrays(text):
            return text
        return self._link(text) if key == known.LINK else self.value(text)

    def _link(self, text: str) -> str:
        """A link of Bakong's own: its host is public."""
        parts = urlsplit(text)
        start = f"{parts.scheme}://{parts.netloc}/"
        if not text.startswith(start) or self.betrays(start):
            return self.value(text)
        return start + self.value(text[len(start) :])

    def _number(self, number: float, key: str) -> float:
        if key in known.NUMBERS and abs(number) < 1000:
            return number
        if 10**12 <= number < 10**13:
            return number - self._shift_s * 1000
        if key in known.MOMENTS_S and 10**9 <= number < 10**10:
            return number - self._shift_s
        return self._figures(number)

    def _figures(self, number: float) -> float:
        """The same kind of number with other digits; noughts stay, so that 9800 becomes 7300."""
        shown = repr(number)
        own = "".join(sign for sign in format(Decimal(shown), "f") if sign in "123456789")
        if "e" in shown:
            return type(number)(1)
        return type(number)(self._redrawn(shown, own))

    def _redrawn(self, shown: str, own: str) -> str:
        """A number's text with the digits that are drawn for its own."""
        drawn = iter(self._digits(own))
        return "".join(next(drawn) if sign in "123456789" else sign for sign in shown)

    def _digits(self, own: str) -> str:
        for attempt in range(TRIES):
            digits = "".join(str(1 + byte % 9) for byte in self._drawn(f"number {attempt}", own, len(own)))
            if digits != own:
                return digits
        return own

    # By the form of a value

    def value(self, text: str) -> str:
        """The pseudonym of a whole value."""
        if text in known.PROBES and text not in self.private:
            return text
        if text in self._codes:
            return self._codes[text]
        masks = (mask for form, mask in self._forms if form(text))
        return next(masks, self._unlike)(text)

    @property
    def _forms(self) -> tuple[tuple[Callable[[str], object], Callable[[str], str]], ...]:
        """The forms that a pseudonym keeps, and how."""
        return (
            (_JWT.fullmatch, self._jwt),
            (_HEX.fullmatch, self._hex),
            (lambda text: text.startswith(_KHQR), self._khqr),
            (lambda text: text.count("@") == 1, self._account),
        )

    def _hex(self, text: str) -> str:
        """Its first eight digits by themselves, as short hashes are."""
        return self._unlike(text[:8]) + self._unlike(text)[8:]

    def _account(self, text: str) -> str:
        return "@".join(self._unlike(part) for part in text.split("@"))

    def words(self, text: str) -> str:
        """A text for people: the API's own words stay, what is private in them is replaced."""
        if text in known.MESSAGES:
            return text
        if text.lstrip().startswith(("{", "[")):
            text = _QUOTED.sub(self._quoted, text)
        masked = _IN_WORDS.sub(lambda match: self.value(match[0]), text)
        values = sorted({*self.private, *self._met}, key=len, reverse=True)
        for value in (value for value in values if len(value) >= SHORTEST):
            masked = re.sub(re.escape(value), lambda match: self.value(match[0]), masked, flags=re.IGNORECASE)
        if not hides(masked, values):
            return masked
        parts = re.split(r"(\s+)", masked)
        masked = "".join(self._unlike(part) if hides(part, values) else part for part in parts)
        return self._unlike(masked) if hides(masked, values) else masked

    def _quoted(self, match: re.Match[str]) -> str:
        """A text in quotes, in JSON that is broken: there its place does not say what it is."""
        text = match[2]
        public = text in known.KEYS or text in known.MESSAGES or _CAPITALS.fullmatch(text)
        return match[0] if public else f"{match[1]}{self.value(text)}{match[3]}"

    def _jwt(self, text: str) -> str:
        header, payload, signature = text.split(".")
        return ".".join((self._claims(header), self._claims(payload), self._base64(signature)))

    def _claims(self, part: str) -> str:
        """A part of a token: its JSON masked, and written as tokens are; scrambled where it is none."""
        try:
            claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except (ValueError, RecursionError):
            return self._base64(part)
        raw = json.dumps(self.body(claims), separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def _base64(self, part: str) -> str:
        return "".join(_BASE64[byte % 64] for byte in self._drawn("base64", part, len(part)))

    def _khqr(self, text: str) -> str:
        """A code of the same fields with other values, and its checksum."""
        try:
            nodes = tree(text)
            return seal("".join(self._object(node) for node in nodes if node.tag != "63"))
        except EMVError:
            return self._unlike(text)

    def _object(self, node: Node) -> str:
        if node.children:
            return field(node.tag, "".join(self._object(child) for child in node.children))
        if "." not in node.path and node.tag in _PUBLIC_TAGS:
            return field(node.tag, node.value)
        if node.path.startswith("99.") and node.value.isdigit():
            return field(node.tag, str(self._number(int(node.value), "")))
        if node.path == "54":
            return field(node.tag, self._amount(node.value))
        return field(node.tag, self.value(node.value))

    def _amount(self, text: str) -> str:
        """The digits of an amount as those of the number in a body."""
        return self._redrawn(text, "".join(sign for sign in text if sign in "123456789"))

    def _unlike(self, text: str) -> str:
        """Other letters and digits of the same kinds: none that another value has, nor its own."""
        folded = text.casefold()
        if folded not in self._pseudonyms:
            self._pseudonyms[folded] = self._fresh(text, folded)
        return self._like(text, self._pseudonyms[folded])

    def _fresh(self, text: str, folded: str) -> str:
        seed = ""
        for attempt in range(TRIES):
            seed = f"{attempt} {folded}"
            candidate = self._like(text, seed).casefold()
            if candidate != folded and candidate not in self._taken:
                self._taken.add(candidate)
                break
        return seed

    def _like(self, text: str, seed: str) -> str:
        drawn = self._drawn("text", seed, len(text))
        if _HEX.fullmatch(text):
            hexes = "".join("0123456789abcdef"[byte % 16] for byte in drawn)
            return hexes.upper() if any(sign.isupper() for sign in text) else hexes
        return "".join(_same_kind(sign, byte) for sign, byte in zip(text, drawn, strict=True))

    def _drawn(self, kind: str, text: str, length: int) -> bytes:
        said = f"{kind}\0{text}".encode("utf-8", "surrogatepass")
        return hashlib.shake_256(self._salt + said).digest(length)


def claims(token: str) -> Iterator[str]:
    """The texts in a token's payload; none where it is no JWT."""
    try:
        part = token.split(".")[1]
        values = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, RecursionError):
        return
    yield from _texts(values)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def _same_kind(sign: str, byte: int) -> str:
    for first, count in _RANGES:
        if 0 <= ord(sign) - ord(first) < count:
            return chr(ord(first) + byte % count)
    return "x" if sign.isalnum() else sign
