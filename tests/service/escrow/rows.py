"""The rows of tests/vectors/escrow.jsonl, by kind."""

import json
from pathlib import Path

from bakong_service.domain.escrow_numbers import parse_day

ROWS = [json.loads(line) for line in (Path(__file__).parents[2] / "vectors" / "escrow.jsonl").read_text().splitlines()]


def of_kind(kind):
    return [row for row in ROWS if row["kind"] == kind]


def instant(text):
    return parse_day(text.replace("Z", "+00:00"), is_end=False)
