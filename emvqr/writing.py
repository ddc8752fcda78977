"""From values by path to the text of a code, in a given order. Strict: what the core refuses is never written."""

from collections.abc import Iterable, Mapping

from emvqr.checking import DYNAMIC, STATIC
from emvqr.crc import crc16
from emvqr.errors import EMVError
from emvqr.profile import Field, Profile
from emvqr.reading import EMVCO, VERSION, Frame, read
from emvqr.tlv import FIGURES, field


def encode(values: Iterable[tuple[str, str]], frame: Frame = EMVCO) -> str:
    """The code of values by path ("29.01"), root tags and sub-tags in the order in which they come, the CRC added.

    Raises EMVError: a path that is none, an empty or too long value, a tag twice, more than 512 characters.

    >>> encode([("00", "01"), ("58", "TH"), ("62.07", "A1")])
    '0002015802TH62060702A163049AB8'
    """
    body = _text(_nested(values))
    open_text = f"{body}{frame.crc_tag}04"
    try:
        crc = crc16(open_text)
    except UnicodeEncodeError as error:
        raise EMVError("holds a lone surrogate, which no QR holds", offset=error.start, reason="not_unicode") from None
    text = open_text + (crc if frame.is_crc_upper else crc.lower())
    for fault in read(text, frame).faults:
        raise EMVError(fault.message, offset=fault.at, reason=fault.reason)
    return text


Nested = dict[str, "str | Nested"]


def _nested(values: Iterable[tuple[str, str]]) -> Nested:
    """The values as a tree; a template's text is made of what stands in it."""
    root: Nested = {}
    for path, value in values:
        steps = path.split(".")
        if not all(step in FIGURES for step in steps):
            message = f"read the path {path!r}, expected tags of two digits with points between them"
            raise EMVError(message, offset=0, reason="tag")
        level = root
        for step in steps[:-1]:
            below = level.setdefault(step, {})
            if isinstance(below, str):
                raise _twice(path)
            level = below
        if steps[-1] in level:
            raise _twice(path)
        if not value:
            raise EMVError(f"{path} is empty", offset=0, reason="empty_value")
        level[steps[-1]] = value
    return root


def _twice(path: str) -> EMVError:
    return EMVError(f"{path} is given twice, or with what stands in it", offset=0, reason="duplicate_tag")


def _text(level: Nested) -> str:
    return "".join(field(tag, value if isinstance(value, str) else _text(value)) for tag, value in level.items())


def write(profile: Profile, kind: str, values: Mapping[str, str], *, layout: str = "") -> str:
    """The code of a profile's account and the values of its fields, by name, in the profile's order or a layout.

    "guid" names the account's GUID where it has several; "amount" is written as it is. The caller has held amounts to
    their rule; the fields are held to the table here. Raises EMVError with the reason of the first fault.
    """
    account = profile.account(kind)
    guid = {"guid": account.guids[0]} if account.guids else {}
    given = {**guid, "initiation": DYNAMIC if values.get("amount") else STATIC, **values}
    paths = [("00", VERSION), ("01", given["initiation"])]
    if account.guids:
        paths.append((f"{account.tag}.00", given["guid"]))
    paths += _paths(account.fields, f"{account.tag}.", given)
    if given.get("amount"):
        paths.append(("54", given["amount"]))
    paths += _paths(tuple(profile.roots(account)), "", given)
    order = {tag: place for place, tag in enumerate(profile.layouts[layout] if layout else profile.order)}
    return encode(sorted(paths, key=lambda pair: order[pair[0][:2]]), profile.frame)


def _paths(fields: Iterable[Field], prefix: str, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """The values of the fields with their paths; an optional template stands where something in it is given."""
    paths: list[tuple[str, str]] = []
    for each in fields:
        path = f"{prefix}{each.tag}"
        if each.fields:
            if each.is_required or any(inner.name in given for inner in each.fields):
                paths += _paths(each.fields, f"{path}.", given)
        elif (value := given.get(each.name, each.fixed if each.is_required else "")) or each.name in given:
            if (reason := each.fault(value)) and not each.is_advice:
                message = f"{each.name} is {value!r}, expected {each.expected()}"
                raise EMVError(message, offset=0, reason=reason)
            paths.append((path, value))
        elif each.is_required:
            raise EMVError(f"{each.name} is missing", offset=0, reason=each.missing_reason)
    return paths
