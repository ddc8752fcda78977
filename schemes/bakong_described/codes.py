"""The code that a wallet scans, from its description to text and back."""

from collections.abc import Mapping
from typing import Any

from bakong_described.description import Code
from bakong_described.templates import Hole, MismatchError, Values, match, text
from emvqr import EMVError, crc16, field, fields, seal

_CRC = "63"


def write(code: Code, values: Values) -> str:
    """The code's text. Raises EMVError where a part is too long for it."""
    return seal(_objects(code.emv, values)) if code.emv else text(code.text, values)


def read(code: Code, scanned: str) -> dict[Hole, Any]:
    """What stands at each name of the code. Raises MismatchError."""
    if not code.emv:
        return match(code.text, scanned)
    try:
        objects = fields(scanned)
        if objects.pop(_CRC, "").upper() != crc16(scanned[:-4]):
            raise MismatchError(f"tag {_CRC}: its checksum is wrong")
        return match(code.emv, _tree(code.emv, objects))
    except EMVError as error:
        raise MismatchError(str(error)) from None


def _objects(template: Mapping[str, Any], values: Values) -> str:
    written = []
    for tag, part in template.items():
        value = _objects(part, values) if isinstance(part, Mapping) else text(str(part), values)
        written += [field(tag, value)] if value else []
    return "".join(written)


def _tree(template: Mapping[str, Any], objects: Mapping[str, str]) -> dict[str, Any]:
    """The objects that the template has, templates among them read too; one that is left out is empty."""
    read_: dict[str, Any] = {}
    for tag, part in template.items():
        value = objects.get(tag, "")
        read_[tag] = _tree(part, fields(value)) if isinstance(part, Mapping) else value
    return read_
