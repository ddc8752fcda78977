"""Codes to read and to write, made here: no codec under test makes its own input."""

from hypothesis import strategies as st

from emvqr import field, seal

ASCII = "".join(chr(code) for code in range(0x21, 0x7F))
SCRIPTS = "ក ខ្មែរ ไทย 最佳运输 Tiếng".replace(" ", "")
PLAIN = ("52", "53", "54", "58", "59", "60", "61", "65", "79", "02", "25")
HEAD = field("00", "01")
BODY = HEAD + field("26", field("00", "EXAMPLE.ONE") + field("01", "17")) + field("58", "US") + field("59", "SHOP")
GOOD = seal(BODY)

Pairs = list[tuple[str, str]]


def values(alphabet: str = ASCII, longest: int = 25) -> st.SearchStrategy[str]:
    """Text that is no sequence of data objects by chance: it begins with a letter."""
    return st.text(alphabet, max_size=longest - 1).map(lambda text: f"x{text}")


def plain(alphabet: str = ASCII) -> st.SearchStrategy[Pairs]:
    """The root's plain values, in any order, 00 before them."""
    drawn = st.dictionaries(st.sampled_from(PLAIN), values(alphabet), min_size=1, max_size=6)
    return drawn.map(lambda by_tag: [("00", "01"), *by_tag.items()])


@st.composite
def whole(draw: st.DrawFn, alphabet: str = ASCII) -> Pairs:
    """Plain values and templates, leaves alone, in any order, 00 first."""
    pairs = draw(plain(alphabet))
    for tag in draw(st.lists(st.sampled_from(("26", "38", "51", "62", "64", "80", "99")), unique=True, max_size=3)):
        inner = draw(st.dictionaries(st.sampled_from(("00", "01", "05", "49")), values(alphabet, 15), min_size=1))
        pairs += [(f"{tag}.{sub}", value) for sub, value in inner.items()]
    return pairs


def text_of(pairs: Pairs) -> str:
    """The code of leaves, in their order."""
    return seal("".join(field(tag, value) for tag, value in roots(pairs)))


def roots(pairs: Pairs) -> Pairs:
    """The root's objects of leaves, templates with their text."""
    by_tag: dict[str, str] = {}
    for path, value in pairs:
        tag, _, sub = path.partition(".")
        by_tag[tag] = by_tag.get(tag, "") + (field(sub, value) if sub else value)
    return list(by_tag.items())


def all_of(pairs: Pairs) -> Pairs:
    """Every object that a reader should tell: templates before what they hold; the CRC is left to the reader's rule."""
    told: Pairs = []
    for tag, value in roots(pairs):
        told.append((tag, value))
        told += [(path, inner) for path, inner in pairs if path.startswith(f"{tag}.")]
    return told
