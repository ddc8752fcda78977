"""What can be wrong with a text as EMVCo data objects. Knows positions, not meanings.

EMVError
└── RepeatedTagError   a duplicate ID
"""

from typing import Any


class EMVError(ValueError):
    """A text that is not a sequence of data objects, or breaks another rule of the format.

    offset: the 0-based character, within the text given to parse, where the object that cannot be read begins.
    reason: the rule's name, such as "overrun". read: the data objects before it.
    """

    def __init__(self, message: str, *, offset: int, reason: str = "", read: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.offset = offset
        self.reason = reason
        self.read = read


class RepeatedTagError(EMVError):
    """A sequence with a duplicate ID; `tag` is the ID and `offset` its second place."""

    def __init__(self, message: str, *, tag: str, offset: int) -> None:
        super().__init__(message, offset=offset, reason="duplicate_tag")
        self.tag = tag
