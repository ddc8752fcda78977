"""The forms that single values must have, for writing and for reading alike. Knows no tags."""

import re

# One "@" with something on both sides, no white space: user@bank.
ACCOUNT = re.compile(r"[^@\s]+@[^@\s]+")
# As NBC writes one; its group is there where there are decimals, which riel have not.
AMOUNT = re.compile(r"[0-9]+(\.[0-9]{1,2})?", re.ASCII)
CATEGORY = re.compile(r"[0-9]{4}", re.ASCII)
MILLISECONDS = re.compile(r"[0-9]{13}", re.ASCII)
# Unicode's control characters (Cc). Format characters are none: Khmer is written with U+200B between words.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
# What no code may hold: those, lone surrogates, and what lies beyond the BMP.
UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\U00010000-\U0010ffff]")
