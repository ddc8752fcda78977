"""The laws of `fuzz.check`, guided by coverage: atheris mutates what reaches new lines. Not part of make test.

`python -m tests.khqr.fuzz_guided -runs=200000` (libFuzzer's options); a text that breaks a law is written to a file.
"""

import sys

import atheris

with atheris.instrument_imports(include=["khqr"]):
    from tests.khqr.fuzz import check
    from tests.khqr.inputs import seal


def one_input(data: bytes) -> None:
    """The bytes as UTF-8 with a CRC that fits where they begin with one below 80, else as they are."""
    text = data[1:].decode("utf-8", "replace")
    check(seal(text) if data[:1] < b"\x80" else text)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
