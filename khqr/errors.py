"""Everything the codec raises.

KHQRError
├── EncodeError   a payload that may not become a code; `field` names what is wrong
├── DecodeError   a text that is no KHQR; `tag` and `offset` say where, `problems` all that is wrong
└── ImageError    a picture that cannot be drawn or read
"""

from khqr.problems import Problem


class KHQRError(ValueError):
    """The base of all errors of khqr. `code` is NBC's number for the fault, where NBC has one (khqr.codes)."""

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class EncodeError(KHQRError):
    """A value that may not stand in a code. `field` is its name in Individual or Merchant."""

    def __init__(self, message: str, *, field: str, code: int | None = None) -> None:
        super().__init__(f"{field}: {message}", code=code)
        self.field = field


class DecodeError(KHQRError):
    """A text that is no KHQR: its first problem's code, tag path and character, and all its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first.message}{more}", code=first.code)
        self.tag = first.tag
        self.offset = first.offset
        self.problems = problems


class ImageError(KHQRError):
    """A picture that cannot be drawn or read, or a library for it that is not installed."""
